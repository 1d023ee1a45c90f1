"""The text of a document from its bytes (RFC 7303).

The character set is that of the byte order mark, else the charset of the header Content-Type, else
that of the XML declaration, else UTF-8.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from encodings import normalize_encoding
from encodings.aliases import aliases

from services.ingest.core.refusals import ProblemKind, refusal
from shared.contracts.reports import LONGEST_DOCUMENT

LONGEST_UTF_8 = 2 * LONGEST_DOCUMENT
"""The most bytes of the text in a record, which Kafka limits to 1 MiB: text of any character set
may be longer in UTF-8."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
)
CHARSETS = frozenset(
    (
        *("utf_8", "ascii", "gb2312", "gbk", "gb18030", "big5", "big5hkscs", "cp950", "latin_1"),
        *(f"iso8859_{part}" for part in range(2, 17) if part != 12),
        *(f"cp{page}" for page in range(1250, 1259)),
    )
)
"""The character sets that are read beside UTF-16, by the names of Python's codecs."""
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "cp950": "big5hkscs"}
"""Newer sets by older sets: documents name the older set and use characters of the newer set."""
_DECLARED = re.compile(rb"""^<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_PARAMETER = re.compile(r""";\s*charset\s*=\s*"?([^\s;"]{1,40})""", re.IGNORECASE)


def charset_of(content_type: str) -> str | None:
    """Return the charset that a header Content-Type names."""
    match = _PARAMETER.search(content_type)
    return match.group(1) if match is not None else None


def text_of(body: bytes, charset: str | None = None) -> str:
    """Return the document as text, without a byte order mark. Raises RequestRefused."""
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return _decoded(body.removeprefix(mark), codec, "byte order mark")
    if charset is not None:
        return _decoded(body, charset, "header Content-Type")
    declared = next(_declared(body), None)
    named_by = "XML declaration" if declared else "none is named"
    return _decoded(body, declared or "utf-8", named_by)


def _declared(body: bytes) -> Iterator[str]:
    """Yield the character set of the declaration; the first bytes show UTF-16 without a mark."""
    if body[:4] in (b"\x00<\x00?", b"<\x00?\x00"):
        yield "utf-16"
    if (match := _DECLARED.match(body)) is not None:
        yield match.group(1).decode("ascii")


def _decoded(body: bytes, charset: str, named_by: str) -> str:
    codec = _codec(charset, body)
    if codec is None:
        raise refusal(
            ProblemKind.NOT_XML,
            "body",
            f"is in no character set that is read here: {charset} ({named_by})",
            "UTF-8, UTF-16, GB 18030, Big5, ISO-8859-1 to -16, windows-1250 to -1258",
        )
    try:
        text = body.decode(codec)
    except UnicodeDecodeError as error:
        message = (
            f"is not in the character set {charset} ({named_by}): byte {error.start} is none of it"
        )
        raise refusal(ProblemKind.NOT_XML, "body", message) from None
    if "\x00" in text:  # expat would read the document as UTF-16
        message = f"holds NUL characters in the character set {charset} ({named_by})"
        raise refusal(ProblemKind.NOT_XML, "body", message)
    size = len(text.encode())
    if size > LONGEST_UTF_8 or len(text) > LONGEST_DOCUMENT:
        message = f"has {len(text)} characters, {size} bytes in UTF-8"
        allowed = f"at most {LONGEST_DOCUMENT} characters, {LONGEST_UTF_8} bytes in UTF-8"
        raise refusal(ProblemKind.TOO_LARGE, "body", message, allowed)
    return text


def _codec(charset: str, body: bytes) -> str | None:
    """Return Python's name of a character set, None for one that is not read.

    The first byte of UTF-16 without a mark decides the byte order.
    """
    normal = normalize_encoding(charset).lower()
    name = aliases.get(normal, normal)
    if name == "utf_16":
        return "utf_16_be" if body[:1] == b"\x00" else "utf_16_le"
    if name in ("utf_16_be", "utf_16_le"):
        return name
    return _WIDER.get(name, name) if name in CHARSETS else None
