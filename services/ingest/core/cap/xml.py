"""XML from outside as a small tree: nothing is declared, fetched or expanded.

A document type is refused where it begins, so only the five entities of XML itself exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from services.ingest.core.refusals import ProblemKind, refusal

MAX_DEPTH = 16
MAX_ELEMENTS = 20_000
_NAMESPACE = "\n"
"""The separator of namespace and name; no XML name contains it."""


@dataclass(slots=True)
class CapElement:
    """An element: namespace, name, number of its line, children and pieces of text."""

    namespace: str
    name: str
    line: int
    children: list[CapElement] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text without the white space around it."""
        return "".join(self.pieces).strip()

    def children_named(self, name: str) -> Iterator[CapElement]:
        """Return the children with a name in the element's own namespace."""
        return (
            child
            for child in self.children
            if (child.namespace, child.name) == (self.namespace, name)
        )

    def child_text(self, name: str) -> str:
        """Return the text of the first child with a name, empty if there is none."""
        return next((child.text for child in self.children_named(name)), "")


def parse(text: str) -> CapElement:
    """Return the root element. Raises RequestRefused. The declared character set is ignored."""
    builder = _Builder()
    try:
        builder.parser.Parse(text, True)
    except expat.ExpatError as error:
        message = expat.ErrorString(error.code)
        raise refusal(ProblemKind.NOT_XML, f"line {error.lineno}", message) from None
    assert builder.root is not None, "a well-formed document has a root"
    return builder.root


class _Builder:
    def __init__(self) -> None:
        self.root: CapElement | None = None
        self._open: list[CapElement] = []
        self._count = 0
        self.parser = expat.ParserCreate(namespace_separator=_NAMESPACE)
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _doctype(self, *_: object) -> None:
        location = f"line {self.parser.CurrentLineNumber}"
        raise refusal(ProblemKind.DOCUMENT_TYPE, location, "a document type is not read", "none")

    def _begin(self, name: str, _: dict[str, str]) -> None:
        line = self.parser.CurrentLineNumber
        self._count += 1
        if len(self._open) >= MAX_DEPTH or self._count > MAX_ELEMENTS:
            allowed = f"{MAX_DEPTH} levels, {MAX_ELEMENTS} elements"
            raise refusal(
                ProblemKind.TOO_DEEP, f"line {line}", "nested too deeply or too long", allowed
            )
        namespace, _separator, local = name.rpartition(_NAMESPACE)
        element = CapElement(namespace, local, line)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def _end(self, _: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        self._open[-1].pieces.append(text)
