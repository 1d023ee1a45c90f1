"""Items of a kind (rules, plans) from the YAML files of a folder, with all their problems.

An item has no envelope in the file; `version` is optional (1). Files named `*.test.yaml` hold no
items.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from shared.contracts.envelope import Envelope
from shared.contracts.ids import content_id
from shared.contracts.units import NO_UNIT, tier_of
from shared.definitions.yaml_files.findings import Finding, Problem, Severity, dotted
from shared.definitions.yaml_files.nodes import MOST_BYTES, Node, parse
from shared.definitions.yaml_files.shape import check_shape

M = TypeVar("M", bound=Envelope)
ASIDE = ".test.yaml"
ENVELOPE = frozenset({*Envelope.model_fields, "type", "author"})
"""Fields of a record beside the content of a file."""
_RANK = {Severity.ERROR: 0, Severity.WARNING: 1}


class PackError(Exception):
    """An unusable pack; `findings` are its problems, one line each."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = tuple(findings)


@dataclass(frozen=True, slots=True)
class PackFile:
    """A file in memory, such as the text of an officer."""

    name: str
    data: bytes


PackSource = Path | PackFile
"""A folder, a file, or the text of a file."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[M]):
    """A kind of item: its model, the field that names it, the prefix of its messages' ids."""

    model: type[M]
    key: str
    prefix: str
    word: str

    def message(self, fields: Mapping[str, Any], now: datetime, issuer: str = NO_UNIT) -> M:
        """An item as a message; its id follows from its content and `now`: one id, one body.

        Raises ValidationError.
        """
        return self.model.model_validate_json(
            json.dumps({**self.head(fields, now, issuer), **fields})
        )

    def head(self, fields: Mapping[str, Any], now: datetime, issuer: str) -> dict[str, Any]:
        """Return the fields outside the text: the envelope, and version 1 as the default."""
        text = json.dumps(fields, sort_keys=True)
        head = {
            "id": content_id(self.prefix, text, now.isoformat()),
            "occurred_at": now.isoformat(),
            "sent_at": now.isoformat(),
            "origin_unit": issuer,
            "tier": tier_of(issuer),
        }
        return head if "version" in fields else {**head, "version": 1}


@dataclass(frozen=True, slots=True)
class Item(Generic[M]):
    """An item and its place; `fields` is the written content without places."""

    value: M
    name: str
    fields: dict[str, Any]
    file: str
    node: Node

    def placed(self, problem: Problem) -> Finding:
        """A problem of this item with its line."""
        line, real = self.node.follow(problem.path)
        return Finding(
            self.file,
            line,
            dotted(problem.path) or dotted(real) or "item",
            f"{self.name}: {problem.text}",
            problem.allowed,
            problem.severity,
            self.name,
        )


@dataclass(frozen=True, slots=True)
class Items(Generic[M]):
    """The items of a pack.

    `names` includes the names of unusable items; `complete` False = a file was cut.
    """

    items: tuple[Item[M], ...]
    findings: tuple[Finding, ...]
    names: frozenset[str]
    complete: bool
    files: int


def read_items(
    kind: Kind[M], sources: Sequence[PackSource], now: datetime, issuer: str
) -> Items[M]:
    """Read folders, files and texts against the model; bad content raises nothing."""
    items: list[Item[M]] = []
    findings: list[Finding] = []
    places: dict[str, str] = {}
    complete_pack = True
    files = [file for source in sources for file in _files(source, kind.word, findings)]
    for file in files:
        name, root, complete = read(file, findings)
        complete_pack = complete_pack and complete
        if root is None:
            continue
        if not isinstance(root.value, list):
            findings.append(
                Finding(name, root.line, "file", "is no list", f"a list of {kind.word}s")
            )
            complete_pack = False
            continue
        for node in root.value:
            item_name = _name_of(node, kind.key)
            if item_name and item_name in places:
                text = f"{item_name} stands already in {places[item_name]}"
                line = node.key_lines[kind.key]
                findings.append(
                    Finding(name, line, kind.key, text, f"each {kind.word} once", item=item_name)
                )
                continue
            if item_name:
                places[item_name] = f"{name}:{node.line}"
            fields = node.plain()
            head = kind.head(fields if isinstance(fields, dict) else {}, now, issuer)
            value, wrong = check_shape(kind.model, node, name, head, ENVELOPE, item_name)
            findings += wrong
            if value is not None:
                items.append(Item(value, item_name, fields, name, node))
    return Items(tuple(items), tuple(findings), frozenset(places), complete_pack, len(files))


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Errors first, then by file and line."""
    return tuple(
        sorted(findings, key=lambda finding: (_RANK[finding.severity], finding.file, finding.line))
    )


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that make a pack unusable."""
    return [finding for finding in findings if finding.severity is Severity.ERROR]


def files_of(path: Path) -> list[Path]:
    """The files of items of a folder in order of their names; a file is itself."""
    if path.is_dir():
        return [file for file in sorted(path.glob("*.yaml")) if not file.name.endswith(ASIDE)]
    return [path]


def read(file: PackSource, findings: list[Finding]) -> tuple[str, Node | None, bool]:
    """Shown name, content, and whether all of a YAML file could be read; notes what is wrong."""
    if isinstance(file, PackFile):
        return _parsed(file.name, file.data, findings)
    name = display_path(file)
    try:
        if not file.is_file():
            raise OSError(0, "is no file")
        with file.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    except OSError as error:
        findings.append(Finding(name, 1, "file", f"cannot be read: {error.strerror}"))
        return name, None, False
    return _parsed(name, data, findings)


def _parsed(name: str, data: bytes, findings: list[Finding]) -> tuple[str, Node | None, bool]:
    parsed = parse(data, name)
    findings += parsed.findings
    if parsed.root is not None and parsed.root.value is None:
        return name, Node(1, []), parsed.complete  # nothing but comments
    return name, parsed.root, parsed.complete


def display_path(file: Path) -> str:
    """A path as people here would name it."""
    try:
        return str(file.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(file)


def _name_of(node: Node, key: str) -> str:
    name = node.child(key)
    return name.value if name is not None and isinstance(name.value, str) else ""


def _files(path: PackSource, word: str, findings: list[Finding]) -> Sequence[PackSource]:
    if isinstance(path, PackFile):
        return [] if path.name.endswith(ASIDE) else [path]
    if not path.exists():
        findings.append(Finding(display_path(path), 1, "file", "there is no such file or folder"))
        return []
    result = files_of(path)
    if not result:
        findings.append(Finding(display_path(path), 1, "file", f"holds no {word}s", "*.yaml"))
    return result
