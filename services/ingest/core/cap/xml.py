"""XML from outside as a small tree: nothing is declared, fetched or expanded, every part knows its line.

A document type is refused where it begins, so no entity but the five of XML itself ever exists.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from services.ingest.core.refusals import Refusal, refuse

DEEPEST = 16
MOST_PARTS = 20_000
_NAMESPACE = "\n"
"""Between namespace and name; no XML name holds it."""


@dataclass(slots=True)
class Part:
    """One element: its namespace, its name, its text without the white space around it, its children."""

    namespace: str
    name: str
    line: int
    children: list[Part] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text, stripped."""
        return "".join(self.pieces).strip()

    def each(self, name: str) -> Iterator[Part]:
        """Children of this name in the element's own namespace."""
        return (
            child
            for child in self.children
            if (child.namespace, child.name) == (self.namespace, name)
        )

    def said(self, name: str) -> str:
        """The text of the first child of this name; empty when there is none."""
        return next((part.text for part in self.each(name)), "")


def parse(text: str) -> Part:
    """The root element; raises Refused. The declaration's character set is no longer looked at."""
    builder = _Builder()
    try:
        builder.parser.Parse(text, True)
    except expat.ExpatError as error:
        what = expat.ErrorString(error.code)
        raise refuse(Refusal.NOT_XML, f"line {error.lineno}", what) from None
    assert builder.root is not None, "a well-formed document has a root"
    return builder.root


class _Builder:
    def __init__(self) -> None:
        self.root: Part | None = None
        self._open: list[Part] = []
        self._parts = 0
        self.parser = expat.ParserCreate(namespace_separator=_NAMESPACE)
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _doctype(self, *_: object) -> None:
        where = f"line {self.parser.CurrentLineNumber}"
        raise refuse(Refusal.DOCUMENT_TYPE, where, "a document type is not read", "none")

    def _begin(self, name: str, _: dict[str, str]) -> None:
        line = self.parser.CurrentLineNumber
        self._parts += 1
        if len(self._open) >= DEEPEST or self._parts > MOST_PARTS:
            allowed = f"{DEEPEST} levels, {MOST_PARTS} elements"
            raise refuse(Refusal.TOO_DEEP, f"line {line}", "nested too deeply or too long", allowed)
        namespace, _separator, local = name.rpartition(_NAMESPACE)
        part = Part(namespace, local, line)
        if self._open:
            self._open[-1].children.append(part)
        else:
            self.root = part
        self._open.append(part)

    def _end(self, _: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        self._open[-1].pieces.append(text)
