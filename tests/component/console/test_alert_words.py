"""The words of an alert through the API: a template, an officer's words, what a signature signs."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.alerts import AlertState
from shared.contracts.fields import DataGrade, Level
from shared.contracts.wordings import AlertWording
from shared.domain.alert_templates import AlertSubject, wording_of
from shared.domain.bilingual import Bilingual, bilingual_of
from shared.domain.event_words import EVENTS
from tests.component.console.test_alert_acts import decided, post, read
from tests.support.console_events import CITY, SONGJI, VILLAGE, ZHUTUO, an_alert
from tests.support.console_harness import ConsoleHarness

WORDS: dict[str, Any] = {
    "headline": {"zh": "朱沱镇洪水橙色预警", "en": "Orange flood alert for Zhutuo"},
    "instruction": {"zh": "请转移", "en": "Move"},
    "areas": [ZHUTUO, VILLAGE],
    "polygon": [
        {"lat": 29.0, "lon": 105.8},
        {"lat": 29.1, "lon": 105.8},
        {"lat": 29, "lon": 105.9},
    ],
}


def pending(**more: Any) -> Any:
    return an_alert("a", state=AlertState.PENDING_APPROVAL, approver=CITY, **more)


def paths(alert: Any) -> tuple[str, str]:
    base = f"/api/alerts/{alert.alert_id}"
    return f"{base}/wording", f"{base}/decisions"


async def test_a_signature_signs_the_words_that_were_displayed(console: ConsoleHarness) -> None:
    alert = pending()
    await console.project([alert])
    reading, deciding = paths(alert)
    view = await read(console, "o-city-b", reading)
    assert (view["source"], view["wording"]["level"]) == ("template", "orange")
    assert "重庆市" in view["wording"]["headline"]["zh"]
    assert view["wording"]["headline"]["en"].startswith("Orange alert: ")
    assert view["wording"]["instruction"]["zh"]
    body = {"verb": "approve", "level": "orange", "wording_digest": view["wording"]["digest"]}
    stale = await post(console, "o-city-b", deciding, body | {"wording_digest": "0" * 32})
    assert (stale.status_code, stale.json()["reason"]) == (409, "stale_proposal")
    assert (await post(console, "o-city-b", deciding, body)).status_code == 202
    signed = decided(console).wording
    assert signed is not None
    assert signed.digest() == view["wording"]["digest"]


async def test_words_of_an_officer_are_kept_with_each_language_apart(
    console: ConsoleHarness,
) -> None:
    alert = pending()
    await console.project([alert])
    reading, deciding = paths(alert)
    answer = await post(console, "o-town-b", deciding, {"verb": "word", "wording": WORDS})
    assert answer.status_code == 202, answer.text
    wording = decided(console).wording
    assert wording is not None
    assert wording.headline == "朱沱镇洪水橙色预警 ‖ Orange flood alert for Zhutuo"
    await console.project([alert.model_copy(update={"version": 2, "wording": wording})])
    view = await read(console, "o-city-b", reading)
    assert (view["source"], view["wording"]["headline"]) == ("proposed", WORDS["headline"])
    assert [area["unit"] for area in view["wording"]["areas"]] == [ZHUTUO, VILLAGE]
    issued = {
        "version": 3,
        "state": AlertState.ISSUED,
        "level": Level.ORANGE,
        "wording": wording,
        "issued_wording": wording,
    }
    await console.project([alert.model_copy(update=issued)])
    detail = await read(console, "o-town-b", f"/api/alerts/{alert.alert_id}")
    assert detail["issued_wording"]["instruction"] == WORDS["instruction"]
    assert "word" in (await read(console, "o-city-b", f"/api/alerts/{alert.alert_id}"))["may_also"]


@pytest.mark.parametrize(
    ("officer", "change", "status"),
    [
        ("o-songji-b", {}, 404),
        ("o-town-b", {"headline": {"zh": "", "en": ""}}, 422),
        ("o-town-b", {"areas": []}, 422),
        ("o-town-b", {"polygon": WORDS["polygon"][:2]}, 422),
        ("o-town-b", {"areas": [SONGJI]}, 202),
    ],
)
async def test_who_may_write_what(
    console: ConsoleHarness, officer: str, change: dict[str, Any], status: int
) -> None:
    alert = pending()
    await console.project([alert])
    body = {"verb": "word", "wording": WORDS | change}
    assert (await post(console, officer, paths(alert)[1], body)).status_code == status


async def test_the_template_of_a_graded_alert_repeats_no_evidence(console: ConsoleHarness) -> None:
    alert = pending(data_grade=DataGrade.IMPORTANT)
    await console.project([alert])
    view = await read(console, "o-city-b", paths(alert)[0])
    assert alert.headline not in view["wording"]["description"]["zh"]


def test_every_kind_and_level_has_a_template_in_both_languages() -> None:
    place = Bilingual("朱沱镇", "Zhutuo")
    for event_type in EVENTS:
        subject = AlertSubject(event_type, place, Bilingual("永川区", "Yongchuan"), ["500118118000"],
                               [place], Bilingual("水位超限", "Too high"))  # fmt: skip
        texts = {level: wording_of(subject, level) for level in Level}
        assert all(isinstance(wording, AlertWording) for wording in texts.values())
        for level, wording in texts.items():
            for text in (wording.headline, wording.description, wording.instruction):
                words = bilingual_of(text)
                assert words.zh != words.en, (event_type, level)
        assert "提示" in texts[Level.NOTICE].headline
        assert texts[Level.RED].instruction != texts[Level.BLUE].instruction
