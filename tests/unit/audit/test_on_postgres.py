"""Handlers and rounds on a real Postgres with the real schemas of all services."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest

from services.audit.core.findings.snapshot import FindingKind
from services.audit.core.trail.chain import verify
from services.audit.rounds import loop
from services.audit.store import trail as trail_table
from shared.contracts.assignments import AssignmentState
from shared.contracts.audit import AuditOutcome
from shared.contracts.faults import FaultState
from shared.contracts.fields import Status
from shared.contracts.topics import (
    ACKNOWLEDGEMENTS,
    ALERT_DECISIONS,
    ALERTS,
    ASSIGNMENTS,
    AUDIT_TRAIL,
    COMMANDS,
    NOTICES,
)
from shared.runtime.errors import Transient
from tests.unit.audit.builders import (
    TOWN,
    VILLAGE,
    a_command,
    a_decision,
    a_notice,
    an_acknowledgement,
    an_alert,
    an_assignment,
)
from tests.unit.audit.harness import LONG_AGO, AuditHarness, a_healthy_command

pytestmark = pytest.mark.e2e


async def test_a_healthy_system_has_no_findings_and_audit_is_ready(
    auditor: AuditHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert auditor.rounds.ready() is not None
    await a_healthy_command(auditor, TOWN, VILLAGE)
    assert await auditor.findings_after(3) == {}
    assert auditor.rounds.ready() is None
    with monkeypatch.context() as patch:
        later_s = time.monotonic() + loop.MOST_AGE_S + 1
        patch.setattr(time, "monotonic", lambda: later_s)
        assert "the last round ended" in (auditor.rounds.ready() or "")


async def test_a_finding_is_raised_entered_published_and_resolved(auditor: AuditHarness) -> None:
    await a_healthy_command(auditor, VILLAGE)
    await auditor.do("UPDATE command.timer SET state = 'cancelled' WHERE kind = 'sign_escalate'")
    assert await auditor.findings_after(1) == {}, "seen once is not enough"
    subject = f"sign:{an_assignment(VILLAGE).assignment_id}"
    assert await auditor.findings_after(2) == {FindingKind.TIMER_COUNT: subject}
    assert (
        auditor.registry.get_sample_value(
            "fenghuo_audit_findings_open", {"kind": FindingKind.TIMER_COUNT}
        )
        == 1
    )
    await auditor.do("UPDATE command.timer SET state = 'armed'")
    assert await auditor.findings_after(1) == {}
    trail = await auditor.trail()
    assert [entry.outcome for entry in trail] == [
        AuditOutcome.FINDING,
        AuditOutcome.RESOLVED,
    ]
    published = await auditor.rows(
        "SELECT event_id FROM audit.outbox WHERE topic = $1 ORDER BY seq", AUDIT_TRAIL.name
    )
    assert [row["event_id"] for row in published] == [entry.id for entry in trail]
    raised, cleared = await auditor.faults()
    assert (raised.state, cleared.state) == (FaultState.RAISED, FaultState.CLEARED)
    assert raised.fault_id == cleared.fault_id
    assert raised.id != cleared.id
    assert raised.headline.startswith(f"时限任务缺失或重复：{subject[:20]}")


async def test_a_restart_neither_forgets_nor_repeats_a_finding(auditor: AuditHarness) -> None:
    await a_healthy_command(auditor, VILLAGE)
    await auditor.do("DELETE FROM command.timer WHERE kind = 'sign_escalate'")
    await auditor.findings_after(2)
    auditor.rounds = auditor.new_rounds()
    assert len(await auditor.findings_after(3)) == 1
    assert len(await auditor.rows("SELECT FROM audit.finding")) == 1


PLANTS: list[tuple[FindingKind, list[tuple[str, dict[str, Any]]]]] = [
    (
        FindingKind.TIMER_COUNT,
        [("notify.escalation", {"escalation_id": "lad-1", "status": "Actual", "state": "open",
                            "subject_kind": "assignment", "purpose": "sign", "due_at": LONG_AGO})],
    ),
    (
        FindingKind.LEASE_EXPIRED,
        [("notify.escalation", {"escalation_id": "lad-1", "status": "Actual", "state": "closed",
                            "subject_kind": "assignment", "purpose": "sign"}),
         ("notify.page", {"page_id": "pag-1", "escalation_id": "lad-1", "status": "Actual"}),
         ("notify.delivery", {"page_id": "pag-1", "escalation_id": "lad-1", "status": "Actual",
                              "state": "sending"})],
    ),
    (FindingKind.OUTBOX_STUCK, [("command.outbox", {"event_id": "e"})]),
    (FindingKind.TIMER_OVERDUE, [("alerting.timer", {"subject_id": "s", "state": "armed"})]),
    (FindingKind.TIMER_OVERDUE, [("notify.timer", {"subject_id": "s", "state": "failed",
                                                   "error": "KeyError('s')"})]),
    (FindingKind.COUNT_DIFFERS, [("alerting.alert", {"alert_id": "alt-9", "status": "Actual",
                                                     "state": "issued", "version": 1})]),
    (  # a fault about the canary's own rows is a fault as any other
        FindingKind.TIMER_COUNT,
        [("command.command", {"command_id": "cmd-9", "status": "System", "state": "issued"}),
         ("command.assignment", {"assignment_id": "asg-9", "command_id": "cmd-9",
                                 "status": "System", "state": "delivered"})],
    ),
    (
        FindingKind.FANOUT,
        [("command.command", {"command_id": "cmd-9", "status": "Test", "state": "issued",
                              "recipients": 3})],
    ),
    (
        FindingKind.DRILL_LEAK,
        [("notify.escalation", {"escalation_id": "lad-1", "status": "Actual", "state": "exhausted",
                            "subject_kind": "assignment", "purpose": "sign"}),
         ("notify.page", {"page_id": "pag-1", "escalation_id": "lad-1", "status": "Exercise"})],
    ),
    (
        FindingKind.DRILL_LEAK,
        [("notify.digest", {"digest_id": "dig-1", "status": "Actual", "state": "sent"}),
         ("notify.escalation", {"escalation_id": "lad-1", "status": "Exercise", "state": "closed",
                            "subject_kind": "assignment", "purpose": "sign"}),
         ("notify.page", {"page_id": "pag-1", "escalation_id": "lad-1", "status": "Exercise",
                          "digest_id": "dig-1"})],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "rows"), PLANTS, ids=lambda plant: str(plant)[:30])
async def test_every_planted_fault_is_found(
    auditor: AuditHarness, kind: FindingKind, rows: list[tuple[str, dict[str, Any]]]
) -> None:
    for table, values in rows:
        await auditor.plant(table, **values)
    ago = timedelta(seconds=60)
    await auditor.do("UPDATE command.outbox SET created_at = now() - $1::interval", ago)
    await auditor.do("UPDATE alerting.timer SET due_at = now() - $1::interval", ago)
    await auditor.do("UPDATE notify.delivery SET lease_until = now() - $1::interval", ago)
    assert kind in await auditor.findings_after(4)


async def test_a_table_that_is_missing_is_reported_and_the_rest_goes_on(
    auditor: AuditHarness,
) -> None:
    await auditor.plant("alerting.timer", subject_id="s", state="armed")
    await auditor.do("UPDATE alerting.timer SET due_at = now() - interval '1 minute'")
    await auditor.do("ALTER TABLE notify.escalation RENAME TO escalation_gone")
    try:
        assert list(await auditor.findings_after(2)) == [FindingKind.TIMER_OVERDUE]
        assert "notify.escalation" in (auditor.rounds.ready() or "")
    finally:
        await auditor.do("ALTER TABLE notify.escalation_gone RENAME TO escalation")
    await auditor.findings_after(1)
    assert auditor.rounds.ready() is None


async def test_entries_are_chained_in_one_line_however_many_writers(auditor: AuditHarness) -> None:
    batches = [
        [(ACKNOWLEDGEMENTS, an_acknowledgement(f"5001181182{n:02d}")) for n in range(20)]
        for _ in range(6)
    ]
    await asyncio.gather(*(auditor.deliver(*batch) for batch in batches))
    await auditor.deliver((ALERT_DECISIONS, a_decision()))
    trail = await auditor.trail()
    assert len(trail) == 121
    async with auditor.database.transaction() as transaction:
        head = await trail_table.load_head(transaction)
        assert verify(trail, head=head) is None
    assert await auditor.findings_after(3) == {}


async def test_a_change_of_the_trail_is_refused_and_if_forced_found(auditor: AuditHarness) -> None:
    await auditor.deliver(*((ALERT_DECISIONS, a_decision(f"alt-{n}")) for n in range(5)))
    with pytest.raises(Transient, match="append only"):
        await auditor.do("UPDATE audit.trail SET actor = 'somebody'")
    await auditor.do("ALTER TABLE audit.trail DISABLE TRIGGER trail_append_only")
    await auditor.do(
        "UPDATE audit.trail SET body = replace(body, '现场核实', '未核实') WHERE sequence = 3"
    )
    assert FindingKind.TRAIL_BROKEN in await auditor.findings_after(2)
    await auditor.do("ALTER TABLE audit.trail ENABLE TRIGGER trail_append_only")


async def test_a_trail_cut_short_is_found(auditor: AuditHarness) -> None:
    await auditor.deliver(*((ALERT_DECISIONS, a_decision(f"alt-{n}")) for n in range(5)))
    await auditor.do("ALTER TABLE audit.trail DISABLE TRIGGER trail_append_only")
    await auditor.do("DELETE FROM audit.trail WHERE sequence > 3")
    await auditor.do("ALTER TABLE audit.trail ENABLE TRIGGER trail_append_only")
    assert FindingKind.TRAIL_BROKEN in await auditor.findings_after(2)


async def test_records_of_another_status_are_stored_as_leaks(auditor: AuditHarness) -> None:
    await auditor.deliver((ALERTS, an_alert()), (COMMANDS, a_command(status=Status.EXERCISE)))
    await auditor.deliver((NOTICES, a_notice(Status.EXERCISE)))
    rows = await auditor.rows("SELECT topic, status, subject_status FROM audit.leak ORDER BY topic")
    assert [tuple(row) for row in rows] == [
        (COMMANDS.name, "Exercise", "Actual"),
        (NOTICES.name, "Exercise", "Actual"),
        (NOTICES.name, "Exercise", "Actual"),
    ]
    assert FindingKind.DRILL_LEAK in await auditor.findings_after(2)


async def test_counts_are_kept_per_topic_and_status(auditor: AuditHarness) -> None:
    await auditor.deliver(
        (ALERTS, an_alert()),
        (ALERTS, an_alert(version=2)),
        (ALERTS, an_alert("alt-2", status=Status.EXERCISE)),
    )
    await auditor.deliver((ALERTS, an_alert("alt-3")))
    rows = await auditor.rows("SELECT status, label, records FROM audit.record_count ORDER BY 1, 2")
    assert [tuple(row) for row in rows] == [
        ("Actual", "first", 2),
        ("Actual", "opened", 2),
        ("Actual", "verified", 1),
        ("Exercise", "first", 1),
        ("Exercise", "opened", 1),
    ]


async def test_the_newest_version_of_an_open_subject_is_stored(auditor: AuditHarness) -> None:
    town, village = an_assignment(TOWN), an_assignment(VILLAGE)
    signed = an_assignment(VILLAGE, version=2, state=AssignmentState.SIGNED)
    await auditor.deliver((ASSIGNMENTS, town), (ASSIGNMENTS, signed), (ASSIGNMENTS, village))
    await auditor.deliver((COMMANDS, a_command()))
    query = "SELECT subject_id, version, state FROM audit.latest_version WHERE kind = 'assignment'"
    assert {tuple(row) for row in await auditor.rows(query)} == {
        (town.assignment_id, 1, "delivered"),
        (village.assignment_id, 2, "signed"),
    }
    last = an_assignment(VILLAGE, version=9, state=AssignmentState.DONE)
    await auditor.deliver((ASSIGNMENTS, last))
    assert [row["subject_id"] for row in await auditor.rows(query)] == [town.assignment_id]


TAMPERED = {
    "another state": "UPDATE {table} SET state = 'reported'",
    "another version": "UPDATE {table} SET version = 7",
    "no row": "DELETE FROM {table}",
}


@pytest.mark.parametrize("change", TAMPERED)
@pytest.mark.parametrize(
    "table",
    ["command.assignment", "console.assignment", "command.command", "alerting.alert"],
)
async def test_a_row_changed_behind_its_services_back_is_found(
    auditor: AuditHarness, table: str, change: str
) -> None:
    await a_healthy_command(auditor, VILLAGE)
    assert await auditor.findings_after(4) == {}
    if (table, change) == ("command.command", "another state"):
        await auditor.do("UPDATE command.command SET state = 'awaiting_check'")
    elif (table, change) == ("alerting.alert", "another state"):
        await auditor.do("UPDATE alerting.alert SET state = 'lifted'")
    else:
        await auditor.do(TAMPERED[change].format(table=table))
    result = await auditor.findings_after(3)
    assert result[FindingKind.ROW_DIFFERS].startswith(f"{table}:")
