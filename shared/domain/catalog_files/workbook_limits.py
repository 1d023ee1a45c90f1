"""Limits of a workbook before it is opened: its archive, its parts and the shape of their XML.

The reader of workbooks holds a sheet and its texts in memory. So the archive is measured before it
is unpacked (zip bombs), and the XML of every sheet and every large part is passed through once
without being kept: an element with millions of children, a document type or an entity ends the
reading.
"""

from __future__ import annotations

import pyexpat
import zipfile
from typing import Protocol

from defusedxml.ElementTree import fromstring

from shared.domain.bilingual import Bilingual
from shared.domain.catalog_files.limits import (
    MOST_CELL_BYTES,
    MOST_ELEMENTS,
    MOST_ELEMENTS_OF_ROW,
    MOST_PART,
    MOST_PARTS,
    MOST_UNPACKED,
)
from shared.domain.catalog_files.problems import ProblemCode, RowProblem

_MANIFEST = "[Content_Types].xml"
_SHEET = "spreadsheetml.worksheet+xml"
_STREAMED = (_SHEET, "spreadsheetml.sharedStrings+xml")
"""The ends of the content types whose parts are read piece by piece."""
_PIECE = 2**20
_UNIT = {"row", "si"}
"""The elements that a reader is done with when they end: a row, a shared text."""


class WorkbookError(Exception):
    """A workbook over the limits, or none at all; `problem` says which."""

    def __init__(self, problem: RowProblem) -> None:
        super().__init__(problem.code)
        self.problem = problem


class ElementTarget(Protocol):
    """Gets the elements and texts of a part; a name may have a prefix (`local_name`)."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, data: str) -> None:
        """A piece of text."""


def check_archive(archive: zipfile.ZipFile) -> None:
    """Raise WorkbookError for an archive that memory should not hold as a workbook."""
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    names = {part.filename.casefold() for part in parts}
    if unpacked > MOST_UNPACKED or len(parts) > MOST_PARTS or len(names) < len(parts):
        raise too_large(unpacked)
    large = [part for part in parts if part.file_size > MOST_PART]
    if not large:
        return
    if any(part.filename == _MANIFEST for part in large):
        raise too_large(MOST_PART)
    types = _content_types(archive)
    for part in large:
        own = types.get(part.filename, [])
        if len(own) != 1 or not own[0].endswith(_STREAMED):
            raise too_large(part.file_size)
        if not own[0].endswith(_SHEET):
            pass_through(archive, part, PartShape(part.file_size))


def _content_types(archive: zipfile.ZipFile) -> dict[str, list[str]]:
    """Return the content types of each part."""
    types: dict[str, list[str]] = {}
    for element in fromstring(archive.read(_MANIFEST)):
        name = element.get("PartName", "").removeprefix("/")
        types.setdefault(name, []).append(element.get("ContentType", ""))
    return types


def pass_through(archive: zipfile.ZipFile, part: zipfile.ZipInfo, target: ElementTarget) -> None:
    """Pass the elements of a part to a target, piece by piece.

    Raises WorkbookError, ExpatError, and ValueError for a document type.
    """
    parser = pyexpat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.StartElementHandler = target.start
    parser.EndElementHandler = target.end
    parser.CharacterDataHandler = target.text
    since = 0
    with archive.open(part) as source:
        while piece := source.read(_PIECE):
            first = piece.find(b"<")
            since = since + (len(piece) if first < 0 else first)
            if since > MOST_CELL_BYTES:
                raise too_large(part.file_size)
            if first >= 0:
                since = len(piece) - piece.rfind(b"<")
            parser.Parse(piece, False)
    parser.Parse(b"", True)


def local_name(name: str) -> str:
    """Return the name of an element without the prefix of its namespace."""
    return name.rpartition(":")[2] if ":" in name else name


def _refuse_document_type(*_: object) -> None:
    raise ValueError("a document type is no part of a workbook")


class PartShape:
    """A target that counts elements in and beside the rows and keeps none."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._beside = self._inside = self._depth = 0

    def start(self, name: str, _: dict[str, str]) -> None:
        """Count an element; raises WorkbookError for one too many."""
        if local_name(name) in _UNIT:
            self._inside, self._depth = 0, 1
        elif self._depth:
            self._depth += 1
            self._inside += 1
            if self._inside > MOST_ELEMENTS_OF_ROW:
                raise too_large(self.size)
        else:
            self._beside += 1
            if self._beside > MOST_ELEMENTS:
                raise too_large(self.size)

    def end(self, _: str) -> None:
        """Count the end of an element."""
        if self._depth:
            self._depth -= 1

    def text(self, _: str) -> None:
        """Keep no text."""


def too_large(size: int) -> WorkbookError:
    """Return the error of an archive or a part over the limits."""
    allowed = Bilingual(
        f"解压后至多 {MOST_UNPACKED} 字节", f"at most {MOST_UNPACKED} bytes unpacked"
    )
    return WorkbookError(
        RowProblem(ProblemCode.ARCHIVE_TOO_LARGE, value=str(size), allowed=allowed)
    )
