"""The text of a CAP document is right, and kept, whatever character set it is written in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core.cap.accept import one_warning
from services.ingest.core.cap.encoding import charset_of
from services.ingest.core.refusals import Refusal, Refused
from shared.contracts.reports import ExternalWarning
from tests.support.cap import INFO, a_document

NOW = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def taken(body: bytes) -> ExternalWarning:
    return one_warning(body, "cma", NOW)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb2312", "GBK", "gb18030", "Big5"])
def test_the_text_is_right_in_the_character_sets_that_agencies_use(encoding: str) -> None:
    before = f'<?xml version="1.0" encoding="{encoding}"?>\n'
    headline = "暴雨橙色預警" if encoding == "Big5" else INFO["headline"]
    info = {"headline": headline, "area": "-"}
    body = a_document(info=info, before=before, encoding=encoding)
    result = taken(body)
    assert result.headline == headline
    assert result.source_text == a_document(info=info, before=before).decode()


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
    said = f' encoding="{declared}"' if declared else ""
    before = f'<?xml version="1.0"{said}?>\n'
    result = one_warning(a_document(before=before, encoding=encoding), "cma", NOW, charset)
    assert result.headline == INFO["headline"]
    assert result.source_text == a_document(before=before).decode()


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
    with pytest.raises(Refused, match=charset) as caught:
        one_warning(a_document(), "cma", NOW, charset)
    assert caught.value.reason is Refusal.NOT_XML


def test_a_text_that_is_too_long_in_utf_8_is_refused_with_its_length() -> None:
    before = '<?xml version="1.0" encoding="windows-1252"?>'
    body = a_document(
        info={"description": "€" * 200_000, "headline": "x", "event": "x", "area": "-"},
        before=before,
        encoding="windows-1252",
    )
    with pytest.raises(Refused, match="in UTF-8") as caught:
        taken(body)
    assert caught.value.reason is Refusal.TOO_LARGE


def test_latin_text_a_byte_order_mark_and_1_1_are_read() -> None:
    before = '<?xml version="1.0" encoding="ISO-8859-1"?>'
    latin = {"language": "fr-CA", "event": "pluie", "headline": "Évacuation", "area": "-"}
    result = taken(a_document(info=latin, before=before, encoding="iso-8859-1", version="1.1"))
    assert result.headline == "Évacuation"
    assert "<headline>Évacuation</headline>" in result.source_text
    assert taken(b"\xef\xbb\xbf" + a_document()).headline == INFO["headline"]


@given(
    st.sampled_from(["utf-8", "utf-16", "utf-16-be", "gb18030", "big5hkscs", "latin-1", "cp1252"]),
    st.one_of(st.none(), st.sampled_from(["utf-8", "UTF-16", "GBK", "Big5", "latin1", "utf-7"])),
    st.text(max_size=60),
)
def test_any_text_in_any_character_set_is_right_or_refused(
    encoding: str, charset: str | None, noise: str
) -> None:
    """What is taken has no NUL, and is the text that was written where the names agree."""
    safe = noise.replace("&", "&amp;").replace("<", "&lt;")
    before = f'<?xml version="1.0" encoding="{encoding}"?>'
    try:
        body = a_document(
            info={"headline": "x" + safe, "event": "x", "area": "-"},
            before=before,
            encoding=encoding,
        )
    except UnicodeEncodeError:
        return
    try:
        result = one_warning(body, "cma", NOW, charset)
    except Refused:
        return
    assert "\x00" not in result.source_text
    if charset is None:
        assert result.source_text == body.decode(encoding)
