"""The text of a file: UTF-8 with or without a byte-order mark, or GB18030 (GBK, GB2312)."""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass

from shared.domain.bilingual import Bilingual
from shared.domain.catalog_files.problems import ProblemCode, RowPlace, RowProblem

_UTF_8, _GB18030 = "utf-8", "gb18030"
_ALLOWED = Bilingual("UTF-8 或 GB18030", "UTF-8 or GB18030")
_OTHER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MOSTLY = 9
"""A damaged UTF-8 file has at least so many sound characters for each one that is none."""
_CHUNK = 2**20
_MOST_WRONG_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class TextFile:
    """The bytes of a text with their encoding, which is known to fit all of them."""

    content: bytes
    encoding: str

    def open(self) -> io.TextIOWrapper:
        """Return the text for reading; line breaks stay as they are."""
        return io.TextIOWrapper(io.BytesIO(self.content), encoding=self.encoding, newline="")


def text_file(content: bytes) -> TextFile | list[RowProblem]:
    """Return the text of a file, or each row that no encoding fits."""
    if content.startswith(_OTHER_MARKS):
        return [RowProblem(ProblemCode.WRONG_ENCODING, value="UTF-16", allowed=_ALLOWED)]
    content = content.removeprefix(codecs.BOM_UTF8)
    if _fits(content, _UTF_8):
        return TextFile(content, _UTF_8)
    if _is_damaged_utf_8(content):
        return _wrong_rows(content, _UTF_8)
    if _fits(content, _GB18030):
        return TextFile(content, _GB18030)
    return _wrong_rows(content, _GB18030)


def _fits(content: bytes, encoding: str) -> bool:
    """Return whether the bytes are text of this encoding; memory holds a part at a time."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(content), _CHUNK):
            decoder.decode(content[start : start + _CHUNK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_damaged_utf_8(content: bytes) -> bool:
    """Return whether most characters beyond ASCII are sound UTF-8; those of GB18030 are not."""
    sound = damaged = 0
    decoder = codecs.getincrementaldecoder(_UTF_8)("replace")
    for start in range(0, len(content), _CHUNK):
        part = decoder.decode(content[start : start + _CHUNK])
        wrong = part.count("\ufffd")
        damaged += wrong
        sound += sum(not character.isascii() for character in part) - wrong
    return sound >= _MOSTLY * damaged


def _wrong_rows(content: bytes, encoding: str) -> list[RowProblem]:
    """Return the first rows with bytes that are not of the encoding: a person looks at these."""
    problems = []
    for number, line in enumerate(io.BytesIO(content), start=1):
        try:
            line.decode(encoding)
        except UnicodeDecodeError as error:
            wrong = line[error.start : error.start + 4].hex(" ")
            place = RowPlace(number)
            problems.append(RowProblem(ProblemCode.WRONG_ENCODING, place, "", wrong, _ALLOWED))
            if len(problems) == _MOST_WRONG_ROWS:
                break
    return problems
