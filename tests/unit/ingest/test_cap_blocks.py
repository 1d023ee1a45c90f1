"""The parts of a CAP document that count: the most severe block, national codes, areas, hours."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.ingest.core.cap.warning import accept_warning
from shared.contracts.fields import Level
from shared.contracts.reports import ExternalWarning
from shared.contracts.units import NO_UNIT, tier_of
from tests.support.cap import CITY, INFO, a_document, elements

NOW = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def accepted(body: bytes) -> ExternalWarning:
    return accept_warning(body, "cma", NOW, receiver=CITY)


def without_info(body: bytes, blocks: str) -> bytes:
    """Return the document with these blocks in place of its own."""
    return body[: body.index(b"<info>")] + blocks.encode() + b"</alert>"


def area(*codes: tuple[str, str]) -> str:
    pairs = "".join(
        f"<geocode><valueName>{name}</valueName><value>{value}</value></geocode>"
        for name, value in codes
    )
    return f"<areaDesc>x</areaDesc>{pairs}"


def test_areas_are_divisions_and_nothing_that_looks_like_them() -> None:
    divisions = area(
        ("division", "500118118201"),
        ("GB/T 2260-2007", "500118"),
        ("AdCode", "500000"),
        ("行政区划代码", "500118118"),
        ("ｇｂ／ｔ ２２６０", "500118"),
    )
    result = accepted(a_document(info={"area": divisions}))
    assert result.areas == ("500118118201", "500118000000", "500000000000", "500118118000")
    foreign = area(
        ("SAME", "548001"),
        ("FIPS6", "006109"),
        ("PSGC", "137400000"),
        ("x", "500118"),
        ("division", "3537064"),
        ("division", "990000"),
        ("division", "50"),
    )
    assert accepted(a_document(info={"area": foreign})).areas == ()


@pytest.mark.parametrize(
    ("receiver", "areas", "concerned"),
    [
        ("510100000000", ["510000"], ("510100000000",)),
        ("510104000000", ["510000000"], ("510104000000",)),
        ("510100000000", ["520000", "510104"], ("520000000000", "510104000000")),
        ("510100000000", ["510100", "510000"], ("510100000000",)),
        ("429004000000", ["420000", "429000"], ("429004000000",)),
        ("420100000000", ["429000"], ("429000000000",)),
        ("500000000000", ["500000"], ("500000000000",)),
        (NO_UNIT, ["510000"], ("510000000000",)),
    ],
)
def test_a_warning_about_the_province_is_about_the_installation(
    receiver: str, areas: list[str], concerned: tuple[str, ...]
) -> None:
    body = a_document(info={"area": area(*(("division", code) for code in areas))})
    result = accept_warning(body, "cma", NOW, receiver=receiver)
    assert (result.origin_unit, result.tier) == (receiver, tier_of(receiver))
    assert result.areas == concerned


def test_chinese_is_shown_where_there_are_several_languages_and_all_areas_count() -> None:
    english = {**INFO, "language": "en", "headline": "Rainstorm", "area": "-"}
    second = "<info>" + "".join(f"<{k}>{v}</{k}>" for k, v in INFO.items()) + "</info>"
    result = accepted(a_document(info=english, more=second))
    assert result.headline == INFO["headline"]
    assert result.areas == ("500118118000",)


def a_block(**changes: str) -> str:
    """Return a further block: the valid block with these elements in place of its own."""
    return f"<info>{elements({**INFO, **changes})}</info>"


def geocode(code: str) -> str:
    pair = f"<valueName>division</valueName><value>{code}</value>"
    return f"<areaDesc>x</areaDesc><geocode>{pair}</geocode>"


def event_code(code: str, name: str = "GB/T 35561") -> str:
    return f"<valueName>{name}</valueName><value>{code}</value>"


GALE = {
    "event": "大风",
    "eventCode": event_code("11B05"),
    "severity": "Minor",
    "headline": "大风蓝色预警",
    "expires": "2026-07-01T17:00:00+08:00",
    "area": geocode("500117"),
}
RAINSTORM = {
    "severity": "Extreme",
    "headline": "暴雨红色预警",
    "effective": "2026-07-01T16:30:00+08:00",
    "area": geocode("500118"),
}


@pytest.mark.parametrize("order", [1, -1])
def test_the_gravest_block_counts_with_its_own_event_areas_and_hours(order: int) -> None:
    blocks = [a_block(**GALE), a_block(**RAINSTORM)][::order]
    result = accepted(without_info(a_document(), "".join(blocks)))
    assert (result.event_type, result.level) == ("11B03", Level.RED)
    assert (result.headline, result.areas) == ("暴雨红色预警", ("500118000000",))
    assert result.effective_at == datetime(2026, 7, 1, 8, 30, tzinfo=UTC)
    assert result.expires_at == datetime(2026, 7, 1, 13, 55, tzinfo=UTC)
    assert "大风蓝色预警" in result.source_text


def test_of_equally_grave_blocks_a_chinese_counts_and_then_the_first() -> None:
    english = {"language": "en-US", "headline": "Rainstorm", "event": "Rainstorm"}
    blocks = a_block(**english), a_block(headline="甲"), a_block(headline="乙")
    assert accepted(without_info(a_document(), "".join(blocks))).headline == "甲"
    graver = a_block(**english, severity="Extreme"), a_block()
    assert accepted(without_info(a_document(), "".join(graver))).level is Level.RED


def test_a_translation_brings_the_code_and_the_areas_that_the_first_lacks() -> None:
    chinese = a_block(eventCode="-", area="-")
    english = a_block(language="en", headline="Rainstorm", event="Rainstorm")
    result = accepted(without_info(a_document(), chinese + english))
    assert (result.headline, result.event_type) == (INFO["headline"], "11B03")
    assert result.areas == ("500118118000",)


@pytest.mark.parametrize(
    ("info", "event_type"),
    [
        ({"eventCode": event_code("11A02")}, "11A02"),
        ({"eventCode": event_code("11A02", "GB/T 35561—2017")}, "11A02"),
        ({"eventCode": event_code("11A02", "eventType")}, "11A02"),
        ({"eventCode": "-", "parameter": event_code("11A02", "事件编码")}, "11A02"),
        ({"eventCode": event_code("120", "windGust")}, None),
        ({"eventCode": "-", "parameter": event_code("115", "rain")}, None),
        ({"eventCode": "-", "parameter": event_code("11B03", "previousEvent")}, None),
        ({"eventCode": event_code("SVR", "GB/T 35561")}, None),
    ],
)
def test_a_code_counts_where_it_is_said_to_be_of_the_national_list(
    info: dict[str, str], event_type: str | None
) -> None:
    assert accepted(a_document(info=info)).event_type == event_type
