"""Decisions beside the next step, and silences, through the API: records, doors, lists."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from shared.contracts.alerts import AlertDecision, AlertState, Debt, Signature
from shared.contracts.duty import DayKind
from shared.contracts.fields import Level, Post, Status
from shared.contracts.silences import Matcher, SilenceEvent, SilenceKind, WeeklyWindow
from shared.contracts.topics import ALERT_DECISIONS, SILENCES, TOPICS
from shared.contracts.units import tier_of
from tests.support.console_events import CITY, DISTRICT, NOW, SONGJI, ZHUTUO, a_page, an_alert
from tests.support.console_harness import ConsoleHarness, hours_ahead


async def post(console: ConsoleHarness, officer: str, path: str, body: Any) -> Any:
    async with console.client(officer) as client:
        return await client.post(path, json=body)


async def read(console: ConsoleHarness, officer: str, path: str, **query: Any) -> Any:
    async with console.client(officer) as client:
        answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def decided(console: ConsoleHarness) -> AlertDecision:
    record = console.kafka.sent[-1]
    assert record.topic == ALERT_DECISIONS.name
    alert_decision: AlertDecision = TOPICS[record.topic].model.validate_json(record.body)
    return alert_decision


def in_force(name: str = "a", **more: Any) -> Any:
    values: dict[str, Any] = {
        "state": AlertState.ISSUED,
        "level": Level.ORANGE,
        "authority_unit": CITY,
        "expires_at": NOW + timedelta(hours=24),
        **more,
    }
    return an_alert(name, **values)


async def test_a_recall_is_one_record(console: ConsoleHarness) -> None:
    alert = in_force()
    await console.project([alert])
    path = f"/api/alerts/{alert.alert_id}/decisions"
    output = await post(console, "o-city-b", path, {"verb": "recall", "reason": "误报"})
    assert output.status_code == 202
    assert (decided(console).verb, decided(console).level) == ("recall", Level.ORANGE)
    repeated = await post(console, "o-city-b", path, {"verb": "recall", "reason": "误报"})
    assert repeated.json() == {**output.json(), "repeated": True}
    assert (await post(console, "o-town-b", path, {"verb": "recall", "reason": "x"})).json()[
        "reason"
    ] == "not_approver"
    assert (await post(console, "o-city-b", path, {"verb": "recall"})).status_code == 422
    stale = {"verb": "recall", "level": "red", "reason": "x"}
    assert (await post(console, "o-city-b", path, stale)).status_code == 409


async def test_a_recall_is_the_first_of_the_open_pages(console: ConsoleHarness) -> None:
    later = NOW + timedelta(minutes=1)
    pages = [
        a_page("o-town-b", ZHUTUO, name="danger", level=Level.RED, at=later),
        a_page("o-town-b", ZHUTUO, name="false", level=Level.BLUE),
        a_page("o-town-b", ZHUTUO, name="drill", level=Level.RED, status=Status.EXERCISE),
    ]
    over = [
        an_alert("false", state=AlertState.RECALLED, level=Level.BLUE),
        an_alert("drill", state=AlertState.RECALLED, level=Level.RED, status=Status.EXERCISE),
    ]
    await console.project([in_force("danger"), *over, *pages])
    result = (await read(console, "o-town-b", "/api/pages", open=True))["pages"]
    assert [entry["page_id"] for entry in result] == [pages[n].page_id for n in (1, 0, 2)]


async def test_an_adjustment_carries_level_period_and_reason(console: ConsoleHarness) -> None:
    alert = in_force()
    await console.project([alert])
    path = f"/api/alerts/{alert.alert_id}/decisions"
    until = (NOW + timedelta(days=2)).isoformat()
    body = {"verb": "adjust", "level": "red", "valid_until": until, "reason": "上游来水"}
    assert (await post(console, "o-town-b", path, body)).status_code == 202
    result = decided(console)
    assert (result.level, result.valid_until) == (Level.RED, NOW + timedelta(days=2))
    for wrong in ({**body, "level": None}, {**body, "reason": " "}):
        assert (await post(console, "o-town-b", path, wrong)).status_code == 422


async def test_merge_split_and_unmerge_name_what_they_are_about(console: ConsoleHarness) -> None:
    alert, other_alert, far = an_alert("a"), an_alert("b"), an_alert("far", place=SONGJI)
    await console.project([alert, other_alert, far])
    path = f"/api/alerts/{alert.alert_id}/decisions"
    merge = {"verb": "merge", "into": other_alert.alert_id}
    assert (await post(console, "o-town-b", path, merge)).status_code == 202
    assert decided(console).into == other_alert.alert_id
    assert (await post(console, "o-town-b", path, {"verb": "merge"})).status_code == 422
    unseen = {"verb": "merge", "into": far.alert_id}
    assert (await post(console, "o-town-b", path, unseen)).status_code == 404
    split = {"verb": "split", "evidence_ids": ["alm-2", "alm-1", "alm-2"]}
    assert (await post(console, "o-town-b", path, split)).status_code == 202
    assert decided(console).evidence_ids == ("alm-1", "alm-2")
    assert (await post(console, "o-town-b", path, {"verb": "split"})).status_code == 422
    await console.project(
        [an_alert("a", version=2, state=AlertState.MERGED, merged_into=other_alert.alert_id)]
    )
    listed = await read(console, "o-town-b", "/api/alerts", open=True)
    assert alert.alert_id not in {line["alert_id"] for line in listed["alerts"]}
    detail = await read(console, "o-town-b", f"/api/alerts/{alert.alert_id}")
    assert (detail["merged_into"], detail["may_also"]) == (other_alert.alert_id, ["unmerge"])
    assert (await post(console, "o-town-b", path, {"verb": "unmerge"})).status_code == 202


async def test_a_debt_is_shown_and_settled_by_its_debtor(console: ConsoleHarness) -> None:
    debt = Debt(
        unit=CITY,
        approvals=1,
        by_officer="o-town-b",
        by_unit=ZHUTUO,
        due_at=NOW,
        next_at=NOW,
    )
    alert = in_force(debt=debt)
    await console.project([alert])
    detail = await read(console, "o-city-b", f"/api/alerts/{alert.alert_id}")
    assert (detail["debt"]["unit"], detail["debt"]["by_unit"]) == (CITY, ZHUTUO)
    assert detail["may_also"][:2] == ["ratify", "annul"]
    path = f"/api/alerts/{alert.alert_id}/decisions"
    assert (await post(console, "o-city-b", path, {"verb": "ratify"})).status_code == 202
    assert (await post(console, "o-town-b", path, {"verb": "ratify"})).status_code == 403
    assert (await post(console, "o-city-b", path, {"verb": "annul"})).status_code == 422
    await console.project(
        [in_force(debt=debt, version=alert.version + 1, state=AlertState.EXPIRED)]
    )
    detail = await read(console, "o-city-b", f"/api/alerts/{alert.alert_id}")
    assert detail["debt"]["unit"] == CITY, "nobody has signed, and that stays to be seen"
    assert detail["may_also"] == []


async def test_who_issued_red_may_sign_for_more_time_and_has_not_yet(
    console: ConsoleHarness,
) -> None:
    issuers = tuple(
        Signature(officer_id=name, unit=CITY, post=Post.B, level=Level.RED, signed_at=NOW)
        for name in ("o-city-a", "o-city-b")
    )
    requested: dict[str, Any] = {
        "level": Level.RED,
        "proposed": Level.RED,
        "proposed_until": NOW + timedelta(days=2),
        "signatures": issuers,
    }
    await console.project([in_force(**requested)])
    path = f"/api/alerts/{in_force().alert_id}"
    detail = await read(console, "o-city-b", path)
    assert (detail["next"]["signed"], detail["next"]["needed"]) == (0, 2)
    assert "approve" in detail["may"]
    repeated = Signature(**{**dict(issuers[1]), "signed_at": NOW + timedelta(minutes=1)})
    signed = {**requested, "version": 2, "signatures": (*issuers, repeated), "signed": 1}
    await console.project([in_force(**signed)])
    detail = await read(console, "o-city-b", path)
    assert detail["next"]["signed"] == 1
    assert "approve" not in detail["may"]


async def test_a_position_is_a_decision_of_its_own(console: ConsoleHarness) -> None:
    alert = in_force()
    await console.project([alert])
    path = f"/api/alerts/{alert.alert_id}/decisions"
    body = {"verb": "assess", "level": "orange", "assessment": {"response_level": "IV"}}
    assert (await post(console, "o-town-b", path, body)).status_code == 202
    result = decided(console).assessment
    assert result is not None
    assert result.response_level == "IV"
    empty = {"verb": "assess", "assessment": {}}
    assert (await post(console, "o-town-b", path, empty)).status_code == 422


# Silences.


def silence_body(**changes: Any) -> dict[str, Any]:
    return {
        "place": ZHUTUO,
        "event_type": "11A01",
        "begin_at": hours_ahead(0),
        "end_at": hours_ahead(2),
        "reason": "水尺检修",
        "kind": "maintenance",
    } | changes


async def test_a_silence_is_asked_for_once(console: ConsoleHarness) -> None:
    first = await post(console, "o-town-b", "/api/silences", silence_body())
    repeated = await post(console, "o-town-b", "/api/silences", silence_body())
    assert (first.status_code, repeated.json()["repeated"]) == (202, True)
    record = console.kafka.sent[0]
    request = TOPICS[SILENCES.name].model.validate_json(record.body)
    assert (record.topic, record.key) == (SILENCES.name, request.silence_id.encode())
    assert (request.verb, request.officer_id, request.origin_unit) == ("create", "o-town-b", ZHUTUO)
    assert (request.matcher.place, request.kind) == (ZHUTUO, SilenceKind.MAINTENANCE)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"place": SONGJI}, 403),
        ({"place": None, "event_type": None}, 422),
        ({"reason": ""}, 422),
        ({"begin_at": "2026-01-01T00:00:00"}, 422),
        ({"end_at": hours_ahead(-1)}, 422),
        ({"begin_at": hours_ahead(3)}, 422),
        ({"end_at": hours_ahead(7 * 24 + 1)}, 422),
        ({"kind": "silence", "end_at": hours_ahead(25)}, 422),
        ({"begin_at": hours_ahead(31 * 24), "end_at": hours_ahead(31 * 24 + 1)}, 422),
    ],
)
async def test_what_may_not_be_silenced(
    console: ConsoleHarness, changes: dict[str, Any], code: int
) -> None:
    answer = await post(console, "o-town-b", "/api/silences", silence_body(**changes))
    assert answer.status_code == code
    assert console.kafka.sent == []


def a_silence(version: int = 1, place: str = ZHUTUO, **more: Any) -> SilenceEvent:
    values: dict[str, Any] = {
        "id": f"evt-sil-{place}-{version}",
        "status": Status.ACTUAL,
        "occurred_at": NOW,
        "sent_at": NOW + timedelta(seconds=version),
        "origin_unit": DISTRICT,
        "tier": tier_of(DISTRICT),
        "silence_id": f"sil-{place}",
        "version": version,
        "kind": SilenceKind.SILENCE,
        "matcher": Matcher(place=place),
        "unit": DISTRICT,
        "owner": "o-district-b",
        "post": "B",
        "begin_at": NOW,
        "end_at": NOW + timedelta(hours=2),
        "reason": "检修",
    }
    return SilenceEvent.model_validate(values | more, strict=False)


async def test_a_silence_that_ends_with_its_alarms_says_so(console: ConsoleHarness) -> None:
    await post(console, "o-town-b", "/api/silences", silence_body())
    await post(console, "o-town-b", "/api/silences", silence_body(until_cleared=True))
    requests = [TOPICS[SILENCES.name].model.validate_json(item.body) for item in console.kafka.sent]
    assert [request.until_cleared for request in requests] == [False, True]
    assert len({request.silence_id for request in requests}) == 2
    await console.project([a_silence(), a_silence(place=DISTRICT, until_cleared=True)])
    silences = (await read(console, "o-town-b", "/api/silences"))["silences"]
    wishes = {silence["silence_id"]: silence["until_cleared"] for silence in silences}
    assert wishes == {f"sil-{ZHUTUO}": False, f"sil-{DISTRICT}": True}


WEEKLY = {"days": ["saturday"], "daily_from": "10:00", "daily_until": "10:15"}


async def test_a_weekly_silence_has_days_and_hours(console: ConsoleHarness) -> None:
    body = silence_body(end_at=hours_ahead(24 * 60), **WEEKLY)
    assert (await post(console, "o-town-b", "/api/silences", body)).status_code == 202
    request = TOPICS[SILENCES.name].model.validate_json(console.kafka.sent[-1].body)
    weekly = WeeklyWindow(days=(DayKind.SATURDAY,), begin=time(10), until=time(10, 15))
    assert request.weekly == weekly
    now = datetime.now(UTC)
    silence = a_silence(weekly=weekly, begin_at=now, end_at=now + timedelta(days=60))
    await console.project([silence])
    [item] = (await read(console, "o-town-b", "/api/silences"))["silences"]
    assert {name: item[name] for name in WEEKLY} == WEEKLY
    begin, end = (datetime.fromisoformat(item[f"window_{side}"]) for side in ("begin", "end"))
    assert (end - begin, begin.astimezone(UTC).strftime("%H:%M %a")) == (
        timedelta(minutes=15),
        "02:00 Sat",
    )
    later = {"reason": "续期", "end_at": hours_ahead(24 * 90)}
    answer = await post(console, "o-city-b", f"/api/silences/sil-{ZHUTUO}/end", later)
    assert answer.status_code == 202


@pytest.mark.parametrize(
    "changes",
    [
        {"days": []},
        {"days": ["holiday"]},
        {"daily_from": None},
        {"daily_until": "10:00"},
        {"daily_until": "22:01"},
        {"until_cleared": True},
        {"end_at": hours_ahead(24 * 184)},
    ],
)
async def test_weekly_silences_that_are_refused(
    console: ConsoleHarness, changes: dict[str, Any]
) -> None:
    body = silence_body(**({"end_at": hours_ahead(24 * 60)} | WEEKLY | changes))
    answer = await post(console, "o-town-b", "/api/silences", body)
    assert (answer.status_code, console.kafka.sent) == (422, [])


async def test_silences_are_listed_with_their_counts_to_whom_they_concern(
    console: ConsoleHarness,
) -> None:
    await console.project(
        [
            a_silence(2, silenced=3),
            a_silence(1),
            a_silence(place=SONGJI),
            a_silence(place=DISTRICT, ended_at=NOW, still_firing=1),
        ]
    )
    silences = (await read(console, "o-town-b", "/api/silences"))["silences"]
    assert {item["silence_id"] for item in silences} == {f"sil-{ZHUTUO}", f"sil-{DISTRICT}"}
    by_id = {entry["silence_id"]: entry for entry in silences}
    assert (by_id[f"sil-{ZHUTUO}"]["silenced"], by_id[f"sil-{ZHUTUO}"]["may_end"]) == (3, False)
    standing = await read(console, "o-town-b", "/api/silences", standing=True)
    assert [silence["silence_id"] for silence in standing["silences"]] == [f"sil-{ZHUTUO}"]
    drill = await read(console, "o-town-b", "/api/silences", status="Exercise")
    assert drill["silences"] == []


async def test_it_is_ended_or_moved_by_its_unit_or_one_above(console: ConsoleHarness) -> None:
    await console.project([a_silence()])
    path = f"/api/silences/sil-{ZHUTUO}/end"
    assert (await post(console, "o-town-b", path, {"reason": "x"})).status_code == 403
    assert (await post(console, "o-city-b", path, {"reason": "完工"})).status_code == 202
    request = json.loads(console.kafka.sent[-1].body)
    assert (request["verb"], request["silence_id"]) == ("end", f"sil-{ZHUTUO}")
    later = {"reason": "未完", "end_at": hours_ahead(5)}
    assert (await post(console, "o-city-b", path, later)).status_code == 202
    assert json.loads(console.kafka.sent[-1].body)["verb"] == "extend"
    assert (await post(console, "o-city-b", "/api/silences/no/end", later)).status_code == 404
