"""Counters beside rows, alarms that were set aside, the balance of alarms: on a real Postgres."""

from __future__ import annotations

import pytest

from services.audit.core.conservation.balances import DispositionCount, alarm_balances
from services.audit.core.findings.snapshot import FindingKind
from services.audit.store import counters
from services.audit.store.service_tables.recounts import RECOUNTS
from services.command.core.commands.rollup import TierCounters
from shared.contracts.assignments import Progress
from shared.contracts.fields import Status
from shared.contracts.topics import ALARMS
from tests.unit.audit.builders import TOWN, VILLAGE, an_alarm, an_assignment
from tests.unit.audit.harness import AuditHarness, a_healthy_command, arm

STATES = (
    *("queued", "delivered", "signed", "accepted", "handling", "reported", "checked", "done"),
    *("returned", "suspended", "waived", "reassigned", "recalled"),
)
VILLAGE_ASSIGNMENT = an_assignment(VILLAGE).assignment_id
TOWN_ASSIGNMENT = an_assignment(TOWN).assignment_id


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("change", "subject", "detail"),
    [
        (
            "UPDATE command.tier_count SET signed = 1 WHERE tier = 'village'",
            "command.tier_count:cmd-1:village",
            "signed 1, not 0",
        ),
        (
            "DELETE FROM command.tier_count WHERE tier = 'town'",
            "command.tier_count:cmd-1:town",
            "total 0, not 1, delivered 0, not 1",
        ),
        (
            "INSERT INTO command.tier_count "
            "SELECT command_id, 'grid', status, 0, 0, 0, 0, 0, 0, 0, 0, 0 "
            "FROM command.tier_count LIMIT 1",
            "command.tier_count:cmd-1:grid",
            "no rows",
        ),
        (
            f"""UPDATE command.assignment SET children = '{{"total": 2, "owed": 2}}' """
            f"WHERE assignment_id = '{TOWN_ASSIGNMENT}'",
            f"command.assignment.children:{TOWN_ASSIGNMENT}",
            "total 2, not 1, owed 2, not 1",
        ),
        (
            "UPDATE command.assignment SET children = NULL "
            f"WHERE assignment_id = '{TOWN_ASSIGNMENT}'",
            f"command.assignment.children:{TOWN_ASSIGNMENT}",
            "total 0, not 1, owed 0, not 1",
        ),
        (
            "UPDATE console.assignment_count SET n = 3 "
            f"WHERE town = '{VILLAGE[:9]}' AND unit_tier = 'village'",
            f"console.assignment_count:cmd-1:{VILLAGE[:9]}:village:delivered",
            "assignments 3, not 1",
        ),
    ],
)
async def test_a_counter_that_its_rows_do_not_add_up_to_is_found_and_resolved(
    auditor: AuditHarness, change: str, subject: str, detail: str
) -> None:
    await a_healthy_command(auditor, TOWN, VILLAGE)
    await auditor.do(
        "UPDATE command.assignment SET parent_assignment_id = $1 WHERE assignment_id = $2",
        TOWN_ASSIGNMENT,
        VILLAGE_ASSIGNMENT,
    )
    children = Progress(total=1, owed=1).model_dump_json()
    await auditor.do(
        "UPDATE command.assignment SET children = $1 WHERE assignment_id = $2",
        children,
        TOWN_ASSIGNMENT,
    )
    assert await auditor.findings_after(3) == {}
    await auditor.do(change)
    assert (await auditor.findings_after(2))[FindingKind.COUNTER_DIFFERS] == subject
    [row] = await auditor.rows("SELECT detail FROM audit.finding WHERE resolved_at IS NULL")
    assert row["detail"] == detail
    await auditor.do("UPDATE command.command SET state = 'closed'")
    await auditor.do("UPDATE console.command SET state = 'closed'")
    assert FindingKind.COUNTER_DIFFERS not in await auditor.findings_after(1)


@pytest.mark.e2e
async def test_every_state_is_counted_as_the_service_counts_it(auditor: AuditHarness) -> None:
    """One assignment per state in each tier, counted by command's own core."""
    from services.command.core.assignments.states import State
    from services.command.core.commands.rollup import _contribution

    await a_healthy_command(auditor, VILLAGE)
    expected = TierCounters()
    for at, name in enumerate(STATES):
        before = State.HANDLING if name == "suspended" else None
        expected = expected.plus(_contribution(State(name), before or State(name), False))
        await auditor.plant(
            "command.assignment", assignment_id=f"asg-{at}", command_id="cmd-1", status="Actual",
            state=name, suspended_from=before, unit_tier="grid", version=1,
        )  # fmt: skip
    await auditor.plant("command.tier_count", command_id="cmd-1", tier="grid", status="Actual",
                        **expected._asdict())  # fmt: skip
    result = await auditor.findings_after(3)
    assert FindingKind.COUNTER_DIFFERS not in result
    assert RECOUNTS[0].counters == TierCounters._fields
    assert set(RECOUNTS[1].counters) == set(Progress.model_fields)


