"""Whatever is open has exactly one next timer, whatever is not has none: on a real Postgres."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.audit.core.snapshot import FindingKind
from services.audit.store.clocks import CLOCKS
from tests.unit.audit.builders import VILLAGE
from tests.unit.audit.harness import Auditor, a_healthy_command, a_ladder, arm

pytestmark = pytest.mark.e2e

LATER = datetime(2099, 1, 1, tzinfo=UTC)

CLOCKS_GONE_WRONG = {
    "no timer to sign": (
        "sign",
        "DELETE FROM command.timer WHERE kind = 'sign_escalate'",
    ),
    "two timers to sign": (
        "sign",
        "INSERT INTO command.timer SELECT subject_id, kind, 1, due_at FROM command.timer "
        "WHERE kind = 'sign_escalate'",
    ),
    "a timer for what is suspended": (
        "sign",
        "UPDATE command.assignment SET state = 'signed'; "
        "UPDATE console.assignment SET state = 'signed'",
    ),
    "a timer of a command that is closed": (
        "sign",
        "UPDATE command.command SET state = 'closed'; UPDATE console.command SET state = 'closed'; "
        "UPDATE command.timer SET state = 'cancelled' WHERE kind = 'finish_due_soon'",
    ),
    "no timer to finish": (
        "finish",
        "UPDATE command.timer SET state = 'fired' WHERE kind = 'finish_due_soon'",
    ),
    "nobody is called about what is overdue": (
        "finish",
        "UPDATE command.assignment SET state = 'signed', finish_overdue = true; "
        "UPDATE console.assignment SET state = 'signed'; "
        "UPDATE command.tier_count SET signed = total, overdue = total; "
        "DELETE FROM command.timer WHERE kind <> 'resume'",
    ),
    "both timers to finish": (
        "finish",
        "INSERT INTO command.timer SELECT subject_id, 'finish_overdue', 0, due_at "
        "FROM command.timer WHERE kind = 'finish_due_soon'",
    ),
    "no end of a suspension": (
        "suspension",
        "UPDATE command.assignment SET state = 'suspended'; "
        "UPDATE console.assignment SET state = 'suspended'; "
        "UPDATE command.timer SET state = 'paused'",
    ),
    "no timer of an open ladder": ("ladder", "DELETE FROM notify.timer WHERE subject_id = 'lad-1'"),
    "no timer of a promise": (
        "promise",
        "UPDATE notify.escalation SET state = 'answered'; DELETE FROM notify.timer WHERE subject_id = 'lad-1'",
    ),
    "no timer of the last call": (
        "last call",
        "UPDATE notify.escalation SET state = 'exhausted'; DELETE FROM notify.timer WHERE subject_id = 'lad-1'",
    ),
    "no timer of a digest that gathers": (
        "digest",
        "DELETE FROM notify.timer WHERE subject_id = 'dig-1'",
    ),
    "no timer of an answer to a digest": (
        "digest's answer",
        "DELETE FROM notify.timer WHERE subject_id = 'dig-1'; "
        "UPDATE notify.digest SET state = 'answered', passing = true",
    ),
}


@pytest.mark.parametrize("case", CLOCKS_GONE_WRONG)
async def test_whatever_is_open_has_exactly_one_timer_and_the_rest_has_none(
    auditor: Auditor, case: str
) -> None:
    clock, act = CLOCKS_GONE_WRONG[case]
    await a_healthy_command(auditor, VILLAGE)
    await a_ladder(auditor, "open")
    await arm(auditor, "notify", "lad-1", "answer")
    await auditor.plant("notify.digest", digest_id="dig-1", status="Actual", state="gathering")
    await arm(auditor, "notify", "dig-1", "digest")
    assert await auditor.checks(3) == {}
    await auditor.do(act)
    result = await auditor.checks(2)
    assert result[FindingKind.TIMER_COUNT].split(":")[0] == clock


async def test_an_end_that_is_over_before_the_signature_needs_no_timer(auditor: Auditor) -> None:
    await a_healthy_command(auditor, VILLAGE)
    await auditor.do("DELETE FROM command.timer WHERE kind = 'finish_due_soon'")
    await auditor.do("UPDATE command.assignment SET finish_overdue = true")
    await auditor.do("UPDATE command.tier_count SET overdue = total")
    await a_ladder(auditor, "exhausted")
    await auditor.do("UPDATE notify.escalation SET due_at = NULL")
    assert await auditor.checks(3) == {}


ON_ITS_OWN: dict[str, tuple[str, dict[str, Any]]] = {
    "validity": (
        "alerting.alert",
        {"alert_id": "x", "version": 1, "state": "issued", "expires_at": LATER},
    ),
    "emergency debt": (
        "alerting.alert",
        {"alert_id": "x", "version": 1, "state": "issued", "debt": "{}"},
    ),
    "flapping": (
        "alerting.alert",
        {"alert_id": "x", "version": 1, "state": "verified", "flap_until": LATER},
    ),
    "silence": ("alerting.silence", {"silence_id": "x", "end_at": LATER}),
    "hold": (
        "alerting.alert_alarm",
        {"alarm_id": "x", "held": "{}", "disposition": "held", "alert_id": None},
    ),
    "episode": (
        "alerting.episode",
        {"rule_id": "r", "region": "u", "scope": "s", "expires_at": LATER},
    ),
    "report by phone": ("command.report_duty", {"duty_id": "x", "state": "owed"}),
    "report in writing": ("command.report_duty", {"duty_id": "x", "state": "phoned"}),
    "follow-up report": ("command.report_duty", {"duty_id": "x", "state": "written"}),
    "final report": ("command.report_duty", {"duty_id": "x", "state": "closing"}),
    "roster gap": ("notify.duty_gap", {"subject_id": "x", "due_at": LATER}),
}
"""A row that lets one clock run; the others are seen in the tests above and below."""
SUBJECTS = {
    "silence": "silence:x",
    "hold": "hold:Actual|500118000000|x",
    "episode": "r|Actual|u|s",
}


@pytest.mark.parametrize("clock", ON_ITS_OWN)
async def test_every_clock_is_looked_at(auditor: Auditor, clock: str) -> None:
    table, values = ON_ITS_OWN[clock]
    await auditor.plant(table, status="Actual", **values)
    (kinds, service) = next((CLOCK.kinds, CLOCK.service) for CLOCK in CLOCKS if CLOCK.name == clock)
    also = "report_written_escalate" if clock == "report by phone" else None
    for kind in (kinds[0], also) if also else kinds[:1]:
        await arm(auditor, service, SUBJECTS.get(clock, "x"), kind)
    assert FindingKind.TIMER_COUNT not in await auditor.checks(3)
    await auditor.do(f"DELETE FROM {service}.timer WHERE kind = $1", kinds[0])
    assert (await auditor.checks(2))[FindingKind.TIMER_COUNT].split(":")[0] == clock


def test_no_clock_is_without_a_test() -> None:
    seen = {clock for clock, _ in CLOCKS_GONE_WRONG.values()} | {"mode decision", "mode end"}
    assert {CLOCK.name for CLOCK in CLOCKS} == seen | ON_ITS_OWN.keys()


@pytest.mark.parametrize(
    ("state", "kind", "clock"),
    [
        ("proposed", "mode_expire", "mode decision"),
        ("half_approved", "mode_expire", "mode decision"),
        ("decided", "mode_end", "mode end"),
    ],
)
async def test_a_proposal_of_a_mode_is_timed_until_it_is_settled(
    auditor: Auditor, state: str, kind: str, clock: str
) -> None:
    await auditor.do(
        "INSERT INTO command.mode_proposal (proposal_id, status, unit, version, state, mode, until, "
        f"decide_by, trace_id) VALUES ('mod-1', 'Actual', '500118118000', 1, '{state}', "
        "'emergency', now() + interval '1 day', now() + interval '1 hour', 'trace-1')"
    )
    await arm(auditor, "command", "mod-1", kind)
    assert await auditor.checks(3) == {}
    await auditor.do("UPDATE command.timer SET state = 'cancelled'")
    result = await auditor.checks(2)
    assert result[FindingKind.TIMER_COUNT].split(":")[0] == clock
    await auditor.do("UPDATE command.mode_proposal SET state = 'ended'")
    assert await auditor.checks(3) == {}
