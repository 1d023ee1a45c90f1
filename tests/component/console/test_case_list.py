"""The list of cases on a real Postgres: each incident and free command once, with all filters."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.console.features.sensors import queries as sensor_queries
from shared.contracts.alarms import AlarmTransition
from shared.contracts.alerts import AlertState
from shared.contracts.cases import CaseReview
from shared.contracts.commands import CommandState
from shared.contracts.fields import DataGrade, Level, Post, Status, Tier
from shared.contracts.ids import content_id
from shared.contracts.refusals import RefusedFor
from tests.support.console_events import (
    CITY,
    DISTRICT,
    NOW,
    SONGJI,
    VILLAGE,
    ZHUTUO,
    a_command,
    an_alarm,
    an_alert,
    an_assignment,
)
from tests.support.console_harness import ConsoleHarness

DAY = timedelta(days=1)


def closed_alert(name: str, place: str = ZHUTUO, **more: Any) -> Any:
    return an_alert(name, place, state=AlertState.LIFTED, version=4, **more)


def a_review(case_id: str) -> CaseReview:
    return CaseReview(
        id=content_id("rev", case_id),
        occurred_at=NOW,
        sent_at=NOW,
        origin_unit=CITY,
        tier=Tier.CITY,
        case_id=case_id,
        officer_id="o-city-b",
        post=Post.B,
        text="及时",
        findings=(),
    )


async def result(
    console: ConsoleHarness, officer: str = "o-city-b", **query: Any
) -> list[dict[str, Any]]:
    async with console.client(officer) as client:
        answer = await client.get("/api/cases", params=query)
    assert answer.status_code == 200, answer.text
    cases: list[dict[str, Any]] = answer.json()["cases"]
    return cases


async def ids(console: ConsoleHarness, officer: str = "o-city-b", **query: Any) -> list[str]:
    return [row["case_id"] for row in await result(console, officer, **query)]


@pytest.fixture
async def filled(console: ConsoleHarness) -> ConsoleHarness:
    """Return cases: an open incident of two alerts, a closed and an evaluated incident, a free
    command."""
    first = an_alert("first", state=AlertState.LIFTED, at=NOW - 2 * DAY, headline="水位 100%_涨")
    second = an_alert("second", at=NOW - DAY).model_copy(update={"incident_id": first.incident_id})
    order = a_command("order", alert=first.alert_id, at=NOW)
    over = closed_alert("over", SONGJI, at=NOW - 5 * DAY, level=None, proposed=Level.BLUE)
    completed = closed_alert("done", DISTRICT, at=NOW - 9 * DAY)
    free = a_command("free", SONGJI, issuer=DISTRICT, state=CommandState.CLOSED, at=NOW - 7 * DAY)
    part = an_assignment(order, VILLAGE)
    drill = an_alert("drill", status=Status.EXERCISE)
    await console.project(
        [first, second, order, part, over, completed, a_review(completed.alert_id), free, drill]
    )
    return console


FIRST, OVER, CLOSED_CASE = (content_id("alt", name) for name in ("first", "over", "done"))
FREE = content_id("cmd", "free")


async def test_an_incident_is_one_case_and_the_newest_comes_first(filled: ConsoleHarness) -> None:
    cases = await result(filled)
    assert [case["case_id"] for case in cases] == [FIRST, OVER, FREE, CLOSED_CASE]
    assert [case["state"] for case in cases] == ["open", "closed", "closed", "evaluated"]
    assert [(case["alerts"], case["commands"]) for case in cases] == [
        (2, 1),
        (1, 0),
        (0, 1),
        (1, 0),
    ]
    assert [case["level"] for case in cases] == ["orange", "blue", "orange", "orange"]
    assert await ids(filled, status="Exercise") == [content_id("alt", "drill")]


async def test_a_case_says_of_itself_what_the_list_says(filled: ConsoleHarness) -> None:
    for row in await result(filled):
        async with filled.client("o-city-b") as client:
            alone = (await client.get(f"/api/cases/{row['case_id']}")).json()
        assert {name: alone[name] for name in ("state", "title", "root", "event_type")} == {
            name: row[name] for name in ("state", "title", "root", "event_type")
        }


async def test_it_is_searched_by_state_level_words_place_and_time(filled: ConsoleHarness) -> None:
    assert await ids(filled, state=["closed", "evaluated"]) == [OVER, FREE, CLOSED_CASE]
    assert await ids(filled, level="blue") == [OVER]
    assert await ids(filled, q="100%_涨") == [FIRST]
    assert await ids(filled, q="%") == [FIRST]
    assert await ids(filled, q="松溉") == [OVER, FREE]
    assert await ids(filled, q=FREE) == [FREE]
    assert await ids(
        filled, since=(NOW - 6 * DAY).isoformat(), until=(NOW - 3 * DAY).isoformat()
    ) == [OVER]


async def test_a_case_began_with_its_first_fact_whatever_came_after(
    console: ConsoleHarness,
) -> None:
    at = [NOW - 3 * DAY, NOW - DAY, NOW]
    for version, moment in enumerate(at, start=1):
        await console.project([an_alert("long", version=version, at=moment)])
    later = an_alert("later", at=NOW - 2 * DAY, version=1).model_copy(
        update={"incident_id": an_alert("long").incident_id}
    )
    await console.project([later])  # its newest version is older than that of the first
    (case,) = await result(console)
    assert case["case_id"] == content_id("alt", "long")
    assert case["began"].startswith(at[0].strftime("%Y-%m-%dT%H:%M:%S"))
    assert case["changed"].startswith(at[2].strftime("%Y-%m-%dT%H:%M:%S"))


async def test_a_cursor_goes_through_all_of_them_once(filled: ConsoleHarness) -> None:
    case_ids: list[str] = []
    cursor = ""
    async with filled.client("o-city-b") as client:
        for _ in range(5):
            part = (await client.get("/api/cases", params={"limit": 1, "after": cursor})).json()
            case_ids += [case["case_id"] for case in part["cases"]]
            cursor = part["next"]
            if not cursor:
                break
    assert case_ids == [FIRST, OVER, FREE, CLOSED_CASE]


async def test_each_sees_what_concerns_his_subtree(filled: ConsoleHarness) -> None:
    assert await ids(filled, "o-town-b") == [FIRST]
    assert await ids(filled, "o-songji-b") == [OVER, FREE]
    assert await ids(filled, "o-village-b") == [FIRST]  # it has an assignment there
    async with filled.client("o-town-b") as client:
        answer = await client.get("/api/cases", params={"place": SONGJI})
    assert answer.json()["reason"] == RefusedFor.OUTSIDE_SUBTREE


async def test_a_graded_title_is_neither_shown_nor_found_from_below(filled: ConsoleHarness) -> None:
    secret = an_alert("first", version=9, at=NOW - 2 * DAY, headline="机密线索").model_copy(
        update={"data_grade": DataGrade.IMPORTANT}
    )
    await filled.project([secret])
    (case,) = await result(filled, "o-village-b")
    assert (case["title"], case["masked"]) == ("", True)
    assert await ids(filled, "o-village-b", q="机密") == []
    assert await ids(filled, "o-town-b", q="机密") == [FIRST]


@pytest.mark.parametrize("after", ["x", "2026-13-45T99:99:99Z~a", "~"])
async def test_what_is_no_cursor_is_refused(filled: ConsoleHarness, after: str) -> None:
    async with filled.client("o-city-b") as client:
        answer = await client.get("/api/cases", params={"after": after})
    assert answer.status_code == 422


async def test_the_name_of_a_case_ends_with_its_peak(
    console: ConsoleHarness,
) -> None:
    alarm = an_alarm("flood")
    alert = an_alert(
        "flood", alarm_ids=(alarm.alarm_id,), headline="朱沱站洪水：超保证水位 ‖ Zhutuo flood"
    )
    await console.project([alarm, alert])
    assert (await result(console))[0]["title"] == "朱沱站洪水：超保证水位 ‖ Zhutuo flood"
    async with console.deps.database.transaction() as work:
        await sensor_queries.write_peaks(work.connection, [(alarm.alarm_id, 214.68, NOW)])
    cleared = alarm.model_copy(update={"version": 2, "transition": AlarmTransition.CLEARED})
    await console.project([cleared])  # a later record of the alarm leaves its peak
    (case,) = await result(console)
    name = "朱沱站洪水：超保证水位，最高 214.68 m"
    assert case["title"] == f"{name} ‖ Zhutuo flood, peak 214.68 m"
    async with console.client("o-city-b") as client:
        detail = await client.get(f"/api/cases/{case['case_id']}")
        assert detail.json()["title"] == case["title"]
        page = await client.get(f"/api/cases/{case['case_id']}/export?format=html")
    assert name in page.text
