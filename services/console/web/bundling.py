"""Our own modules as one script: over a slow link each file costs a round trip, and each import of
an import one more.

Takes the plain forms our modules use and refuses any other, at start, with file and line: named
imports from a relative path; exported functions, classes and constants; no cycles. A module becomes
a function that runs once and returns what it exports, in an order in which each stands behind those
it imports.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from posixpath import dirname, join, normpath

_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function|class|const) (\w+)", re.MULTILINE)
_OTHER = re.compile(r"^(?:import\b|export\b).*|.*\bimport\(.*", re.MULTILINE)
_REMARK = re.compile(r"^\s*//.*\n", re.MULTILINE)


class Unbundled(Exception):
    """A module has a form that cannot be put into one script; the message says where."""


def bundle(entry: str, read: Callable[[str], str]) -> str:
    """The script of the module `entry` and all it imports. `read(path)` gives a module's text."""
    return "\n".join(_modules(entry, read, {}, ()))


def _modules(
    path: str, read: Callable[[str], str], done: dict[str, str], above: tuple[str, ...]
) -> Iterator[str]:
    if path in above:
        raise Unbundled(f"{' -> '.join((*above, path))}: a cycle")
    if path in done:
        return
    text = read(path)
    for _, wanted in _IMPORT.findall(text):
        yield from _modules(_beside(path, wanted), read, done, (*above, path))
    done[path] = f"$m{len(done)}"
    yield _wrapped(path, text, done)


def _wrapped(path: str, text: str, names: dict[str, str]) -> str:
    def imported(found: re.Match[str]) -> str:
        wanted = [" ".join(name.split()).replace(" as ", ": ") for name in found[1].split(",")]
        named = ", ".join(name for name in wanted if name)
        return f"const {{ {named} }} = {names[_beside(path, found[2])]};"

    exported = [name for _, name in _EXPORT.findall(text)]
    body = _EXPORT.sub(r"\1 \2", _IMPORT.sub(imported, text))
    if (match := _OTHER.search(body)) is not None:
        line = body.count("\n", 0, match.start()) + 1
        raise Unbundled(f"{path}:{line}: {match[0].strip()}")
    body = _REMARK.sub("", body)
    return f"const {names[path]} = (() => {{\n{body}return {{ {', '.join(exported)} }};\n}})();"


def _beside(path: str, wanted: str) -> str:
    return normpath(join(dirname(path), wanted))
