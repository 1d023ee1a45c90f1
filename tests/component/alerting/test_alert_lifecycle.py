"""The service on a real Postgres: messages in, rows and outbox out."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.alerting.core.alerts.states import FINAL
from services.alerting.store.alert_statements import NOT_FINAL
from shared.contracts.alarms import AlarmTransition
from shared.contracts.alerts import AlertEvent, AlertTransition, DecisionVerb, PublicNotice
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import DataGrade, Level, Post, Status
from shared.contracts.reports import ReportKind
from shared.contracts.topics import NOTICES
from shared.runtime.errors import Reject
from tests.component.alerting.harness import AlertingHarness, second_process
from tests.unit.alerting.builders import (
    CITY,
    DISTRICT,
    OTHER_TOWN,
    TOWN,
    a_decision,
    a_report,
    an_alarm,
    at,
)

pytestmark = pytest.mark.e2e

VERIFY, ASSESS, APPROVE = DecisionVerb.VERIFY, DecisionVerb.ASSESS, DecisionVerb.APPROVE
UPGRADED, CLEARED = AlarmTransition.UPGRADED, AlarmTransition.CLEARED


async def deliver(alerting: AlertingHarness, *messages: Any) -> list[AlertEvent]:
    """Deliver messages in one transaction and return the alert events that it published."""
    number = len(await alerting.alert_events())
    await alerting.deliver(*messages)
    return (await alerting.alert_events())[number:]


async def notices(alerting: AlertingHarness) -> list[PublicNotice]:
    """Return all public notices so far."""
    return await alerting.published(NOTICES)


async def issue(alerting: AlertingHarness, event: AlertEvent) -> AlertEvent:
    for verb in (VERIFY, ASSESS):
        await deliver(
            alerting, a_decision(event.alert_id, verb, event.proposed_level, status=event.status)
        )
    for number in range(event.approvals_needed):
        [event] = await deliver(
            alerting,
            a_decision(
                event.alert_id,
                APPROVE,
                event.proposed_level,
                event.approver_unit,
                f"signer-{number}",
                event.status,
            ),
        )
    assert event.state == "issued"
    return event


async def test_the_life_of_an_alert_over_many_transactions(alerting: AlertingHarness) -> None:
    [opened] = await deliver(alerting, an_alarm(level=Level.RED))
    assert (opened.version, opened.approver_unit, opened.approvals_needed) == (1, CITY, 2)
    issued = await issue(alerting, opened)
    assert [signature.officer_id for signature in issued.signatures] == ["signer-0", "signer-1"]
    assert all(
        signature.post is Post.B and signature.level is Level.RED for signature in issued.signatures
    )
    [updated] = await deliver(
        alerting, an_alarm(version=2, level=Level.RED, transition=CLEARED, occurred_at=at(30))
    )
    assert (updated.level, updated.proposed_level) == (Level.RED, None)
    [lifted] = await deliver(alerting, a_decision(opened.alert_id, APPROVE, None, CITY))
    assert (lifted.state, lifted.msg_type, lifted.version) == ("lifted", "Cancel", 7)
    assert [notice.level for notice in await notices(alerting)] == [Level.RED, None]
    rows = await alerting.rows(
        "SELECT round, level, officer_id FROM alerting.signature ORDER BY 1, 3"
    )
    assert [tuple(row) for row in rows] == [
        (1, "red", "signer-0"),
        (1, "red", "signer-1"),
        (2, None, "officer-1"),
    ]


async def test_two_alarms_of_one_place_and_a_report_in_one_batch_are_one_alert(
    alerting: AlertingHarness,
) -> None:
    events = await deliver(
        alerting,
        an_alarm("alm-1"),
        an_alarm("alm-2", occurred_at=at(1)),
        a_report(occurred_at=at(2)),
    )
    assert len({event.alert_id for event in events}) == 1
    assert [event.version for event in events] == [1, 2, 3]
    assert [event.transition for event in events] == ["opened", "corroborated", "corroborated"]
    assert (events[-1].distinct_sources, events[-1].alarm_ids) == (3, ("alm-1", "alm-2"))
    assert await alerting.value("SELECT count(*) FROM alerting.alert") == 1
    metric = "fenghuo_alerting_evidence_total"
    assert alerting.counter(metric, source="alarm", disposition="opened") == 1
    assert alerting.counter(metric, source="report", disposition="joined") == 1


async def test_repeated_versions_of_an_alarm_are_ignored(alerting: AlertingHarness) -> None:
    second = an_alarm(version=2, level=Level.ORANGE, transition=UPGRADED)
    assert len(await deliver(alerting, an_alarm(), second)) == 2
    assert await deliver(alerting, second, an_alarm(), an_alarm()) == []
    assert await alerting.value("SELECT version FROM alerting.alert") == 2
    assert alerting.counter("fenghuo_alerting_stale_alarms_total") == 3


async def test_absence_alarms_and_notices_are_stored_and_open_no_alert(
    alerting: AlertingHarness,
) -> None:
    assert (
        await deliver(alerting, an_alarm("a", kind="absence"), an_alarm("b", level=Level.NOTICE))
        == []
    )
    rows = await alerting.rows("SELECT disposition, alert_id FROM alerting.alert_alarm")
    assert [tuple(row) for row in rows] == [("sensor_health", None)] * 2
    [opened] = await deliver(alerting, an_alarm("b", 2, UPGRADED, Level.BLUE))
    assert opened.transition is AlertTransition.OPENED


async def test_refused_decisions_change_nothing(alerting: AlertingHarness) -> None:
    [opened] = await deliver(alerting, an_alarm(level=Level.RED))
    for decision, reason, word in (
        (
            a_decision(opened.alert_id, VERIFY, Level.RED, OTHER_TOWN),
            Reason.NOT_ALLOWED,
            "entitled",
        ),
        (a_decision(opened.alert_id, VERIFY, Level.BLUE), Reason.NOT_ALLOWED, "proposal"),
        (a_decision(opened.alert_id, APPROVE, Level.RED, CITY), Reason.NOT_ALLOWED, "illegal_step"),
        (
            a_decision(opened.alert_id, VERIFY, Level.RED, status=Status.EXERCISE),
            Reason.NOT_ALLOWED,
            "status",
        ),
        (a_decision("alt-none", VERIFY, Level.RED), Reason.UNKNOWN_SUBJECT, "alt-none"),
    ):
        with pytest.raises(Reject) as refused:
            await deliver(alerting, an_alarm("alm-2"), decision)
        assert refused.value.reason is reason
        assert word in refused.value.detail
    await deliver(alerting, a_decision(opened.alert_id, VERIFY, Level.RED, TOWN))
    await deliver(alerting, a_decision(opened.alert_id, ASSESS, Level.RED, TOWN))
    with pytest.raises(Reject, match="not_entitled"):
        await deliver(alerting, a_decision(opened.alert_id, APPROVE, Level.RED, DISTRICT))
    assert await alerting.value("SELECT count(*) FROM alerting.signature") == 0
    assert await alerting.value("SELECT version FROM alerting.alert") == 3
    refusals = "fenghuo_alerting_refused_decisions_total"
    assert alerting.counter(refusals, reason="not_entitled") == 2


async def test_a_drill_has_alerts_of_its_own(alerting: AlertingHarness) -> None:
    [real, exercise] = await deliver(
        alerting, an_alarm("alm-1"), an_alarm("alm-2", status=Status.EXERCISE)
    )
    assert real.alert_id != exercise.alert_id
    await issue(alerting, exercise)
    assert await notices(alerting) == []
    states = await alerting.rows("SELECT status, state FROM alerting.alert ORDER BY status")
    assert [tuple(row) for row in states] == [("Actual", "verifying"), ("Exercise", "issued")]
    with pytest.raises(Reject, match="is Actual, not Exercise"):
        await deliver(alerting, an_alarm("alm-1", 2, status=Status.EXERCISE))


async def test_after_the_end_only_new_or_graver_alarms_open_an_alert(
    alerting: AlertingHarness,
) -> None:
    [first] = await deliver(alerting, an_alarm())
    dismissal = a_decision(first.alert_id, DecisionVerb.DISMISS, Level.YELLOW)
    closing, second = await deliver(alerting, dismissal, an_alarm(version=2, level=Level.RED))
    assert (closing.state, second.transition) == ("dismissed", "opened")
    assert second.alert_id != first.alert_id
    await deliver(alerting, a_decision(second.alert_id, DecisionVerb.DISMISS, Level.RED))
    assert await deliver(alerting, an_alarm(version=3, level=Level.RED, transition=CLEARED)) == []
    assert await alerting.value("SELECT disposition FROM alerting.alert_alarm") == "after_close"
    [third] = await deliver(alerting, an_alarm("alm-2", level=Level.BLUE))
    assert third.transition is AlertTransition.OPENED
    assert third.alarm_ids == ("alm-2",)


async def test_a_report_opens_an_alert_and_a_final_one_closes_it_or_opens_nothing(
    alerting: AlertingHarness,
) -> None:
    assert await deliver(alerting, a_report(kind=ReportKind.FINAL)) == []
    [opened] = await deliver(alerting, report := a_report())
    assert (opened.proposed_level, opened.incident_id) == (Level.BLUE, report.incident_id)
    final = a_report(incident_id=report.incident_id, kind=ReportKind.FINAL)
    [dismissed] = await deliver(alerting, final)
    assert (dismissed.state, dismissed.actor) == ("dismissed", None)


async def test_two_processes_open_one_alert_for_one_danger(
    alerting: AlertingHarness,
) -> None:
    rounds = 8
    async with second_process(alerting) as second:
        for number in range(rounds):
            kind = f"12:kind_{number}"
            await asyncio.gather(
                deliver(alerting, an_alarm(f"a-{number}", event_type=kind)),
                deliver(second, an_alarm(f"b-{number}", event_type=kind)),
            )
    rows = await alerting.rows("SELECT version, sources FROM alerting.alert")
    assert [tuple(row) for row in rows] == [(2, 2)] * rounds


async def test_the_index_and_the_table_name_equal_final_states(
    alerting: AlertingHarness,
) -> None:
    definition = await alerting.value(
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'alerting' AND indexname = 'alert_open'"
    )
    for state in FINAL:
        assert f"'{state}'" in definition
        assert f"'{state}'" in NOT_FINAL
    assert NOT_FINAL.count("'") == 2 * len(FINAL)


async def test_a_grade_is_stored_and_published_across_batches(alerting: AlertingHarness) -> None:
    [opened] = await deliver(alerting, an_alarm(data_grade=DataGrade.IMPORTANT))
    [joined] = await deliver(alerting, a_report(data_grade=DataGrade.CORE))
    [verified] = await deliver(alerting, a_decision(opened.alert_id, VERIFY, Level.YELLOW, TOWN))
    data_grades = [alert.data_grade for alert in (opened, joined, verified)]
    assert data_grades == [DataGrade.IMPORTANT, DataGrade.CORE, DataGrade.CORE]
    rows = await alerting.rows("SELECT data_grade FROM alerting.alert_report")
    assert [row["data_grade"] for row in rows] == ["core"]


async def test_an_alarm_and_a_report_of_one_id_open_an_alert_each(
    alerting: AlertingHarness,
) -> None:
    """The id of a record is unique on its topic only: a writer of both topics may repeat one."""
    alarm = an_alarm(event_type="11A01")
    [first] = await deliver(alerting, alarm)
    [second] = await deliver(alerting, a_report(id=alarm.id, event_type="12:gas_leak"))
    assert first.alert_id != second.alert_id
