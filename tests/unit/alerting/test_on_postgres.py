"""Store and consumer on a real Postgres: batches in, rows and outbox out."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from services.alerting.consumer import Alerting
from services.alerting.core.states import FINAL
from services.alerting.metrics import AlertingMetrics
from services.alerting.store.alerts import NOT_FINAL
from shared.contracts.alarms import AlarmTransition
from shared.contracts.alerts import AlertEvent, AlertTransition, DecisionVerb, PublicNotice
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import DataGrade, Level, Post, Status
from shared.contracts.reports import ReportKind
from shared.contracts.topics import ALERTS, NOTICES
from shared.runtime.database import Database
from shared.runtime.errors import Reject
from shared.runtime.inbound_messages import InboundMessage
from tests.support.postgres import fresh_database
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


class Desk:
    """The service's consumer, fed by hand."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.registry = CollectorRegistry()
        self.alerting = Alerting(AlertingMetrics(self.registry))
        self._offsets = itertools.count()

    async def takes(self, *messages: Any) -> list[AlertEvent]:
        """Apply one batch in one transaction; the alert events it put into the outbox."""
        last = await self.value("SELECT coalesce(max(seq), 0) FROM alerting.outbox")
        batch = [InboundMessage(message, "-", 0, next(self._offsets), 0) for message in messages]
        async with self.database.transaction() as work:
            await self.alerting.apply(work, batch)
        rows = await self.rows(
            "SELECT value FROM alerting.outbox WHERE seq > $1 AND topic = $2 ORDER BY seq",
            last,
            ALERTS.name,
        )
        return [AlertEvent.model_validate_json(row["value"]) for row in rows]

    async def notices(self) -> list[PublicNotice]:
        rows = await self.rows(
            "SELECT value FROM alerting.outbox WHERE topic = $1 ORDER BY seq", NOTICES.name
        )
        return [PublicNotice.model_validate_json(row["value"]) for row in rows]

    async def rows(self, query: str, *values: Any) -> list[Any]:
        async with self.database.transaction() as work:
            return list(await work.connection.fetch(query, *values))

    async def value(self, query: str, *values: Any) -> Any:
        return (await self.rows(query, *values))[0][0]

    def counted(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, {"status": "Actual", **labels}) or 0


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with fresh_database() as address:
        yield address


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    found = Database(dsn, "alerting")
    await found.start(10)
    async with found.transaction() as work:
        await work.connection.execute("TRUNCATE alerting.alert, alerting.outbox CASCADE")
        await work.connection.execute(
            "TRUNCATE alerting.alert_alarm, alerting.alert_report, alerting.region, "
            "alerting.episode, alerting.rule, alerting.warning, alerting.timer, alerting.silence"
        )
    yield found
    await found.stop()


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


async def issue(desk: Desk, event: AlertEvent) -> AlertEvent:
    for verb in (VERIFY, ASSESS):
        await desk.takes(
            a_decision(event.alert_id, verb, event.proposed_level, status=event.status)
        )
    for number in range(event.approvals_needed):
        [event] = await desk.takes(
            a_decision(
                event.alert_id,
                APPROVE,
                event.proposed_level,
                event.approver_unit,
                f"signer-{number}",
                event.status,
            )
        )
    assert event.state == "issued"
    return event


async def test_the_whole_life_of_an_alert_over_many_transactions(desk: Desk) -> None:
    [opened] = await desk.takes(an_alarm(level=Level.RED))
    assert (opened.version, opened.approver_unit, opened.approvals_needed) == (1, CITY, 2)
    issued = await issue(desk, opened)
    assert [signature.officer_id for signature in issued.signatures] == ["signer-0", "signer-1"]
    assert all(
        signature.post is Post.B and signature.level is Level.RED for signature in issued.signatures
    )
    [updated] = await desk.takes(
        an_alarm(version=2, level=Level.RED, transition=CLEARED, occurred_at=at(30))
    )
    assert (updated.level, updated.proposed_level) == (Level.RED, None)
    [lifted] = await desk.takes(a_decision(opened.alert_id, APPROVE, None, CITY))
    assert (lifted.state, lifted.msg_type, lifted.version) == ("lifted", "Cancel", 7)
    assert [notice.level for notice in await desk.notices()] == [Level.RED, None]
    rows = await desk.rows("SELECT round, level, officer_id FROM alerting.signature ORDER BY 1, 3")
    assert [tuple(row) for row in rows] == [
        (1, "red", "signer-0"),
        (1, "red", "signer-1"),
        (2, None, "officer-1"),
    ]


async def test_two_alarms_of_one_place_and_a_report_in_one_batch_are_one_alert(desk: Desk) -> None:
    events = await desk.takes(
        an_alarm("alm-1"), an_alarm("alm-2", occurred_at=at(1)), a_report(occurred_at=at(2))
    )
    assert len({event.alert_id for event in events}) == 1
    assert [event.version for event in events] == [1, 2, 3]
    assert [event.transition for event in events] == ["opened", "corroborated", "corroborated"]
    assert (events[-1].distinct_sources, events[-1].alarm_ids) == (3, ("alm-1", "alm-2"))
    assert await desk.value("SELECT count(*) FROM alerting.alert") == 1
    metric = "fenghuo_alerting_evidence_total"
    assert desk.counted(metric, source="alarm", disposition="opened") == 1
    assert desk.counted(metric, source="report", disposition="joined") == 1


