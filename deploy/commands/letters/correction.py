"""The correction of a refused body: its limits, single fields, the editor, the check."""

from __future__ import annotations

import base64
import json
import os
import shlex
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deploy.acl import BY_GROUP, TABLES
from deploy.commands.letters.errors import LetterError
from shared.contracts.letter_acts import MOST_BODY_CHARS
from shared.contracts.topics import READINGS, TopicSpec
from shared.domain.bilingual import Bilingual
from shared.runtime.decoding import decode_value
from shared.runtime.errors import Reject

_MOST_STEPS = 20
_OFFICERS = "console"
"""The service that writes what officers do."""


def check_fixable(spec: TopicSpec, original: bytes | None) -> None:
    """Raise LetterError where a corrected body would be an act in an officer's name, or would
    contradict a body that has been applied.

    A body that no reader can decode has been applied nowhere. A body that can be decoded may have
    been applied by each reader of the topic that did not refuse it.
    """
    is_valid = _is_valid(spec, original)
    is_act = spec is not READINGS and _OFFICERS in spec.writers  # a reading names no officer
    if spec.owner == _OFFICERS or (is_valid and is_act):
        raise LetterError(
            Bilingual(
                "这是人员本人的操作：不能替人修改，请本人重新办理。",
                "this is an officer's own act: nobody corrects it; the officer acts anew.",
            )
        )
    if not is_valid:
        return
    lists = (*BY_GROUP.items(), *TABLES.items())
    readers = sorted({service for service, specs in lists if spec in specs})
    if len(readers) > 1:
        names = ", ".join(readers)
        raise LetterError(
            Bilingual(
                f"记录内容有效，{names} 可能已按原内容应用：不能修改，只能原样重放。",
                f"the body is valid and {names} may have applied it: it can be replayed, "
                "not corrected.",
            )
        )


def set_fields(original: bytes | None, changes: Sequence[str], removals: Sequence[str]) -> bytes:
    """Return the body with `path=value` changes; a value is JSON, else a text. Raises LetterError.

    A path is dotted: `evidence.0.unit`.
    """
    try:
        body: Any = json.loads(original or b"")
    except (ValueError, RecursionError):
        raise LetterError(
            Bilingual(
                "原内容不是 JSON：请用 --body 文件或编辑器。",
                "the body is no JSON: correct it with --body FILE or the editor.",
            )
        ) from None
    for change in changes:
        path, equals, text = change.partition("=")
        if not equals:
            raise LetterError(Bilingual(f"--set {change}：应为 路径=值", f"--set {change}: no ="))
        parent, name = _parent(body, path)
        _put(parent, name, _value(text), path)
    for path in removals:
        parent, name = _parent(body, path)
        if not isinstance(parent, dict) or name not in parent:
            raise _no_field(path)
        del parent[name]
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def edit(original: bytes | None) -> bytes:
    """Return the body after an editor ($VISUAL, $EDITOR) has had it. Raises LetterError."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory(prefix="fenghuo-letter-") as folder:
        file = Path(folder) / "body.json"
        file.write_bytes(_indented(original))
        try:
            code = subprocess.run([*shlex.split(editor), str(file)], check=False).returncode
        except OSError:
            code = 127
        if code:
            raise LetterError(Bilingual(f"编辑器返回 {code}", f"the editor returned {code}"))
        return file.read_bytes().strip()


def check_body(spec: TopicSpec, original: bytes | None, body: bytes, key: bytes | None) -> bytes:
    """Return the key of a corrected body. Raises LetterError for a body that readers refuse.

    The id must stay: a correction is the same record. Where the topic's key is a field of the
    record, the key follows from the body.
    """
    if len(base64.b64encode(body)) > MOST_BODY_CHARS:
        raise LetterError(
            Bilingual(f"内容过长：{len(body)} 字节", f"the body is too long: {len(body)} bytes")
        )
    try:
        message = decode_value(spec.model, body, unknown_fields="forbid")
    except Reject as reject:
        raise LetterError(
            Bilingual(
                f"不符合 {spec.name} 的格式：{reject.detail}",
                f"not valid for {spec.name}: {reject.detail}",
            )
        ) from None
    previous = _id_of(original)
    if previous is not None and previous != message.id:
        raise LetterError(
            Bilingual(
                f"id 必须保持 {previous}，现为 {message.id}",
                f"the id must stay {previous}, it is {message.id}",
            )
        )
    named = getattr(message, spec.key, None)
    if isinstance(named, str):
        return named.encode()
    if key is None:
        raise LetterError(Bilingual("原记录没有键", "the refused record has no key"))
    return key


def _is_valid(spec: TopicSpec, body: bytes | None) -> bool:
    try:
        decode_value(spec.model, body)
    except Reject:
        return False
    return True


def _id_of(original: bytes | None) -> str | None:
    try:
        body = json.loads(original or b"")
    except (ValueError, RecursionError):
        return None
    name = body.get("id") if isinstance(body, dict) else None
    return name if isinstance(name, str) else None


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _parent(body: Any, path: str) -> tuple[Any, str]:
    *steps, name = path.split(".")
    if len(steps) > _MOST_STEPS:
        raise _no_field(path)
    for step in steps:
        try:
            body = body[int(step)] if isinstance(body, list) else body[step]
        except (KeyError, IndexError, ValueError, TypeError):
            raise _no_field(path) from None
    return body, name


def _put(parent: Any, name: str, value: Any, path: str) -> None:
    try:
        if isinstance(parent, list):
            parent[int(name)] = value
        else:
            parent[name] = value
    except (IndexError, ValueError, TypeError):
        raise _no_field(path) from None


def _no_field(path: str) -> LetterError:
    return LetterError(Bilingual(f"没有字段 {path}", f"there is no field {path}"))


def _indented(original: bytes | None) -> bytes:
    try:
        return json.dumps(json.loads(original or b""), ensure_ascii=False, indent=1).encode()
    except (ValueError, RecursionError):
        return original or b""


def encoded(content: bytes) -> str:
    """Return bytes as the base64 text of an act."""
    return base64.b64encode(content).decode()
