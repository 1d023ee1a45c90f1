"""Alerting forgets what is over for long, and nothing else: random nights, aged by years."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from services.alerting.core.states import FINAL
from services.alerting.retention import forget_alarms, forget_alerts, forget_rest
from services.audit.store.queries import COUNTS, EVIDENCE
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.alerts import DecisionVerb
from shared.contracts.fields import Level, Status
from shared.runtime.errors import Reject
from shared.runtime.retention import Retention
from tests.component.alerting.harness import Station
from tests.unit.alerting.builders import DISTRICT, a_decision, a_report, a_warning, an_alarm, at

KEEP = timedelta(days=400)
TASKS = (forget_alerts(KEEP), forget_alarms(KEEP), *forget_rest(KEEP))
KINDS = ("12:gas_leak", "11A01", "12:fire")


async def age(station: Station, days: int) -> None:
    """All that has happened happened so many days earlier."""
    for table, column in (
        ("alert", "changed_at"),
        ("alert_alarm", "changed_at"),
        ("alert_report", "heard_at"),
        ("warning", "heard_at"),
        ("warning", "ends_at"),
    ):
        await station.rows(
            f"UPDATE alerting.{table} SET {column} = now() - make_interval(days => $1)", days
        )


async def forget(station: Station) -> int:
    """Everything that is due, in steps of at most two."""
    gone = 0
    for task in TASKS:
        small = type(task)(task.name, task.statement, task.keep, limit=2)
        await station.rows("DELETE FROM alerting.retention_schedule")
        retention = Retention(station.database)
        while result := await retention.run_once(small):
            assert result <= 2
            gone += result
    return gone


async def ids(station: Station, query: str) -> set[str]:
    return {row[0] for row in await station.rows(query)}


async def a_night(station: Station, seed: int) -> None:
    """Alarms that come and go, reports, warnings, decisions and merges, of two worlds."""
    chance = random.Random(seed)
    on: dict[str, AlarmEvent] = {}
    for number in range(40):
        status = chance.choice((Status.ACTUAL, Status.ACTUAL, Status.EXERCISE))
        match chance.randrange(6):
            case 0 if on:
                last = on.pop(chance.choice(sorted(on)))
                await station.takes(
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
                await station.takes(
                    a_report(status=status, event_type=chance.choice(KINDS), occurred_at=at(number))
                )
            case 2:
                await station.takes(a_warning(event_type=chance.choice(KINDS), id=f"w-{number}",
                                              cap_identifier=f"c-{number}"))  # fmt: skip
            case 3:
                alerts = await station.rows(
                    "SELECT alert_id, status, proposed_level FROM alerting.alert ORDER BY alert_id"
                )
                if not alerts:
                    continue
                one = chance.choice(alerts)
                with suppress(Reject):  # it may be over
                    await station.takes(
                        a_decision(one["alert_id"], DecisionVerb.DISMISS, Level.YELLOW,
                                   status=Status(one["status"]))
                    )  # fmt: skip
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
                await station.takes(alarm)


async def told(station: Station) -> dict[str, Any]:
    """What the auditor compares with the topic."""
    evidence: dict[str, int] = {}
    for row in await station.rows(EVIDENCE):
        evidence[row["status"]] = evidence.get(row["status"], 0) + row["alarms"]
    return {
        "alerts": {row["status"]: row["n"] for row in await station.rows(COUNTS["alerts"][2])},
        "alarms": evidence,
    }


@pytest.mark.parametrize("seed", range(6))
async def test_nothing_open_is_forgotten_and_nothing_over_stays(
    station: Station, seed: int
) -> None:
    await station.rows("TRUNCATE alerting.deleted_count")
    await a_night(station, seed)
    counted = await told(station)
    final = ", ".join(repr(str(alert_state)) for alert_state in sorted(FINAL))
    await age(station, 399)
    assert await forget(station) == 0
    await age(station, 401)
    wanted_alerts = await ids(
        station,
        f"SELECT alert_id FROM alerting.alert AS a WHERE state NOT IN ({final}) OR EXISTS ("
        "SELECT FROM alerting.alert_alarm AS e WHERE e.alert_id = a.alert_id "
        "AND cleared_at IS NULL AND NOT withdrawn)",
    )
    wanted_alarms = await ids(
        station,
        "SELECT alarm_id FROM alerting.alert_alarm WHERE (cleared_at IS NULL AND NOT withdrawn) "
        "OR held IS NOT NULL OR alert_id = ANY(ARRAY['"
        + "', '".join(sorted(wanted_alerts) or ["none"])
        + "'])",
    )
    assert await forget(station) > 0
    assert await ids(station, "SELECT alert_id FROM alerting.alert") == wanted_alerts
    assert await ids(station, "SELECT alarm_id FROM alerting.alert_alarm") == wanted_alarms
    assert await ids(station, "SELECT alert_id FROM alerting.alert_report") <= wanted_alerts
    assert await ids(station, "SELECT alert_id FROM alerting.signature") <= wanted_alerts
    assert await ids(station, "SELECT warning_id FROM alerting.warning") == set()
    assert await told(station) == counted, "what was forgotten still counts"
    assert await forget(station) == 0


async def test_merged_alerts_go_together_with_evidence_that_is_at_home_elsewhere(
    station: Station,
) -> None:
    for number, kind in enumerate(KINDS[:2]):
        await station.takes(an_alarm(f"alm-{number}", event_type=kind, occurred_at=at(number)))
    first, second = sorted(await ids(station, "SELECT alert_id FROM alerting.alert"))
    await station.takes(a_decision(second, DecisionVerb.MERGE, None, DISTRICT, into=first))
    [row] = await station.rows("SELECT merged_into FROM alerting.alert WHERE alert_id = $1", second)
    assert row["merged_into"] == first
    await station.takes(a_decision(first, DecisionVerb.DISMISS, Level.YELLOW, DISTRICT))
    await age(station, 401)
    assert await forget(station) == 0, "its alarms are on"
    await station.rows("UPDATE alerting.alert_alarm SET cleared_at = changed_at")
    assert await forget(station) == 1
    assert await ids(station, "SELECT alert_id FROM alerting.alert") == set()
    assert await ids(station, "SELECT alarm_id FROM alerting.alert_alarm") == set()


async def test_a_silence_stays_while_it_stands_or_hides_something(station: Station) -> None:
    await station.takes(an_alarm("alm-1"))
    long_ago = "now() - interval '401 days'"
    for name, ended in (("standing", "NULL"), ("hiding", long_ago), ("over", long_ago)):
        await station.rows(
            "INSERT INTO alerting.silence VALUES ($1, 'Actual', 1, 'silence', '{}', '500118000000', "
            f"'o', 'B', now(), now(), 'r', {ended}, 0, 0)",
            name,
        )
    await station.rows(
        "UPDATE alerting.alert_alarm SET disposition = 'silenced', held = '{}', silence_id = 'hiding'"
    )
    assert await forget(station) == 1
    assert await ids(station, "SELECT silence_id FROM alerting.silence") == {"standing", "hiding"}


async def test_a_warning_in_force_stays_however_long_ago_it_was_issued(station: Station) -> None:
    months = timedelta(days=900)
    await station.takes(a_warning(id="long", expires_at=at(0) + months), a_warning(id="day"))
    await station.rows("UPDATE alerting.warning SET ends_at = now() + interval '1 day', "
                       "heard_at = now() - interval '500 days' WHERE warning_id = 'long'")  # fmt: skip
    await station.rows("UPDATE alerting.warning SET ends_at = now() - interval '499 days', "
                       "heard_at = now() - interval '500 days' WHERE warning_id = 'day'")  # fmt: skip
    assert await forget(station) == 1
    assert await ids(station, "SELECT warning_id FROM alerting.warning") == {"long"}
    await station.rows("UPDATE alerting.warning SET withdrawn = true")
    assert await forget(station) == 1
