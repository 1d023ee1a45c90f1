"""Reasons for a call to an officer, or for none, and the calls before, in names."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shared.contracts.fields import Level, Post, Status
from shared.contracts.ids import content_id
from shared.contracts.pages import Answer, AnswerVerb, Page, PageState, RosterSlot
from shared.contracts.pages import Officer as OfficerOnDuty
from shared.contracts.units import tier_of
from tests.support.console_events import DISTRICT, NOW, SONGJI, VILLAGE, ZHUTUO, a_page, an_alert
from tests.support.console_harness import ConsoleHarness


def answered(page: Page, verb: AnswerVerb, minutes: int) -> Answer:
    at = NOW + timedelta(minutes=minutes)
    return Answer(
        id=content_id("ans", page.page_id, verb),
        status=Status.ACTUAL,
        occurred_at=at,
        sent_at=at,
        origin_unit=page.unit,
        tier=tier_of(page.unit),
        page_id=page.page_id,
        officer_id=page.officer_id,
        verb=verb,
    )


def on_duty(console: ConsoleHarness, officer: str, unit: str) -> None:
    console.deps.directory.apply(
        RosterSlot(
            id=f"slot-{officer}",
            occurred_at=NOW,
            sent_at=NOW,
            origin_unit=DISTRICT,
            tier=tier_of(DISTRICT),
            unit=unit,
            post=Post.B,
            officer=OfficerOnDuty(officer_id=officer, name=officer),
        )
    )


async def why(console: ConsoleHarness, officer: str, path: str) -> dict[str, Any]:
    async with console.client(officer) as client:
        answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


async def test_who_was_called_before_me_and_why_my_turn_came(console: ConsoleHarness) -> None:
    alert = an_alert("flood")
    path = f"/api/alerts/{alert.alert_id}/why"
    await console.project([alert])
    assert (await why(console, "o-town-b", path))["reason"] == "uncalled"

    first = a_page("o-town-b", ZHUTUO, name="flood")
    await console.project([first])
    view = await why(console, "o-town-b", path)
    assert view["reason"] == "first"
    assert [(call["officer_name"], call["own"]) for call in view["calls"]] == [("李远", True)]
    on_duty(console, "o-district-b", DISTRICT)
    assert (await why(console, "o-district-b", path))["reason"] == "waiting"
    assert (await why(console, "o-city-b", path))["reason"] == "no_post"
    async with console.client("o-songji-b") as client:
        assert (await client.get(path)).status_code == 404

    missed = a_page("o-town-b", ZHUTUO, name="flood", version=2, state=PageState.NO_ANSWER)
    second = a_page("o-district-b", DISTRICT, name="flood", rung=1, at=NOW + timedelta(minutes=3))
    await console.project([missed, second])
    view = await why(console, "o-district-b", f"/api/pages/{second.page_id}/why")
    assert view["reason"] == "escalated"
    assert [(call["officer_name"], call["state"]) for call in view["calls"]] == [
        ("李远", "no_answer"),
        ("孙宁", "sent"),
    ]
    assert view["calls"][0]["called_at"] < view["calls"][1]["called_at"]
    # A page is its officer's own; a unit above is not named to the units below.
    async with console.client("o-town-b") as client:
        assert (await client.get(f"/api/pages/{second.page_id}/why")).status_code == 404
    town = await why(console, "o-town-b", path)
    assert [call["officer_name"] for call in town["calls"]] == ["李远", None]

    await console.project([answered(second, AnswerVerb.COMING, 4)])
    on_duty(console, "o-city-b", "500000000000")
    settled = await why(console, "o-city-b", path)
    assert settled["reason"] == "settled"
    assert settled["calls"][1]["answer"] == "coming"


async def test_a_hand_over_is_a_reason_of_its_own(console: ConsoleHarness) -> None:
    alert = an_alert("leak", VILLAGE, level=Level.YELLOW)
    first = a_page("o-village-b", VILLAGE, name="leak")
    later = a_page("o-town-b", ZHUTUO, name="leak", at=NOW + timedelta(minutes=2))
    await console.project([alert, first, later, answered(first, AnswerVerb.HAND_OVER, 1)])
    path = f"/api/alerts/{alert.alert_id}/why"
    assert (await why(console, "o-town-b", path))["reason"] == "handed_over"
    assert (await why(console, "o-village-b", path))["reason"] == "first"
    elsewhere = an_alert("else", SONGJI)
    await console.project([elsewhere, a_page("o-songji-b", SONGJI, name="else")])
    assert (await why(console, "o-city-b", f"/api/alerts/{elsewhere.alert_id}/why"))["reason"] in (
        "no_post",
        "waiting",
    )