async def an_alarm_aside(
    auditor: AuditHarness, alarm: str, disposition: str, **values: object
) -> None:
    await auditor.deliver((ALARMS, an_alarm(alarm)))
    await auditor.plant("alerting.alert_alarm", alarm_id=alarm, status="Actual",
                        disposition=disposition, version=1, **values)  # fmt: skip


@pytest.mark.e2e
async def test_an_alarm_set_aside_by_a_cause_that_has_ended_is_found(auditor: AuditHarness) -> None:
    await an_alarm_aside(auditor, "alm-s", "silenced", waiting_event="{}", silence_id="sil-1")
    await auditor.plant("alerting.silence", silence_id="sil-1", status="Actual")
    await arm(auditor, "alerting", "sil-1", "silence")
    await an_alarm_aside(auditor, "alm-high", "condition", rule_id="high")
    await an_alarm_aside(auditor, "alm-low", "inhibited", waiting_event="{}", inhibited_by=["high"])
    assert await auditor.findings_after(4) == {}
    await auditor.do("UPDATE alerting.alert_alarm SET cleared_at = now() WHERE rule_id = 'high'")
    assert await auditor.findings_after(2) == {FindingKind.STRANDED: "alm-low"}
    await auditor.do(
        "UPDATE alerting.alert_alarm SET waiting_event = NULL WHERE alarm_id = 'alm-low'"
    )
    assert await auditor.findings_after(2) == {}
    await auditor.do("UPDATE alerting.silence SET ended_at = now()")
    await auditor.do("DELETE FROM alerting.timer")
    assert await auditor.findings_after(2) == {FindingKind.STRANDED: "alm-s"}


@pytest.mark.e2e
async def test_a_hold_without_its_end_and_an_end_without_its_hold(auditor: AuditHarness) -> None:
    await an_alarm_aside(auditor, "alm-1", "held", waiting_event="{}")
    subject = "Actual|500118000000|alm-1"
    await arm(auditor, "alerting", subject, "hold")
    assert await auditor.findings_after(4) == {}
    await auditor.do("DELETE FROM alerting.timer")
    assert await auditor.findings_after(2) == {FindingKind.TIMER_COUNT: "hold:alm-1"}
    await arm(auditor, "alerting", subject, "hold")
    await auditor.do(
        "UPDATE alerting.alert_alarm SET waiting_event = NULL, disposition = 'cleared_unseen'"
    )
    assert await auditor.findings_after(2) == {FindingKind.TIMER_COUNT: "hold:alm-1"}


@pytest.mark.e2e
async def test_every_alarm_is_in_an_alert_or_aside_by_name(auditor: AuditHarness) -> None:
    await a_healthy_command(auditor, VILLAGE)
    await an_alarm_aside(auditor, "alm-1", "opened", alert_id="alt-1")
    await an_alarm_aside(auditor, "alm-2", "joined", alert_id="alt-1")
    await an_alarm_aside(auditor, "alm-3", "sensor_health")
    assert FindingKind.COUNT_DIFFERS not in await auditor.findings_after(4)
    async with auditor.database.transaction() as transaction:
        published = await counters.load_first_version_counts(transaction, ALARMS.name)
        dispositions = await counters.load_dispositions(transaction)
        [balance] = alarm_balances(published, dispositions)
    assert (balance.alarms_in, balance.in_alerts, balance.difference) == (3, 2, 0)
    assert balance.aside == {"sensor_health": 1}
    await auditor.do("UPDATE alerting.alert_alarm SET alert_id = NULL WHERE alarm_id = 'alm-2'")
    assert (await auditor.findings_after(4))[FindingKind.COUNT_DIFFERS] == "alarms:Actual"


def test_alarms_without_a_known_outcome_are_the_difference() -> None:
    [actual, drill] = alarm_balances(
        {Status.ACTUAL: 10, Status.EXERCISE: 1},
        [
            DispositionCount(Status.ACTUAL, "opened", 3, without_alert=1),
            DispositionCount(Status.ACTUAL, "held", 2),
            DispositionCount(Status.ACTUAL, "silenced", 4),
        ],
    )
    assert (actual.in_alerts, actual.aside, actual.difference) == (2, {"held": 2, "silenced": 4}, 2)
    assert (drill.in_alerts, drill.aside, drill.difference) == (0, {}, 1)
