"""YAML with places: text becomes plain data in which every field knows its line.

Built from the parser's events, not by a loader: depth and size are bounded, anchors, aliases, tags
and second documents are refused, a key given twice is an error. Plain scalars follow YAML 1.2
(`yes` is a word, `12:30` is text, a date is text).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from shared.definitions.yaml_files.findings import FieldPath, Finding, Step

MOST_BYTES = 1_048_576
MOST_DEPTH = 32
MOST_NODES = 200_000
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9]{1,40}\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,4})?\Z")
_SURROGATE = re.compile("[\ud800-\udfff]")
_WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}
_QUOTED = 80


@dataclass(slots=True)
class Node:
    """A value at `line` (from 1): a scalar, a list of nodes, or nodes by name.

    `key_lines` says where each name of a mapping stands.
    """

    line: int
    value: Any
    key_lines: dict[str, int] = field(default_factory=dict)

    def plain(self) -> Any:
        """The same without places."""
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        if isinstance(self.value, dict):
            return {name: node.plain() for name, node in self.value.items()}
        return self.value

    def child(self, step: Step) -> Node | None:
        """The node one step down, None without one."""
        if isinstance(self.value, dict):
            result = self.value.get(step)
        elif isinstance(self.value, list) and isinstance(step, int) and step < len(self.value):
            result = self.value[step]
        else:
            result = None
        return result if isinstance(result, Node) else None

    def follow(self, path: FieldPath) -> tuple[int, FieldPath]:
        """Line and path of the field that `path` names, or of the deepest part of it that exists.

        Steps that are not in the text are passed over: pydantic names the member of a union.
        """
        node, line, real = self, self.line, []
        for step in path:
            below = node.child(step)
            if below is None:
                continue
            line = node.key_lines.get(str(step), below.line)
            real.append(step)
            node = below
        return line, tuple(real)

    def names(self, path: FieldPath) -> set[str]:
        """The names of the mapping at `path`."""
        node: Node | None = self
        for step in path:
            node = None if node is None else node.child(step)
        return set(node.value) if node is not None and isinstance(node.value, dict) else set()


@dataclass(slots=True)
class Parsed:
    """A file. `root` None = nothing usable; `whole` False = its end could not be read."""

    root: Node | None
    findings: list[Finding]
    complete: bool


@dataclass(slots=True)
class _Frame:
    node: Node
    key: str | None = None
    key_line: int = 0


def parse(data: bytes, file: str) -> Parsed:
    """Read YAML; never raises. What stood before a syntax error is kept."""
    if len(data) > MOST_BYTES:
        return _unreadable(file, 1, f"{len(data)} bytes are too many", f"at most {MOST_BYTES}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return _unreadable(file, line, "this is not UTF-8")
    builder = _Builder(file)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            if not builder.take(event):
                break
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        builder.broken(mark.line + 1 if mark else 1, f"no YAML: {error.problem or error.context}")
    except yaml.reader.ReaderError as error:
        at = error.position if isinstance(error.position, int) else 0
        builder.broken(text.count("\n", 0, at) + 1, f"no YAML: {error.reason}")
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        builder.broken(1, f"no YAML: {str(error)[:_QUOTED]}")
    return Parsed(builder.root, builder.findings, builder.complete)


def _unreadable(file: str, line: int, message: str, allowed: str = "") -> Parsed:
    return Parsed(None, [Finding(file, line, "file", message, allowed)], False)


class _Builder:
    """Builds nodes from events; a forbidden construct is noted and left out."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Node | None = None
        self.findings: list[Finding] = []
        self.complete = True
        self._stack: list[_Frame] = []
        self._documents = 0
        self._count = 0

    def broken(self, line: int, message: str, allowed: str = "") -> None:
        """Note that the end of the file is unreadable; drop an item that was read in part."""
        self._note(line, message, allowed)
        if len(self._stack) > 1 and isinstance(self._stack[0].node.value, list):
            self._stack[0].node.value.pop()
        self._stack.clear()
        self.complete = False

    def take(self, event: Any) -> bool:
        """Handle one event; return False when reading should stop."""
        line = event.start_mark.line + 1
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    self.broken(line, "a second document starts here", "one per file")
                    return False
            case yaml.AliasEvent():
                self._note(line, "aliases are not allowed", "write the value out")
                self._put(Node(line, None), None)
            case yaml.ScalarEvent():
                self._refuse_extras(event, line)
                value = event.value
                if _SURROGATE.search(value):
                    self._note(line, "a lone surrogate is no text")
                    value = _SURROGATE.sub("?", value)
                node = Node(line, resolve(value) if event.implicit[0] else value)
                self._put(node, value)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._refuse_extras(event, line)
                empty: Any = [] if isinstance(event, yaml.SequenceStartEvent) else {}
                node = Node(line, empty)
                self._put(node, None)
                self._stack.append(_Frame(node))
                if len(self._stack) > MOST_DEPTH:
                    self.broken(line, f"nested deeper than {MOST_DEPTH}")
                    return False
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._stack.pop()
        self._count += 1
        if self._count > MOST_NODES:
            self.broken(line, f"more than {MOST_NODES} values")
            return False
        return True

    def _put(self, node: Node, text: str | None) -> None:
        if not self._stack:
            if self.root is None:
                self.root = node
            return
        frame = self._stack[-1]
        holder = frame.node.value
        if isinstance(holder, list):
            holder.append(node)
        elif frame.key is None:
            if text is None:
                self._note(node.line, "a name must be one word")
                text = f"?{len(holder)}"
            frame.key, frame.key_line = text, node.line
        else:
            key, line = frame.key, frame.key_line
            frame.key = None
            if key in holder:
                first = frame.node.key_lines[key]
                self._note(line, f"{key[:_QUOTED]} is given twice, first in line {first}")
                return
            holder[key] = node
            frame.node.key_lines[key] = line

    def _refuse_extras(self, event: Any, line: int) -> None:
        if event.anchor:
            self._note(line, "anchors are not allowed", "write the value out")
        if event.tag:
            self._note(line, "tags are not allowed", "plain values")

    def _note(self, line: int, message: str, allowed: str = "") -> None:
        self.findings.append(Finding(self.file, line, "file", message, allowed))


def resolve(text: str) -> Any:
    """A plain scalar as YAML 1.2 has it: nothing, truth, number, else text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    return text
