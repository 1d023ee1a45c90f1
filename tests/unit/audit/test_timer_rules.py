"""An open subject has exactly one next timer, any other subject none: on a real Postgres."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.audit.core.findings.snapshot import FindingKind
from services.audit.store.service_tables.timer_rules import TIMER_RULES
from tests.unit.audit.builders import VILLAGE
from tests.unit.audit.harness import AuditHarness, a_healthy_command, a_ladder, arm

pytestmark = pytest.mark.e2e

LATER = datetime(2099, 1, 1, tzinfo=UTC)

WRONG_TIMERS = {
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
        "UPDATE notify.escalation SET state = 'answered'; "
        "DELETE FROM notify.timer WHERE subject_id = 'lad-1'",
    ),
    "no timer of the last call": (
        "last call",
        "UPDATE notify.escalation SET state = 'exhausted'; "
        "DELETE FROM notify.timer WHERE subject_id = 'lad-1'",
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


@pytest.mark.parametrize("case", WRONG_TIMERS)
async def test_an_open_subject_has_exactly_one_timer_and_any_other_none(
    auditor: AuditHarness, case: str
) -> None:
    name, change = WRONG_TIMERS[case]
    await a_healthy_command(auditor, VILLAGE)
    await a_ladder(auditor, "open")
    await arm(auditor, "notify", "lad-1", "answer")
    await auditor.plant("notify.digest", digest_id="dig-1", status="Actual", state="gathering")
    await arm(auditor, "notify", "dig-1", "digest")
    assert await auditor.findings_after(3) == {}
    await auditor.do(change)
    result = await auditor.findings_after(2)
    assert result[FindingKind.TIMER_COUNT].split(":")[0] == name


async def test_an_end_that_is_over_before_the_signature_needs_no_timer(
    auditor: AuditHarness,
) -> None:
    await a_healthy_command(auditor, VILLAGE)
    await auditor.do("DELETE FROM command.timer WHERE kind = 'finish_due_soon'")
    await auditor.do("UPDATE command.assignment SET finish_overdue = true")
    await auditor.do("UPDATE command.tier_count SET overdue = total")
    await a_ladder(auditor, "exhausted")
    await auditor.do("UPDATE notify.escalation SET due_at = NULL")
    assert await auditor.findings_after(3) == {}


ON_ITS_OWN: dict[str, tuple[str, dict[str, Any]]] = {
    "validity": (
        "alerting.alert",
        {"alert_id": "x", "version": 1, "state": "issued", "expires_at": LATER},
    ),
    "emergency ratification": (
        "alerting.alert",
        {"alert_id": "x", "version": 1, "state": "issued", "pending_ratification": "{}"},
    ),
    "flapping": (
        "alerting.alert",
        {"alert_id": "x", "version": 1, "state": "verified", "flapping_until": LATER},
    ),
    "silence": ("alerting.silence", {"silence_id": "x", "end_at": LATER}),
    "hold": (
        "alerting.alert_alarm",
        {"alarm_id": "x", "waiting_event": "{}", "disposition": "held", "alert_id": None},
    ),
    "episode": (
        "alerting.episode",
        {"rule_id": "r", "region": "u", "scope": "s", "expires_at": LATER},
    ),
    "report by phone": ("command.report_obligation", {"obligation_id": "x", "state": "owed"}),
    "report in writing": ("command.report_obligation", {"obligation_id": "x", "state": "phoned"}),
    "follow-up report": ("command.report_obligation", {"obligation_id": "x", "state": "written"}),
    "final report": ("command.report_obligation", {"obligation_id": "x", "state": "closing"}),
    "roster gap": ("notify.duty_gap", {"subject_id": "x", "due_at": LATER}),
}
"""A row to which one timer rule applies; the tests above and below cover the other rules."""
SUBJECTS = {
    "hold": "Actual|500118000000|x",
    "episode": "r|Actual|u|s",
}


@pytest.mark.parametrize("name", ON_ITS_OWN)
async def test_every_timer_rule_is_checked(auditor: AuditHarness, name: str) -> None:
    table, values = ON_ITS_OWN[name]
    await auditor.plant(table, status="Actual", **values)
    rule = next(rule for rule in TIMER_RULES if rule.name == name)
    extra = "report_written_escalate" if name == "report by phone" else None
    for kind in (rule.kinds[0], extra) if extra else rule.kinds[:1]:
        await arm(auditor, rule.service, SUBJECTS.get(name, "x"), kind)
    assert FindingKind.TIMER_COUNT not in await auditor.findings_after(3)
    await auditor.do(f"DELETE FROM {rule.service}.timer WHERE kind = $1", rule.kinds[0])
    assert (await auditor.findings_after(2))[FindingKind.TIMER_COUNT].split(":")[0] == name


def test_every_timer_rule_has_a_test() -> None:
    tested = {name for name, _ in WRONG_TIMERS.values()} | {"mode decision", "mode end"}
    assert {rule.name for rule in TIMER_RULES} == tested | ON_ITS_OWN.keys()


@pytest.mark.parametrize(
    ("state", "kind", "name"),
    [
        ("proposed", "mode_expire", "mode decision"),
        ("half_approved", "mode_expire", "mode decision"),
        ("decided", "mode_end", "mode end"),
    ],
)
async def test_a_proposal_of_a_mode_is_timed_until_it_is_settled(
    auditor: AuditHarness, state: str, kind: str, name: str
) -> None:
    await auditor.do(
        "INSERT INTO command.mode_proposal (proposal_id, status, unit, version, state, mode, "
        f"until, decide_by, trace_id) VALUES ('mod-1', 'Actual', '500118118000', 1, '{state}', "
        "'emergency', now() + interval '1 day', now() + interval '1 hour', 'trace-1')"
    )
    await arm(auditor, "command", "mod-1", kind)
    assert await auditor.findings_after(3) == {}
    await auditor.do("UPDATE command.timer SET state = 'cancelled'")
    result = await auditor.findings_after(2)
    assert result[FindingKind.TIMER_COUNT].split(":")[0] == name
    await auditor.do("UPDATE command.mode_proposal SET state = 'ended'")
    assert await auditor.findings_after(3) == {}