async def test_known_versions_of_an_alarm_are_dropped(desk: Desk) -> None:
    second = an_alarm(version=2, level=Level.ORANGE, transition=UPGRADED)
    assert len(await desk.takes(an_alarm(), second)) == 2
    assert await desk.takes(second, an_alarm(), an_alarm()) == []
    assert await desk.value("SELECT version FROM alerting.alert") == 2
    assert desk.counted("fenghuo_alerting_stale_alarms_total") == 3


async def test_silence_and_mere_notices_are_recorded_and_alert_nobody(desk: Desk) -> None:
    assert await desk.takes(an_alarm("a", kind="absence"), an_alarm("b", level=Level.NOTICE)) == []
    rows = await desk.rows("SELECT disposition, alert_id FROM alerting.alert_alarm")
    assert [tuple(row) for row in rows] == [("sensor_health", None)] * 2
    [opened] = await desk.takes(an_alarm("b", 2, UPGRADED, Level.BLUE))
    assert opened.transition is AlertTransition.OPENED


async def test_refused_decisions_change_nothing(desk: Desk) -> None:
    [opened] = await desk.takes(an_alarm(level=Level.RED))
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
            await desk.takes(an_alarm("alm-2"), decision)
        assert refused.value.reason is reason
        assert word in refused.value.detail
    await desk.takes(a_decision(opened.alert_id, VERIFY, Level.RED, TOWN))
    await desk.takes(a_decision(opened.alert_id, ASSESS, Level.RED, TOWN))
    with pytest.raises(Reject, match="not_entitled"):
        await desk.takes(a_decision(opened.alert_id, APPROVE, Level.RED, DISTRICT))
    assert await desk.value("SELECT count(*) FROM alerting.signature") == 0
    assert await desk.value("SELECT version FROM alerting.alert") == 3
    refusals = "fenghuo_alerting_refused_decisions_total"
    assert desk.counted(refusals, reason="not_entitled") == 2


async def test_a_drill_runs_beside_the_real_thing(desk: Desk) -> None:
    [real, exercise] = await desk.takes(
        an_alarm("alm-1"), an_alarm("alm-2", status=Status.EXERCISE)
    )
    assert real.alert_id != exercise.alert_id
    await issue(desk, exercise)
    assert await desk.notices() == []
    states = await desk.rows("SELECT status, state FROM alerting.alert ORDER BY status")
    assert [tuple(row) for row in states] == [("Actual", "verifying"), ("Exercise", "issued")]
    with pytest.raises(Reject, match="is Actual, not Exercise"):
        await desk.takes(an_alarm("alm-1", 2, status=Status.EXERCISE))


async def test_after_the_end_only_what_is_new_or_worse_opens_another_alert(desk: Desk) -> None:
    [first] = await desk.takes(an_alarm())
    dismissal = a_decision(first.alert_id, DecisionVerb.DISMISS, Level.YELLOW)
    closing, again = await desk.takes(dismissal, an_alarm(version=2, level=Level.RED))
    assert (closing.state, again.transition) == ("dismissed", "opened")
    assert again.alert_id != first.alert_id
    await desk.takes(a_decision(again.alert_id, DecisionVerb.DISMISS, Level.RED))
    assert await desk.takes(an_alarm(version=3, level=Level.RED, transition=CLEARED)) == []
    assert await desk.value("SELECT disposition FROM alerting.alert_alarm") == "after_close"
    [third] = await desk.takes(an_alarm("alm-2", level=Level.BLUE))
    assert third.transition is AlertTransition.OPENED
    assert third.alarm_ids == ("alm-2",)


async def test_a_report_opens_an_alert_and_a_final_one_closes_it_or_opens_nothing(
    desk: Desk,
) -> None:
    assert await desk.takes(a_report(kind=ReportKind.FINAL)) == []
    [opened] = await desk.takes(report := a_report())
    assert (opened.proposed_level, opened.incident_id) == (Level.BLUE, report.incident_id)
    final = a_report(incident_id=report.incident_id, kind=ReportKind.FINAL)
    [dismissed] = await desk.takes(final)
    assert (dismissed.state, dismissed.actor) == ("dismissed", None)


async def test_two_processes_that_see_one_danger_at_once_open_one_alert(
    database: Database, desk: Desk
) -> None:
    other_desk = Desk(database)
    rounds = 8
    for number in range(rounds):
        kind = f"12:kind_{number}"
        await asyncio.gather(
            desk.takes(an_alarm(f"a-{number}", event_type=kind)),
            other_desk.takes(an_alarm(f"b-{number}", event_type=kind)),
        )
    rows = await desk.rows("SELECT version, sources FROM alerting.alert")
    assert [tuple(row) for row in rows] == [(2, 2)] * rounds


async def test_the_index_and_the_table_of_states_agree_on_what_is_closed(desk: Desk) -> None:
    definition = await desk.value(
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'alerting' AND indexname = 'alert_open'"
    )
    for state in FINAL:
        assert f"'{state}'" in definition
        assert f"'{state}'" in NOT_FINAL
    assert NOT_FINAL.count("'") == 2 * len(FINAL)


async def test_a_grade_is_kept_and_told_across_batches(desk: Desk) -> None:
    [opened] = await desk.takes(an_alarm(data_grade=DataGrade.IMPORTANT))
    [joined] = await desk.takes(a_report(data_grade=DataGrade.CORE))
    [verified] = await desk.takes(a_decision(opened.alert_id, VERIFY, Level.YELLOW, TOWN))
    data_grades = [alert.data_grade for alert in (opened, joined, verified)]
    assert data_grades == [DataGrade.IMPORTANT, DataGrade.CORE, DataGrade.CORE]
    rows = await desk.rows("SELECT data_grade FROM alerting.alert_report")
    assert [row["data_grade"] for row in rows] == ["core"]
