"""The text of a CAP document is decoded correctly from every character set, and stored."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core.cap.encoding import charset_of
from services.ingest.core.cap.warning import accept_warning
from services.ingest.core.refusals import ProblemKind, RequestRefused
from shared.contracts.reports import ExternalWarning
from tests.support.cap import CITY, INFO, a_document

NOW = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def accepted(body: bytes) -> ExternalWarning:
    return accept_warning(body, "cma", NOW, receiver=CITY)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb2312", "GBK", "gb18030", "Big5"])
def test_the_text_is_right_in_the_character_sets_that_agencies_use(encoding: str) -> None:
    declaration = f'<?xml version="1.0" encoding="{encoding}"?>\n'
    headline = "暴雨橙色預警" if encoding == "Big5" else INFO["headline"]
    info = {"headline": headline, "area": "-"}
    body = a_document(info=info, declaration=declaration, encoding=encoding)
    result = accepted(body)
    assert result.headline == headline
    assert result.source_text == a_document(info=info, declaration=declaration).decode()


@pytest.mark.parametrize(
    ("encoding", "declared", "charset"),
    [
        ("gbk", "", "GBK"),
        ("utf-16-le", "", None),  # without a byte order mark
        ("utf-16-be", "", None),
        ("utf-16-le", "", "utf-16le"),
        ("gb18030", "utf-8", "gb18030"),  # the header goes before the declaration
        ("utf-8-sig", "gbk", "gbk"),  # and a byte order mark before both
        ("utf-16", "gbk", "utf-8"),
        ("utf-8", "", None),
    ],
)
def test_mark_header_and_declaration_decide_in_this_order(
    encoding: str, declared: str, charset: str | None
) -> None:
    attribute = f' encoding="{declared}"' if declared else ""
    declaration = f'<?xml version="1.0"{attribute}?>\n'
    body = a_document(declaration=declaration, encoding=encoding)
    result = accept_warning(body, "cma", NOW, charset, receiver=CITY)
    assert result.headline == INFO["headline"]
    assert result.source_text == a_document(declaration=declaration).decode()


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        ("application/cap+xml", None),
        ("application/cap+xml; charset=GBK", "GBK"),
        ('text/xml;version=1 ; Charset = "utf-16"; x=y', "utf-16"),
        ("text/xml; charset=", None),
    ],
)
def test_the_charset_of_a_header(content_type: str, charset: str | None) -> None:
    assert charset_of(content_type) == charset


@pytest.mark.parametrize("charset", ["utf-7", "unicode_escape", "rot13", "x", "hex", "utf_8_sig"])
def test_a_character_set_that_is_not_read_is_named(charset: str) -> None:
    with pytest.raises(RequestRefused, match=charset) as caught:
        accept_warning(a_document(), "cma", NOW, charset, receiver=CITY)
    assert caught.value.kind is ProblemKind.NOT_XML


def test_a_text_that_is_too_long_in_utf_8_is_refused_with_its_length() -> None:
    declaration = '<?xml version="1.0" encoding="windows-1252"?>'
    body = a_document(
        info={"description": "€" * 200_000, "headline": "x", "event": "x", "area": "-"},
        declaration=declaration,
        encoding="windows-1252",
    )
    with pytest.raises(RequestRefused, match="in UTF-8") as caught:
        accepted(body)
    assert caught.value.kind is ProblemKind.TOO_LARGE


def test_latin_text_a_byte_order_mark_and_1_1_are_read() -> None:
    declaration = '<?xml version="1.0" encoding="ISO-8859-1"?>'
    latin = {"language": "fr-CA", "event": "pluie", "headline": "Évacuation", "area": "-"}
    result = accepted(
        a_document(info=latin, declaration=declaration, encoding="iso-8859-1", version="1.1")
    )
    assert result.headline == "Évacuation"
    assert "<headline>Évacuation</headline>" in result.source_text
    assert accepted(b"\xef\xbb\xbf" + a_document()).headline == INFO["headline"]


@given(
    st.sampled_from(["utf-8", "utf-16", "utf-16-be", "gb18030", "big5hkscs", "latin-1", "cp1252"]),
    st.one_of(st.none(), st.sampled_from(["utf-8", "UTF-16", "GBK", "Big5", "latin1", "utf-7"])),
    st.text(max_size=60),
)
def test_any_text_in_any_character_set_is_right_or_refused(
    encoding: str, charset: str | None, noise: str
) -> None:
    """An accepted text has no NUL, and equals the written text if the names agree."""
    safe = noise.replace("&", "&amp;").replace("<", "&lt;")
    declaration = f'<?xml version="1.0" encoding="{encoding}"?>'
    try:
        body = a_document(
            info={"headline": "x" + safe, "event": "x", "area": "-"},
            declaration=declaration,
            encoding=encoding,
        )
    except UnicodeEncodeError:
        return
    try:
        result = accept_warning(body, "cma", NOW, charset, receiver=CITY)
    except RequestRefused:
        return
    assert "\x00" not in result.source_text
    if charset is None:
        assert result.source_text == body.decode(encoding)
