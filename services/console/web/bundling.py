"""JavaScript modules as one script: over a slow link each file costs a round trip.

The plain forms in use are accepted, all others are refused at start with file and line: named
imports from a relative path; exported functions, classes and constants; no cycles. A module becomes
a function, run once after its imports, that returns the exports.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from posixpath import dirname, join, normpath

_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function|class|const) (\w+)", re.MULTILINE)
_UNSUPPORTED = re.compile(r"^(?:import\b|export\b).*|.*\bimport\(.*", re.MULTILINE)
_REMARK = re.compile(r"^[ \t]*(?://.*|/\*\*(?:[^*]|\*(?!/))*\*/[ \t]*)\n", re.MULTILINE)
"""A line comment, or a JSDoc block, that fills its lines."""


class Unbundled(Exception):
    """A form in a module cannot be bundled; the message has file and line."""


def bundle(entry: str, read: Callable[[str], str]) -> str:
    """Return the script of the module `entry` and its imports; `read(path)` returns a text."""
    return "\n".join(_modules(entry, read, {}, ()))


def _modules(
    path: str, read: Callable[[str], str], bundled: dict[str, str], above: tuple[str, ...]
) -> Iterator[str]:
    if path in above:
        raise Unbundled(f"{' -> '.join((*above, path))}: a cycle")
    if path in bundled:
        return
    text = read(path)
    for _, imported_path in _IMPORT.findall(text):
        yield from _modules(_beside(path, imported_path), read, bundled, (*above, path))
    bundled[path] = f"$m{len(bundled)}"
    yield _wrapped(path, text, bundled)


def _wrapped(path: str, text: str, names: dict[str, str]) -> str:
    def imported(match: re.Match[str]) -> str:
        imported_path = [
            " ".join(name.split()).replace(" as ", ": ") for name in match[1].split(",")
        ]
        named = ", ".join(name for name in imported_path if name)
        return f"const {{ {named} }} = {names[_beside(path, match[2])]};"

    exported = [name for _, name in _EXPORT.findall(text)]
    body = _EXPORT.sub(r"\1 \2", _IMPORT.sub(imported, text))
    if (match := _UNSUPPORTED.search(body)) is not None:
        line = body.count("\n", 0, match.start()) + 1
        raise Unbundled(f"{path}:{line}: {match[0].strip()}")
    body = _REMARK.sub("", body)
    return f"const {names[path]} = (() => {{\n{body}return {{ {', '.join(exported)} }};\n}})();"


def _beside(path: str, imported_path: str) -> str:
    return normpath(join(dirname(path), imported_path))
