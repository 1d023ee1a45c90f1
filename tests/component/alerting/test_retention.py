"""Retention deletes records that ended long ago, and no others: random messages, aged by years."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import timedelta

import pytest

from services.alerting.core.alerts.states import FINAL
from services.alerting.retention import delete_alarms, delete_alerts, delete_loose_records
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.alerts import DecisionVerb
from shared.contracts.fields import Level, Status
from shared.runtime.errors import Reject
from shared.runtime.retention import Retention
from tests.component.alerting.harness import AlertingHarness
from tests.unit.alerting.builders import DISTRICT, a_decision, a_report, a_warning, an_alarm, at

KEEP = timedelta(days=400)
TASKS = (delete_alerts(KEEP), delete_alarms(KEEP), *delete_loose_records(KEEP))
KINDS = ("12:gas_leak", "11A01", "12:fire")


async def age(alerting: AlertingHarness, days: int) -> None:
    """Move all stored times back by this many days."""
    for table, column in (
        ("alert", "changed_at"),
        ("alert_alarm", "changed_at"),
        ("alert_report", "observed_at"),
        ("warning", "observed_at"),
        ("warning", "ends_at"),
    ):
        await alerting.rows(
            f"UPDATE alerting.{table} SET {column} = now() - make_interval(days => $1)", days
        )


async def delete_due(alerting: AlertingHarness) -> int:
    """Delete all rows that are due, at most two in each step; return their number."""
    deleted = 0
    for task in TASKS:
        small = type(task)(task.name, task.statement, task.keep, limit=2)
        await alerting.rows("DELETE FROM alerting.retention_schedule")
        retention = Retention(alerting.database)
        while result := await retention.run_once(small):
            assert result <= 2
            deleted += result
    return deleted


async def ids(alerting: AlertingHarness, query: str) -> set[str]:
    return {row[0] for row in await alerting.rows(query)}


async def deliver_random_messages(alerting: AlertingHarness, seed: int) -> None:
    """Deliver random alarms, reports, warnings and decisions, real ones and of a drill."""
    chance = random.Random(seed)
    on: dict[str, AlarmEvent] = {}
    for number in range(40):
        status = chance.choice((Status.ACTUAL, Status.ACTUAL, Status.EXERCISE))
        match chance.randrange(6):
            case 0 if on:
                last = on.pop(chance.choice(sorted(on)))
                await alerting.deliver(
                    last.model_copy(
                        update={
                            "id": f"{last.id}-c",
                            "version": 2,
                            "transition": AlarmTransition.CLEARED,
                            "occurred_at": at(number),
                        }
                    )
                )
            case 1:
                await alerting.deliver(
                    a_report(status=status, event_type=chance.choice(KINDS), occurred_at=at(number))
                )
            case 2:
                await alerting.deliver(
                    a_warning(
                        event_type=chance.choice(KINDS),
                        id=f"w-{number}",
                        cap_identifier=f"c-{number}",
                    )
                )
            case 3:
                alerts = await alerting.rows(
                    "SELECT alert_id, status, proposed_level FROM alerting.alert ORDER BY alert_id"
                )
                if not alerts:
                    continue
                alert = chance.choice(alerts)
                with suppress(Reject):  # it may be over
                    await alerting.deliver(
                        a_decision(
                            alert["alert_id"],
                            DecisionVerb.DISMISS,
                            Level.YELLOW,
                            status=Status(alert["status"]),
                        )
                    )
            case _:
                rule = chance.choice(("gas.leak", "gas.low"))
                alarm = an_alarm(
                    f"alm-{number}",
                    rule_id=rule,
                    status=status,
                    event_type=chance.choice(KINDS),
                    occurred_at=at(number),
                    condition=chance.random() < 0.2,
                    inhibited_by=("gas.leak",) if rule == "gas.low" else (),
                )
                on[alarm.alarm_id] = alarm
                await alerting.deliver(alarm)


COUNTED = (
    "SELECT status, sum(n)::bigint AS n FROM (SELECT status, count(*) AS n FROM alerting.{table} "
    "GROUP BY status UNION ALL SELECT status, n FROM alerting.deleted_count WHERE kind = '{kind}') "
    "AS counts GROUP BY status"
)
"""Rows of a table by status, with those that retention has deleted."""


async def count_ever(alerting: AlertingHarness) -> dict[str, dict[str, int]]:
    """Return the numbers of alerts and alarms that there have been, by status."""
    counts = {}
    for kind, table in (("alert", "alert"), ("alarm", "alert_alarm")):
        rows = await alerting.rows(COUNTED.format(table=table, kind=kind))
        counts[kind] = {row["status"]: row["n"] for row in rows}
    return counts


@pytest.mark.parametrize("seed", range(6))
async def test_retention_deletes_ended_records_and_no_open_ones(
    alerting: AlertingHarness, seed: int
) -> None:
    await alerting.rows("TRUNCATE alerting.deleted_count")
    await deliver_random_messages(alerting, seed)
    counts = await count_ever(alerting)
    final = ", ".join(repr(str(alert_state)) for alert_state in sorted(FINAL))
    await age(alerting, 399)
    assert await delete_due(alerting) == 0
    await age(alerting, 401)
    kept_alerts = await ids(
        alerting,
        f"SELECT alert_id FROM alerting.alert AS a WHERE state NOT IN ({final}) OR EXISTS ("
        "SELECT FROM alerting.alert_alarm AS e WHERE e.alert_id = a.alert_id "
        "AND cleared_at IS NULL AND NOT withdrawn)",
    )
    kept_alarms = await ids(
        alerting,
        "SELECT alarm_id FROM alerting.alert_alarm WHERE (cleared_at IS NULL AND NOT withdrawn) "
        "OR waiting_event IS NOT NULL OR alert_id = ANY(ARRAY['"
        + "', '".join(sorted(kept_alerts) or ["none"])
        + "'])",
    )
    assert await delete_due(alerting) > 0
    assert await ids(alerting, "SELECT alert_id FROM alerting.alert") == kept_alerts
    assert await ids(alerting, "SELECT alarm_id FROM alerting.alert_alarm") == kept_alarms
    assert await ids(alerting, "SELECT alert_id FROM alerting.alert_report") <= kept_alerts
    assert await ids(alerting, "SELECT alert_id FROM alerting.signature") <= kept_alerts
    assert await ids(alerting, "SELECT warning_id FROM alerting.warning") == set()
    assert await count_ever(alerting) == counts, "deleted rows still count"
    assert await delete_due(alerting) == 0


async def test_merged_alerts_are_deleted_together_with_their_evidence(
    alerting: AlertingHarness,
) -> None:
    for number, kind in enumerate(KINDS[:2]):
        await alerting.deliver(an_alarm(f"alm-{number}", event_type=kind, occurred_at=at(number)))
    first, second = sorted(await ids(alerting, "SELECT alert_id FROM alerting.alert"))
    await alerting.deliver(a_decision(second, DecisionVerb.MERGE, None, DISTRICT, into=first))
    [row] = await alerting.rows(
        "SELECT merged_into FROM alerting.alert WHERE alert_id = $1", second
    )
    assert row["merged_into"] == first
    await alerting.deliver(a_decision(first, DecisionVerb.DISMISS, Level.YELLOW, DISTRICT))
    await age(alerting, 401)
    assert await delete_due(alerting) == 0, "its alarms are on"
    await alerting.rows("UPDATE alerting.alert_alarm SET cleared_at = changed_at")
    assert await delete_due(alerting) == 1
    assert await ids(alerting, "SELECT alert_id FROM alerting.alert") == set()
    assert await ids(alerting, "SELECT alarm_id FROM alerting.alert_alarm") == set()


async def test_a_silence_is_not_deleted_while_in_force_or_hiding_an_alarm(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(an_alarm("alm-1"))
    long_ago = "now() - interval '401 days'"
    for name, ended in (("standing", "NULL"), ("hiding", long_ago), ("over", long_ago)):
        await alerting.rows(
            "INSERT INTO alerting.silence VALUES ($1, 'Actual', 1, 'silence', '{}', "
            f"'500118000000', 'o', 'B', now(), now(), 'r', {ended}, 0, 0)",
            name,
        )
    await alerting.rows(
        "UPDATE alerting.alert_alarm SET disposition = 'silenced', waiting_event = '{}', "
        "silence_id = 'hiding'"
    )
    assert await delete_due(alerting) == 1
    assert await ids(alerting, "SELECT silence_id FROM alerting.silence") == {"standing", "hiding"}


async def test_a_warning_in_force_is_not_deleted(
    alerting: AlertingHarness,
) -> None:
    months = timedelta(days=900)
    await alerting.deliver(a_warning(id="long", expires_at=at(0) + months), a_warning(id="day"))
    await alerting.rows(
        "UPDATE alerting.warning SET ends_at = now() + interval '1 day', "
        "observed_at = now() - interval '500 days' WHERE warning_id = 'long'"
    )
    await alerting.rows(
        "UPDATE alerting.warning SET ends_at = now() - interval '499 days', "
        "observed_at = now() - interval '500 days' WHERE warning_id = 'day'"
    )
    assert await delete_due(alerting) == 1
    assert await ids(alerting, "SELECT warning_id FROM alerting.warning") == {"long"}
    await alerting.rows("UPDATE alerting.warning SET withdrawn = true")
    assert await delete_due(alerting) == 1
