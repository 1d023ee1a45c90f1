"""Duty plans through the API: shown, changed as records, files in and out."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import httpx2

from shared.contracts.duty import (
    DutyCoverage,
    DutyEntry,
    DutyRequest,
    DutyRule,
    Gap,
    Leave,
    Member,
    Rotation,
)
from shared.contracts.fields import Post, ResponseMode
from shared.contracts.ids import content_id, transition_id
from shared.contracts.pages import Officer
from shared.contracts.topics import DUTY_REQUESTS
from shared.contracts.units import tier_of
from tests.component.console.test_modes import a_mode
from tests.support.console_events import DISTRICT, SONGJI, VILLAGE, ZHUTUO
from tests.support.console_harness import ConsoleHarness

HOUR = timedelta(hours=1)
BEGIN = "2026-07-01T08:00:00+08:00"


def an_entry(
    entry: str, rule: DutyRule, place: int, unit: str = ZHUTUO, **second_value: Any
) -> DutyEntry:
    now = datetime.now(UTC)
    version = second_value.pop("version", 1)
    return DutyEntry(
        id=transition_id(f"{unit}:{entry}", version),
        occurred_at=now,
        sent_at=now,
        origin_unit=unit,
        tier=tier_of(unit),
        entry_id=entry,
        version=version,
        place=place,
        unit=unit,
        rule=rule,
        actor="o-town-b",
        **second_value,
    )


def a_member(officer: str, name: str) -> Member:
    return Member(officer=Officer(officer_id=officer, name=name, phone="13800000001"))


def a_plan() -> list[DutyEntry]:
    begins = datetime.now(UTC) - 3 * HOUR
    turns = Rotation(
        post=Post.B,
        members=("li", "ma"),
        starts=begins.date(),
        handover=time(begins.hour, begins.minute),
        turn_hours=12,
        zone="UTC",
    )
    return [
        an_entry("m-li", a_member("li", "<b>李</b>"), 1),
        an_entry("m-ma", a_member("ma", "马"), 2),
        an_entry("turns", turns, 3),
    ]


def a_coverage(unit: str, hours: float) -> DutyCoverage:
    now = datetime.now(UTC)
    begin = now + hours * HOUR
    return DutyCoverage(
        id=content_id("cov", unit, str(hours)),
        occurred_at=now,
        sent_at=now,
        origin_unit=unit,
        tier=tier_of(unit),
        unit=unit,
        post=Post.B,
        begin=now,
        end=now + timedelta(days=30),
        gaps=(Gap(begin=begin, end=begin + HOUR),),
        headline="空班",
    )


async def ask(
    console: ConsoleHarness, officer: str, method: str, path: str, **more: Any
) -> httpx2.Response:
    async with console.client(officer) as client:
        return await client.request(method, path, **more)


def requests(console: ConsoleHarness) -> list[DutyRequest]:
    return [DUTY_REQUESTS.model.validate_json(outgoing.body) for outgoing in console.kafka.sent]


async def test_a_plan_says_who_is_on_and_what_makes_it_so(console: ConsoleHarness) -> None:
    await console.project(a_plan())
    view = (await ask(console, "o-town-b", "GET", "/api/duty?days=2")).json()
    (post,) = view["posts"]
    assert post["post"] == "B"
    assert [turn["officer_id"] for turn in post["turns"][:3]] == ["li", "ma", "li"]
    assert post["turns"][0]["name"] == "<b>李</b>", "text is data; the page shows it as text"
    assert [entry["entry_id"] for entry in view["entries"]] == ["m-li", "m-ma", "turns"]
    assert view["entries"][0]["rule"]["officer"]["phone"] == "13800000001"


async def test_the_plan_shown_is_that_of_the_mode_that_holds(console: ConsoleHarness) -> None:
    war = a_plan()[2].rule.model_copy(
        update={"members": ("ma",), "modes": (ResponseMode.EMERGENCY,)}
    )
    plan = [*a_plan(), an_entry("war", war, 4)]
    await console.project(plan)
    for mode, expected in ((None, "li"), (ResponseMode.EMERGENCY, "ma")):
        if mode is not None:
            await console.project([a_mode(DISTRICT, mode)])
        view = (await ask(console, "o-town-b", "GET", "/api/duty?days=1")).json()
        assert view["mode"] == (mode or ResponseMode.NORMAL)
        assert view["posts"][0]["turns"][0]["officer_id"] == expected


async def test_another_unit_s_numbers_are_masked_and_strangers_see_nothing(
    console: ConsoleHarness,
) -> None:
    await console.project(a_plan())
    path = f"/api/duty?unit={ZHUTUO}"
    from_above = await ask(console, "o-district-b", "GET", path)
    assert "13800000001" not in from_above.text
    assert "<b>李</b>" in from_above.text
    assert (await ask(console, "o-songji-b", "GET", path)).status_code == 403
    assert (await ask(console, "o-village-b", "GET", path)).status_code == 403


async def test_a_newer_version_wins_and_a_cancelled_entry_is_gone(console: ConsoleHarness) -> None:
    plan = a_plan()
    away = Leave(officer_id="li", begin=plan[0].sent_at - HOUR, end=plan[0].sent_at + 5 * HOUR)
    await console.project(plan)
    await console.project([an_entry("away", away, 4)])
    view = (await ask(console, "o-town-b", "GET", "/api/duty")).json()
    assert view["posts"][0]["turns"][0]["officer_id"] is None
    await console.project([an_entry("away", away, 5, version=2, cancelled=True)])
    await console.project([an_entry("away", away, 4)])
    view = (await ask(console, "o-town-b", "GET", "/api/duty")).json()
    assert view["posts"][0]["turns"][0]["officer_id"] == "li"
    assert len(view["entries"]) == 3


async def test_a_change_is_a_record_and_twice_the_same_is_one(console: ConsoleHarness) -> None:
    body = {
        "rule": {
            "kind": "leave",
            "officer_id": "li",
            "begin": "2026-07-01T08:00:00+08:00",
            "end": "2026-07-02T08:00:00+08:00",
            "reason": "病假",
        },
        "version": 0,
    }
    path = f"/api/duty/entries/away?unit={ZHUTUO}"
    first = await ask(console, "o-town-b", "PUT", path, json=body)
    second = await ask(console, "o-town-b", "PUT", path, json=body)
    assert (first.status_code, second.json()["repeated"]) == (202, True)
    request = requests(console)[0]
    assert (request.verb, request.entry_id, request.unit) == ("put", "away", ZHUTUO)
    assert (request.officer_id, request.origin_unit) == ("o-town-b", ZHUTUO)
    assert isinstance(request.rule, Leave)
    above = await ask(console, "o-district-b", "PUT", path, json=body)
    assert above.status_code == 202
    for officer in ("o-songji-b", "o-village-b"):
        assert (await ask(console, officer, "PUT", path, json=body)).status_code == 403


async def test_what_makes_no_sense_is_named(console: ConsoleHarness) -> None:
    path = f"/api/duty/entries/x?unit={ZHUTUO}"
    for rule in (
        {"kind": "holiday"},
        {"kind": "leave", "officer_id": "li", "begin": "2026-07-01T08:00:00", "end": "x"},
        {"kind": "rotation", "post": "B", "members": [], "starts": "2026-07-01"},
        {"kind": "rotation", "post": "B", "members": ["li"], "starts": "0001-01-01"},
        {"kind": "rotation", "post": "B", "members": ["li"], "starts": "9999-12-31"},
        {"kind": "leave", "officer_id": "li", "begin": BEGIN, "end": "9999-12-31T23:59:59-23:59"},
        {"kind": "leave", "officer_id": "li", "begin": "0001-01-01T00:00:00+14:00", "end": BEGIN},
    ):
        refused = await ask(console, "o-town-b", "PUT", path, json={"rule": rule})
        assert (refused.status_code, refused.json()["reason"]) == (422, "invalid")
    assert console.kafka.sent == []


async def test_cancel_needs_an_entry(console: ConsoleHarness) -> None:
    path = f"/api/duty/entries/turns/cancel?unit={ZHUTUO}"
    assert (await ask(console, "o-town-b", "POST", path)).status_code == 404
    await console.project(a_plan())
    assert (await ask(console, "o-town-b", "POST", path)).status_code == 202
    (request,) = requests(console)
    assert (request.verb, request.entry_id) == ("cancel", "turns")


async def test_gaps_of_the_subtree_the_next_first(console: ConsoleHarness) -> None:
    await console.project([a_coverage(SONGJI, 50), a_coverage(ZHUTUO, 9), a_coverage(VILLAGE, 7)])
    result = (await ask(console, "o-district-b", "GET", "/api/duty/gaps")).json()["gaps"]
    assert [entry["unit"] for entry in result] == [VILLAGE, ZHUTUO, SONGJI]
    own = (await ask(console, "o-village-b", "GET", "/api/duty/gaps")).json()["gaps"]
    assert [item["unit"] for item in own] == [VILLAGE]


async def test_a_plan_goes_out_as_csv_and_comes_in_again(console: ConsoleHarness) -> None:
    await console.project(a_plan())
    path = f"/api/duty/export?unit={ZHUTUO}&format=csv"
    out = await ask(console, "o-town-b", "GET", path)
    assert out.headers["content-type"].startswith("text/csv")
    assert "attachment" in out.headers["content-disposition"]
    assert (await ask(console, "o-songji-b", "GET", path)).status_code == 403
    response = await ask(
        console,
        "o-district-b",
        "POST",
        f"/api/duty/import?unit={DISTRICT}&format=csv",
        content=out.content,
    )
    assert (response.status_code, response.json()) == (202, {"entries": 3})
    assert [request.rule.kind for request in requests(console) if request.rule] == [
        "member",
        "member",
        "rotation",
    ]
    repeated = await ask(
        console, "o-district-b", "POST", f"/api/duty/import?unit={DISTRICT}", content=out.content
    )
    assert repeated.status_code == 202
    assert len({request.id for request in requests(console)}) == 3, "the same file is the same acts"


async def test_a_calendar_goes_out_and_comes_in_as_shifts(console: ConsoleHarness) -> None:
    await console.project(a_plan())
    out = await ask(console, "o-town-b", "GET", f"/api/duty/export?unit={ZHUTUO}&format=ics")
    assert out.headers["content-type"].startswith("text/calendar")
    response = await ask(
        console,
        "o-town-b",
        "POST",
        f"/api/duty/import?unit={ZHUTUO}&format=ics",
        content=out.content,
    )
    assert response.status_code == 202
    assert response.json()["entries"] == len(requests(console)) >= 60


async def test_a_wrong_file_is_not_taken_at_all(console: ConsoleHarness) -> None:
    text = "kind,officer_id,name\nmember,li,李\nmember,,nobody\n"
    refused = await ask(
        console, "o-town-b", "POST", f"/api/duty/import?unit={ZHUTUO}", content=text.encode()
    )
    assert refused.status_code == 422
    assert "line 3" in refused.json()["errors"][0]["what"]
    huge = b"kind\n" + b"x" * 1_100_000
    path = f"/api/duty/import?unit={ZHUTUO}"
    assert (await ask(console, "o-town-b", "POST", path, content=huge)).status_code == 413
    assert console.kafka.sent == []
