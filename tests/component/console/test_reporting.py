"""Upward reports through the API: rights, repeats, changes, duties and masking."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from shared.contracts.fields import Level, Post, Status
from shared.contracts.ids import content_id, report_duty_id, transition_id
from shared.contracts.reports import (
    CountedReport,
    DutyState,
    Means,
    Report,
    ReportDuty,
    ReporterRole,
    ReportFacts,
    ReportKind,
    Trend,
)
from shared.contracts.supervision import SupervisionEvent, SupervisionKind
from shared.contracts.topics import REPORTS
from shared.contracts.units import tier_of
from tests.support.console_events import CITY, DISTRICT, SONGJI, VILLAGE, ZHUTUO, an_alert
from tests.support.console_harness import ConsoleHarness


async def post(
    console: ConsoleHarness, officer: str | None, body: dict[str, Any], key: str | None = None
) -> httpx2.Response:
    headers = {"idempotency-key": key} if key else {}
    async with console.client(officer) as client:
        return await client.post("/api/reports", json=body, headers=headers)


async def get(console: ConsoleHarness, officer: str, path: str, **query: Any) -> Any:
    async with console.client(officer) as client:
        answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def a_body(**change: Any) -> dict[str, Any]:
    return {
        "incident_id": an_alert("a").incident_id,
        "kind": "initial",
        "means": "written",
        "headline": "朱沱镇汛情初报",
        "facts": {"dead": 0, "trapped": 5, "event_at": "2026-07-01T08:00:00Z", "trend": "rising"},
        **change,
    }


def a_report(key: str, minutes: float = 0, **change: Any) -> Report:
    at = an_alert("a").sent_at + timedelta(minutes=minutes)
    return Report(
        **{
            "id": f"rpt-{key}",
            "occurred_at": at,
            "sent_at": at,
            "origin_unit": ZHUTUO,
            "tier": tier_of(ZHUTUO),
            "incident_id": an_alert("a").incident_id,
            "kind": ReportKind.INITIAL,
            "event_type": "11A01",
            "place": ZHUTUO,
            "reporter_id": "o-town-b",
            "reporter_role": ReporterRole.OFFICER,
            "headline": "朱沱镇汛情",
            "means": Means.WRITTEN,
            "from_unit": ZHUTUO,
            "to_unit": DISTRICT,
            **change,
        }
    )


def a_duty(now: datetime, unit: str = ZHUTUO, to_unit: str = DISTRICT, **change: Any) -> ReportDuty:
    """Return a duty that began ten minutes ago: the call is late, the text is due soon."""
    alert = an_alert("a")
    duty = report_duty_id(Status.ACTUAL, alert.alert_id, unit, to_unit)
    version = change.get("version", 1)
    return ReportDuty(
        **{
            "id": transition_id(duty, version),
            "occurred_at": now,
            "sent_at": now,
            "origin_unit": unit,
            "tier": tier_of(unit),
            "duty_id": duty,
            "version": version,
            "alert_id": alert.alert_id,
            "incident_id": alert.incident_id,
            "event_type": "11A01",
            "place": ZHUTUO,
            "unit": unit,
            "to_unit": to_unit,
            "level": Level.RED,
            "title": "朱沱水位",
            "state": DutyState.OWED,
            "started_at": now - timedelta(minutes=10),
            "phone_due": now - timedelta(minutes=1),
            "written_due": now + timedelta(minutes=5),
            **change,
        }
    )


def a_firing(duty: ReportDuty) -> SupervisionEvent:
    number = content_id("esc", duty.duty_id)
    return SupervisionEvent(
        id=number,
        occurred_at=duty.phone_due,
        sent_at=duty.phone_due,
        origin_unit=duty.unit,
        tier=tier_of(duty.unit),
        supervision_id=number,
        kind=SupervisionKind.ESCALATED,
        clock="report_phone",
        subject_id=duty.duty_id,
        incident_id=duty.incident_id,
        unit=duty.unit,
        rung=3,
        target_unit=DISTRICT,
        target_post=Post.B,
        due_at=duty.phone_due + timedelta(seconds=30),
        level=duty.level,
        title=duty.title,
    )


async def test_a_report_goes_up_as_a_record_on_its_topic(console: ConsoleHarness) -> None:
    await console.project([an_alert("a"), a_report("0")])
    answer = await post(console, "o-town-b", a_body(kind="follow_up"))
    assert answer.status_code == 202, answer.text
    (sent,) = console.kafka.sent
    report = REPORTS.model.validate_json(sent.body)
    assert (sent.topic, sent.key) == (REPORTS.name, report.incident_id.encode())
    assert (report.from_unit, report.to_unit, report.means) == (ZHUTUO, DISTRICT, Means.WRITTEN)
    assert (report.place, report.event_type) == (an_alert("a").place, an_alert("a").event_type)
    assert (report.follows, report.references) == ("rpt-0", ("rpt-0",))
    assert report.facts == ReportFacts(
        dead=0,
        trapped=5,
        event_at=datetime.fromisoformat("2026-07-01T08:00:00Z"),
        trend=Trend.RISING,
    )


async def test_a_double_click_is_one_report_and_another_content_a_conflict(
    console: ConsoleHarness,
) -> None:
    await console.project([an_alert("a")])
    first = await post(console, "o-town-b", a_body())
    repeated = await post(console, "o-town-b", a_body())
    assert (first.json()["id"], repeated.json()["repeated"]) == (repeated.json()["id"], True)
    assert console.kafka.sent[0].value == console.kafka.sent[1].value
    await console.project([REPORTS.model.validate_json(console.kafka.sent[0].body)])
    projected = await post(console, "o-town-b", a_body())
    assert projected.json()["repeated"], "it does not follow itself"
    response = await post(console, "o-town-b", a_body(headline="另一份"))
    assert response.status_code == 409
    keyed = await post(console, "o-town-b", a_body(headline="另一份"), key="k-1")
    assert keyed.status_code == 202
    assert keyed.json()["id"] != first.json()["id"]


@pytest.mark.parametrize(
    ("officer", "change", "reason"),
    [
        ("o-town-b", {"from_unit": SONGJI}, "not_reporter"),
        ("o-district-b", {"from_unit": ZHUTUO}, "not_reporter"),
        ("o-songji-b", {}, "outside_subtree"),
        ("o-town-b", {"to_unit": VILLAGE}, "not_upward"),
        ("o-city-b", {}, "not_upward"),
    ],
)
async def test_who_may_not_report(
    console: ConsoleHarness, officer: str, change: dict[str, Any], reason: str
) -> None:
    await console.project([an_alert("a")])
    answer = await post(console, officer, a_body(**change))
    assert (answer.status_code, answer.json()["reason"]) == (403, reason)
    assert console.kafka.sent == []


async def test_who_takes_a_call_writes_it_down_and_a_town_may_skip_to_the_city(
    console: ConsoleHarness,
) -> None:
    await console.project([an_alert("a")])
    call = a_body(means="phone", from_unit=ZHUTUO, to_unit=DISTRICT, text="水已进街")
    assert (await post(console, "o-district-b", call)).status_code == 202
    assert (await post(console, "o-town-b", a_body(to_unit=CITY))).status_code == 202
    received, skipped = (
        REPORTS.model.validate_json(outgoing.body) for outgoing in console.kafka.sent
    )
    assert (received.origin_unit, received.from_unit) == (DISTRICT, ZHUTUO)
    assert skipped.to_unit == CITY
    silent = await post(console, "o-town-b", a_body(means="phone", text=" "))
    assert (silent.status_code, silent.json()["errors"][0]["where"]) == (422, "body.text")


@pytest.mark.parametrize(
    "change",
    [
        {"facts": {"dead": "2"}},
        {"facts": {"dead": -1}},
        {"facts": {"dead": True}},
        {"facts": {"deaths": 2}},
        {"number": 0},
        {"means": "fax"},
        {"headline": ""},
        {"incident_id": "inc-nobody-knows"},
    ],
)
async def test_a_loose_report_is_refused(console: ConsoleHarness, change: dict[str, Any]) -> None:
    await console.project([an_alert("a")])
    answer = await post(console, "o-town-b", a_body(**change))
    assert answer.status_code == 422
    assert console.kafka.sent == []


async def test_the_chain_says_what_changed_what_counted_and_which_numbers_are_wrong(
    console: ConsoleHarness,
) -> None:
    now = console.deps.clock.now()
    duty = a_duty(
        now,
        state=DutyState.WRITTEN,
        version=4,
        phone_at=now,
        written_at=now,
        follow_up_due=now + timedelta(minutes=30),
        follow_ups=1,
        counted=(
            CountedReport(report_id="rpt-1", late=True),
            CountedReport(report_id="rpt-2", late=False),
        ),
    )
    reports = [
        a_report("1", 1, facts=ReportFacts(dead=0, trapped=5)),
        a_report("2", 2, kind=ReportKind.FOLLOW_UP, number=1, facts=ReportFacts(dead=2)),
        a_report("3", 3, kind=ReportKind.FOLLOW_UP, number=3, facts=ReportFacts(trapped=1)),
        a_report("4", 4, means=None, from_unit=None, to_unit=None),
    ]
    await console.project([an_alert("a"), *reversed(reports), duty])
    path = f"/api/incidents/{an_alert('a').incident_id}/reports"
    field, chain = (await get(console, "o-district-b", path))["chains"]
    assert [report["report_id"] for report in field["reports"]] == ["rpt-4"]
    assert (chain["from_unit"], chain["to_unit"], chain["next_number"]) == (ZHUTUO, DISTRICT, 4)
    first, second, third = chain["reports"]
    assert [change["line"] for change in second["changes"]] == [
        "死亡：0 → 2（增） ‖ Dead: 0 → 2 (more)"
    ]
    assert [(entry["field"], entry["direction"]) for entry in third["changes"]] == [
        ("trapped", "down")
    ]
    assert [item["mark"] for item in chain["reports"]] == [None, None, "gap"]
    assert [(element["counted"], element["late"]) for element in chain["reports"]] == [
        (True, True),
        (True, False),
        (False, None),
    ]
    assert first["facts"] == {"dead": 0, "trapped": 5}
    clocks = {clock["clock"]: clock["state"] for clock in chain["duties"][0]["clocks"]}
    assert clocks == {"report_phone": "late", "report_written": "met", "report_follow_up": "due"}


async def test_who_owes_what_and_whom_it_is_calling(console: ConsoleHarness) -> None:
    now = console.deps.clock.now()
    town, district = a_duty(now), a_duty(now, DISTRICT, CITY, phone_due=now + timedelta(minutes=5))
    await console.project([town, district, a_firing(town)])
    result = await get(console, "o-town-b", "/api/reporting")
    (shown_duty,) = result["duties"]
    phone, written = shown_duty["clocks"]
    assert (phone["state"], phone["supervision"], phone["rung"]) == ("overdue", "escalated", 3)
    assert (phone["target_unit"], phone["target_post"]) == (DISTRICT, "B")
    assert (written["state"], written["supervision"]) == ("due", None)
    assert result["summary"] == {
        "due": 1, "overdue": 1, "met": 0, "late": 0, "missed": 0, "stopped": 0,
    }  # fmt: skip
    above = await get(console, "o-district-b", "/api/reporting")
    assert {duty["unit"] for duty in above["duties"]} == {ZHUTUO, DISTRICT}
    assert (await get(console, "o-songji-b", "/api/reporting"))["duties"] == []
    ended = a_duty(now, state=DutyState.ENDED, version=2, reason="lifted")
    await console.project([ended, town])
    (over,) = (await get(console, "o-town-b", "/api/reporting"))["duties"]
    assert [clock["state"] for clock in over["clocks"]] == ["missed", "stopped"]
    assert over["reason"] == "lifted"
    assert (await get(console, "o-town-b", "/api/reporting", open=1))["duties"] == []


async def test_duties_are_summed_whole_and_each_once(console: ConsoleHarness) -> None:
    """A duty with two missed clocks counts once; the sums go beyond the end of the list."""
    now = console.deps.clock.now()
    past = now - timedelta(minutes=1)
    owed = [a_duty(now, written_due=past, duty_id=f"dut-{n}", id=f"dut-{n}.v1") for n in range(620)]
    await console.project(owed)
    result = await get(console, "o-town-b", "/api/reporting", open=1, limit=500)
    assert len(result["duties"]) == 500
    assert {clock["state"] for clock in result["duties"][0]["clocks"]} == {"overdue"}
    assert len(result["duties"][0]["clocks"]) == 2
    assert (result["summary"]["overdue"], result["total"]) == (620, 620)


async def test_a_restricted_report_is_seen_by_its_line_alone(console: ConsoleHarness) -> None:
    secret = a_report("1", restricted=True, facts=ReportFacts(dead=1))
    plain = a_report("2", 1, kind=ReportKind.FOLLOW_UP, facts=ReportFacts(dead=2))
    hotline = a_report(
        "3", 2, restricted=True, means=None, from_unit=None, to_unit=None, place=VILLAGE
    )
    await console.project([an_alert("a"), secret, plain, hotline])
    path = f"/api/incidents/{an_alert('a').incident_id}/reports"

    async def visible(officer: str) -> set[str]:
        chains = (await get(console, officer, path))["chains"]
        return {report["report_id"] for chain in chains for report in chain["reports"]}

    assert await visible("o-district-b") == {"rpt-1", "rpt-2", "rpt-3"}
    assert await visible("o-city-b") == {"rpt-2", "rpt-3"}
    (_, chain) = (await get(console, "o-city-b", path))["chains"]
    (change,) = chain["reports"][0]["changes"]
    assert change["before"] is None, "what is restricted does not show through the difference"
    async with console.client("o-songji-b") as client:
        assert (await client.get(path)).status_code == 404


async def test_real_and_drill_never_meet(console: ConsoleHarness) -> None:
    await console.project([an_alert("a"), a_report("1", status=Status.EXERCISE)])
    path = f"/api/incidents/{an_alert('a').incident_id}/reports"
    assert (await get(console, "o-district-b", path))["chains"] == []
    drill = await get(console, "o-district-b", path, status="Exercise")
    assert len(drill["chains"]) == 1


async def test_it_says_who_may_report_on_which_line_and_how(console: ConsoleHarness) -> None:
    await console.project([an_alert("a"), a_report("first")])
    path = f"/api/incidents/{an_alert('a').incident_id}/reports"

    async def offered(officer: str) -> tuple[Any, Any]:
        result = await get(console, officer, path)
        return [chain["may"] for chain in result["chains"]], result["may_start"]

    assert await offered("o-town-b") == ([["phone", "written"]], None)
    (received,), begins = await offered("o-district-b")
    assert received == ["phone"]  # who was called may write the call down
    assert (begins["from_unit"], begins["to_unit"]) == (DISTRICT, CITY)
    assert begins["may"] == ["phone", "written"]
    assert await offered("o-city-b") == ([[]], None)  # nobody is above the city


@pytest.mark.parametrize("officer", ["o-town-b", "o-district-b", "o-city-b"])
async def test_what_is_offered_is_taken_and_nothing_else(
    console: ConsoleHarness, officer: str
) -> None:
    await console.project([an_alert("a"), a_report("first")])
    path = f"/api/incidents/{an_alert('a').incident_id}/reports"
    (chain,) = (await get(console, officer, path))["chains"]
    for means in Means:
        body = a_body(means=means, text="说了", from_unit=ZHUTUO, to_unit=DISTRICT)
        answer = await post(console, officer, body, f"k-{officer}-{means}")
        assert (answer.status_code == 202) == (means in chain["may"])
