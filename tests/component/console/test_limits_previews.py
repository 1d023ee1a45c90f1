"""Previews of drafts from the facts that the console has recorded."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from shared.contracts.assignments import AssignmentEvent, AssignmentState, Extension, Part
from shared.contracts.fields import Level, ResponseMode
from shared.contracts.limits import LimitsDocument
from shared.contracts.reports import DutyState
from shared.contracts.supervision import SupervisionKind
from shared.contracts.units import tier_of
from shared.domain.limits.assignments import attempt_deadlines, times_in
from shared.runtime.clock import SystemClock
from tests.component.console.test_grants import dsn_of
from tests.support.console_duty_records import a_duty
from tests.support.console_events import (
    DISTRICT,
    SONGJI,
    VILLAGE,
    ZHUTUO,
    a_command,
    a_supervision,
    an_assignment,
)
from tests.support.console_harness import ConsoleHarness
from tests.support.console_limits import AUTHOR, administering, draft_body, with_sign_s
from tests.support.limits import shipped

State = AssignmentState
BEGIN = SystemClock().now().replace(microsecond=0) - timedelta(days=5)
STANDARD = shipped("assignments-standard")


def at(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def states(
    unit: str, *path: tuple[State, float], document: LimitsDocument = STANDARD, **more: Any
) -> list[AssignmentEvent]:
    """The states of one assignment of an orange command, so many minutes after its beginning."""
    command = a_command("flood", level=Level.ORANGE)
    assert document.assignments is not None
    mode = more.get("mode", ResponseMode.NORMAL)
    times, tier = times_in(document.assignments, mode), tier_of(unit)
    sign_by, finish_by = attempt_deadlines(
        BEGIN, times.sign_s[Level.ORANGE][tier], times.finish_s[Level.ORANGE][tier]
    )
    fields = {"sign_by": sign_by, "finish_by": finish_by, "level": Level.ORANGE}
    fields |= {"limits_id": document.limits_id, "limits_version": document.version}
    return [
        an_assignment(command, unit, state, version=number).model_copy(
            update={**fields, "sent_at": at(minutes), **more}
        )
        for number, (state, minutes) in enumerate(path, 1)
    ]


async def previewed(
    console: ConsoleHarness, body: dict[str, Any], days: int = 30
) -> dict[str, Any]:
    async with console.client(AUTHOR) as client:
        answer = await client.post(f"/api/limits/previews?days={days}", json=body)
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


async def test_an_act_in_time_would_be_late_with_its_case(console: ConsoleHarness) -> None:
    await administering(console, dsn_of(console))
    await console.project(
        [
            *states(ZHUTUO, (State.DELIVERED, 0), (State.SIGNED, 4), (State.REPORTED, 20)),
            *states(SONGJI, (State.DELIVERED, 0), (State.SIGNED, 1), (State.REPORTED, 20)),
        ]
    )
    unchanged = await previewed(console, draft_body())
    assert (unchanged["attempts"], unchanged["unjudged"], unchanged["total"]["clocks"]) == (2, 0, 4)
    assert (unchanged["units"], unchanged["cases"]) == ([], [])
    result = await previewed(console, with_sign_s(180))
    assert (result["limits_id"], result["version"]) == (f"assignments-{DISTRICT}", 1)
    [case] = [case for case in result["cases"] if case["difference"] == "newly_late"]
    assert (case["unit"], case["unit_name"], case["clock"]) == (ZHUTUO, "朱沱镇", "sign")
    assert datetime.fromisoformat(case["after"]["due_at"]) == at(3)
    assert case["before"]["late"] is False
    [unit] = [unit for unit in result["units"] if unit["newly_late"]]
    assert (unit["unit"], unit["level"], unit["newly_late"]) == (ZHUTUO, "orange", 1)
    [level] = result["levels"]
    assert (level["level"], level["clocks"], level["newly_late"]) == ("orange", 4, 1)
    assert (await previewed(console, with_sign_s(180), days=1))["attempts"] == 0


async def test_suspensions_extensions_parts_and_modes_are_recorded(
    console: ConsoleHarness,
) -> None:
    await administering(console, dsn_of(console))
    suspended = states(ZHUTUO, (State.DELIVERED, 0), (State.SIGNED, 1), (State.SIGNED, 40))
    moved = suspended[-1]
    suspended[-1] = moved.model_copy(
        update={"suspended_s": 1_800.0, "finish_by": moved.finish_by + timedelta(minutes=30)}
    )
    extended = states(SONGJI, (State.DELIVERED, 0), (State.SIGNED, 1), (State.SIGNED, 2))
    extended[-1] = extended[-1].model_copy(
        update={
            "finish_by": at(5_000),
            "extension": Extension(times=1, original_finish_by=extended[0].finish_by),
        }
    )
    part = Part(
        parent_assignment_id=suspended[0].assignment_id, mandatory=True, release_unit=DISTRICT
    )
    village = states(VILLAGE, (State.DELIVERED, 0), mode=ResponseMode.EMERGENCY, part=part)
    await console.project([*suspended, *extended, *village])
    body = draft_body()
    for row in body["assignments"]["finish"]:
        row["within_s"] += 60
    result = await previewed(console, body)
    dues = {
        case["unit"]: (case["before"]["due_at"], case["after"]["due_at"])
        for case in result["cases"]
        if case["clock"] == "finish"
    }
    spans = {
        unit: (datetime.fromisoformat(after) - datetime.fromisoformat(before)).total_seconds()
        for unit, (before, after) in dues.items()
    }
    assert spans[ZHUTUO] == 60
    assert 0 < spans[VILLAGE] < 60
    assert SONGJI not in spans
    assert result["total"]["fixed"] == 1


async def test_decisions_of_before_and_recorded_calls_are_counted(console: ConsoleHarness) -> None:
    await administering(console, dsn_of(console))
    old = states(ZHUTUO, (State.DELIVERED, 0), limits_id=None, limits_version=None)
    late = states(SONGJI, (State.DELIVERED, 0))
    call = a_supervision(late[0], SupervisionKind.REMINDED).model_copy(update={"sent_at": at(30)})
    await console.project([*old, *late, call])
    result = await previewed(console, draft_body())
    assert (result["attempts"], result["unjudged"], result["calls_recorded"]) == (2, 1, 1)
    assert result["total"]["late_before"] == result["total"]["late_after"] == 2


async def test_duties_to_report_are_compared(console: ConsoleHarness) -> None:
    await administering(console, dsn_of(console))
    reports = shipped("reports-standard")
    assert reports.reports is not None
    [row] = [row for row in reports.reports.levels if Level.ORANGE in row.levels and not row.modes]
    [cap] = [cap for cap in reports.reports.tiers if tier_of(ZHUTUO) in cap.tiers]
    phone_s, written_s = min(row.phone_s, cap.phone_s), min(row.written_s, cap.written_s)
    duty = a_duty(
        BEGIN,
        "flood",
        ZHUTUO,
        DISTRICT,
        started_at=BEGIN,
        phone_due=BEGIN + timedelta(seconds=phone_s),
        written_due=BEGIN + timedelta(seconds=written_s),
        phone_at=BEGIN + timedelta(seconds=phone_s - 30),
        state=DutyState.PHONED,
        limits_id=reports.limits_id,
        limits_version=reports.version,
    )
    await console.project([duty])
    body = draft_body("reports-standard")
    assert (await previewed(console, body))["cases"] == []
    for level in body["reports"]["levels"]:
        level["phone_s"] = min(level["phone_s"], phone_s - 60)
    result = await previewed(console, body)
    assert result["duties"] == 1
    assert [
        (case["clock"], case["difference"], case["thread"])
        for case in result["cases"]
        if case["difference"] == "newly_late"
    ] == [("report_phone", "newly_late", duty.incident_id)]
