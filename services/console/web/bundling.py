"""JavaScript modules as one script: over a slow link each file costs a round trip.

The plain forms in use are accepted, all others are refused at start with file and line: named
imports from a relative path; exported functions, classes and constants; no cycles. A module becomes
a function, run once after its imports, that returns the exports.

One `import("./path.js")` requests part of the modules later. They become a second script, and the
first script exports its modules to the second. `<meta name="later-script">` of the page holds the
address. Each further attempt has another address, since browsers may store the failure of the
first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from posixpath import dirname, join, normpath

_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function|class|const) (\w+)", re.MULTILINE)
_LATER_IMPORT = re.compile(r'\bimport\("(\.[^"]+)"\)')
_UNSUPPORTED = re.compile(r"^(?:import|export)\b|\bimport\(", re.MULTILINE)
_REMARK = re.compile(r"^[ \t]*(?://.*|/\*\*(?:[^*]|\*(?!/))*\*/[ \t]*)\n", re.MULTILINE)
"""A line comment, or a JSDoc block, that fills its lines."""


class Unbundled(Exception):
    """A form in a module cannot be bundled; the message has file and line."""


_REQUEST_LATER = """\
let $attempts = 0;
const $later = () => {
const { content } = document.querySelector("meta[name=later-script]");
$attempts += 1;
return import($attempts === 1 ? content : `${content}?attempt=${$attempts}`);
};
"""


@dataclass(frozen=True, slots=True)
class Script:
    """A script, the names of its modules by path, and the path of the module requested later."""

    text: str
    names: dict[str, str]
    later: str | None = None


def bundle(entry: str, read: Callable[[str], str]) -> Script:
    """Return the script of the module `entry` and its imports; `read(path)` returns a text.

    Raises Unbundled.
    """
    names = dict[str, str]()
    later = set[str]()
    text = "\n".join(_modules(entry, read, names, later, ()))
    if not later:
        return Script(text, names)
    if len(later) > 1:
        raise Unbundled(f"{entry}: {' and '.join(sorted(later))} are requested later, not one")
    return Script(
        f"{_REQUEST_LATER}{text}\nexport {{ {', '.join(names.values())} }};", names, *later
    )


def bundle_later(main: Script, address: str, read: Callable[[str], str]) -> Script:
    """Return the second script of a page; `main` at `address` exports modules to it.

    Raises Unbundled.
    """
    assert main.later is not None
    names = dict(main.names)
    later = set[str]()
    text = "\n".join(_modules(main.later, read, names, later, ()))
    if later:
        raise Unbundled(f"{main.later}: no third script")
    exported = ", ".join(_exports(read(main.later)))
    imports = ", ".join(name for name in main.names.values() if re.search(rf"\{name}\b", text))
    return Script(
        f'import {{ {imports} }} from "{address}";\n{text}\n'
        f"export const {{ {exported} }} = {names[main.later]};",
        names,
    )


def _modules(
    path: str,
    read: Callable[[str], str],
    bundled: dict[str, str],
    later: set[str],
    above: tuple[str, ...],
) -> Iterator[str]:
    if path in above:
        raise Unbundled(f"{' -> '.join((*above, path))}: a cycle")
    if path in bundled:
        return
    text = read(path)
    for _, imported_path in _IMPORT.findall(text):
        yield from _modules(_beside(path, imported_path), read, bundled, later, (*above, path))
    later.update(_beside(path, later_path) for later_path in _LATER_IMPORT.findall(text))
    bundled[path] = f"$m{len(bundled)}"
    yield _wrapped(path, text, bundled)


def _wrapped(path: str, text: str, names: dict[str, str]) -> str:
    def imported(match: re.Match[str]) -> str:
        imported_path = [
            " ".join(name.split()).replace(" as ", ": ") for name in match[1].split(",")
        ]
        named = ", ".join(name for name in imported_path if name)
        return f"const {{ {named} }} = {names[_beside(path, match[2])]};"

    body = _EXPORT.sub(r"\1 \2", _LATER_IMPORT.sub("$later()", _IMPORT.sub(imported, text)))
    if (match := _UNSUPPORTED.search(body)) is not None:
        line = body.count("\n", 0, match.start())
        raise Unbundled(f"{path}:{line + 1}: {body.splitlines()[line].strip()}")
    body = _REMARK.sub("", body)
    return (
        f"const {names[path]} = (() => {{\n{body}return {{ {', '.join(_exports(text))} }};\n}})();"
    )


def _exports(text: str) -> list[str]:
    return [name for _, name in _EXPORT.findall(text)]


def _beside(path: str, imported_path: str) -> str:
    return normpath(join(dirname(path), imported_path))
