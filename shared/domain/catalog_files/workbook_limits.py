"""Limits of a workbook before it is opened: its archive, its parts and the shape of their XML.

openpyxl holds whole parts in memory, and elements that are no rows for as long as a sheet is read.
So the archive is measured before it is unpacked (zip bombs), and the XML of every large part is
passed through once without being kept: an element of a table with millions of children, a document
type or an entity ends the reading.
"""

from __future__ import annotations

import zipfile

from defusedxml.ElementTree import XMLParser, fromstring

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
_STREAMED = ("spreadsheetml.worksheet+xml", "spreadsheetml.sharedStrings+xml")
"""The ends of the content types whose parts openpyxl reads piece by piece."""
_CHART_SHEET = b"chartsheet"
_PIECE = 2**20
_UNIT = {"row", "si"}
"""The elements that openpyxl drops from memory when they end: a row, a shared text."""


class WorkbookError(Exception):
    """A workbook over the limits, or none at all; `problem` says which."""

    def __init__(self, problem: RowProblem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def check_workbook(archive: zipfile.ZipFile) -> None:
    """Raise WorkbookError for an archive that memory should not hold as a workbook."""
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MOST_UNPACKED or len(parts) > MOST_PARTS:
        raise _too_large(unpacked)
    large = [part for part in parts if part.file_size > MOST_PART]
    if not large:
        return
    types = _content_types(archive, large)
    for part in large:
        own = types.get(part.filename, [])
        if len(own) != 1 or not own[0].endswith(_STREAMED):
            raise _too_large(part.file_size)
        _pass_through(archive, part)


def _content_types(archive: zipfile.ZipFile, large: list[zipfile.ZipInfo]) -> dict[str, list[str]]:
    """Return the content types of each part; a chart sheet would be read as a whole."""
    if any(part.filename == _MANIFEST for part in large):
        raise _too_large(MOST_PART)
    for part in archive.infolist():
        relations = part.filename.endswith(".rels") and part not in large
        if relations and _CHART_SHEET in archive.read(part):
            raise _too_large(large[0].file_size)
    types: dict[str, list[str]] = {}
    for element in fromstring(archive.read(_MANIFEST)):
        name = element.get("PartName", "").removeprefix("/")
        types.setdefault(name, []).append(element.get("ContentType", ""))
    return types


def _pass_through(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    shape = _Shape(part.file_size)
    parser = XMLParser(target=shape, forbid_dtd=True)  # type: ignore[no-untyped-call]
    since = 0
    with archive.open(part) as source:
        while piece := source.read(_PIECE):
            first = piece.find(b"<")
            since = since + (len(piece) if first < 0 else first)
            if since > MOST_CELL_BYTES:
                raise _too_large(part.file_size)
            if first >= 0:
                since = len(piece) - piece.rfind(b"<")
            parser.feed(piece)
    parser.close()


class _Shape:
    """The target of a parser that counts elements in and beside the rows and keeps none."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._beside = self._inside = self._depth = 0

    def start(self, tag: str, _: dict[str, str]) -> None:
        if tag.rpartition("}")[2] in _UNIT:
            self._inside, self._depth = 0, 1
        elif self._depth:
            self._depth += 1
            self._inside += 1
            if self._inside > MOST_ELEMENTS_OF_ROW:
                raise _too_large(self._size)
        else:
            self._beside += 1
            if self._beside > MOST_ELEMENTS:
                raise _too_large(self._size)

    def end(self, _: str) -> None:
        if self._depth:
            self._depth -= 1

    def close(self) -> None:
        """Return nothing: no element is kept."""


def _too_large(size: int) -> WorkbookError:
    allowed = Bilingual(
        f"解压后至多 {MOST_UNPACKED} 字节", f"at most {MOST_UNPACKED} bytes unpacked"
    )
    return WorkbookError(
        RowProblem(ProblemCode.ARCHIVE_TOO_LARGE, value=str(size), allowed=allowed)
    )
