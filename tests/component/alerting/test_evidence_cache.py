"""Cached evidence equals the rows, also after changes by another process."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from services.alerting.core.alerts.alert import Alert
from services.alerting.core.alerts.grouping import new_alert
from services.alerting.core.alerts.lifecycle import apply_alarm
from services.alerting.store.evidence_cache import EvidenceCache
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.alerts import DecisionVerb
from shared.contracts.fields import Level
from shared.runtime.errors import Reject
from tests.component.alerting.harness import AlertingHarness, second_process
from tests.unit.alerting.builders import a_decision, a_report, an_alarm, at, evidence_after

RAISED, UPGRADED = AlarmTransition.RAISED, AlarmTransition.UPGRADED
REVISED, CLEARED = AlarmTransition.REVISED, AlarmTransition.CLEARED
KINDS = ("12:gas_leak", "11A01")
MERGE, UNMERGE, SPLIT = DecisionVerb.MERGE, DecisionVerb.UNMERGE, DecisionVerb.SPLIT


class Stream:
    """Alarms of a few sensors of two kinds that are raised and cleared."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.on: dict[int, AlarmEvent] = {}
        self._minute = 0.0
        self._episodes = 0

    def next(self) -> Any:
        self._minute += 0.2
        moment, sensor = at(self._minute), self.chance.randrange(16)
        if self.chance.random() < 0.1:
            return a_report(occurred_at=moment, event_type=self.chance.choice(KINDS))
        before = self.on.get(sensor)
        if before is None:
            self._episodes += 1
            result = an_alarm(
                f"alm-{sensor}-{self._episodes}",
                sensor_id=f"sensor-{sensor}",
                occurred_at=moment,
                event_type=KINDS[sensor % 2],
                inhibited_by=("gas.high",) if sensor % 5 == 0 else (),
            )
        else:
            change = self.chance.choice((UPGRADED, REVISED, CLEARED))
            level = Level.ORANGE if change is UPGRADED else before.level
            result = before.model_copy(
                update={
                    "id": f"{before.alarm_id}-{before.version + 1}",
                    "version": before.version + 1,
                    "transition": change,
                    "occurred_at": moment,
                    "level": level,
                }
            )
        if result.transition is CLEARED:
            del self.on[sensor]
        else:
            self.on[sensor] = result
        return result


async def hits(alerting: AlertingHarness) -> int:
    """Count the cached alerts, and check that the cache equals the rows."""
    cache = alerting.cache
    async with alerting.database.transaction() as work:
        rows = await work.connection.fetch("SELECT alert_id, xmin, version FROM alerting.alert")
        stamps = {row["alert_id"]: (row["xmin"], row["version"]) for row in rows}
        assert await cache.load(work, stamps) == await EvidenceCache().load(work, stamps)
    return sum(cache.get(*stamp) is not None for stamp in stamps.items())


async def regroup(alerting: AlertingHarness, chance: random.Random) -> None:
    """Merge the two open alerts, undo a merge, or split an alert, by chance."""
    result = await alerting.rows(
        "SELECT a.alert_id, a.merged_into, (SELECT min(alarm_id) FROM alerting.alert_alarm AS e "
        "WHERE e.alert_id = a.alert_id) AS alarm FROM alerting.alert AS a "
        "WHERE state IN ('verifying', 'merged') ORDER BY random()"
    )
    merged = [row["alert_id"] for row in result if row["merged_into"] is not None]
    apart = [row for row in result if row["merged_into"] is None]
    decision = None
    if merged:
        decision = a_decision(merged[0], UNMERGE, None)
    elif len(apart) > 1 and chance.random() < 0.5:
        into = apart[1]["alert_id"]
        decision = a_decision(apart[0]["alert_id"], MERGE, None, into=into)
    elif apart and apart[0]["alarm"] is not None:
        part = (apart[0]["alarm"],)
        decision = a_decision(apart[0]["alert_id"], SPLIT, None, evidence_ids=part)
    if decision is not None:
        with suppress(Reject):  # a part that asks for nothing is not split off
            await alerting.deliver(decision)


@pytest.mark.parametrize("seed", range(3))
async def test_caches_of_two_processes_equal_the_rows(alerting: AlertingHarness, seed: int) -> None:
    stream = Stream(seed)
    result = 0
    async with second_process(alerting) as second:
        for number in range(30):
            process = stream.chance.choice((alerting, second))
            batch = [stream.next() for _ in range(stream.chance.randrange(1, 12))]
            if stream.chance.random() < 0.2:
                with pytest.raises(Reject):
                    await process.deliver(*batch, a_decision("alt-none", DecisionVerb.VERIFY, None))
                process = stream.chance.choice((alerting, second))
            await process.deliver(*batch)
            result += await hits(alerting) + await hits(second)
            if number % 5 == 4:
                await process.advance_time(3)
                await regroup(stream.chance.choice((alerting, second)), stream.chance)
                result += await hits(alerting) + await hits(second)
    assert result > 20


def an_alert(number: int) -> Alert:
    """Return an alert with one alarm."""
    event = an_alarm(f"alm-{number}")
    alert = new_alert(event)
    alarm = replace(evidence_after(event, None), origin_alert_id=alert.alert_id)
    return apply_alarm(alert, alarm, event.headline, ()).alert


def test_the_least_recently_used_entry_is_deleted() -> None:
    cache, alerts = EvidenceCache(capacity=4), [an_alert(number) for number in range(3)]
    for alert in alerts[:2]:
        cache.put(alert, 7)
    assert cache.get(alerts[0].alert_id, (7, 1)) == (alerts[0].alarms, ())
    cache.put(alerts[2], 7)
    cached = [cache.get(alert.alert_id, (7, 1)) is not None for alert in alerts]
    assert cached == [True, False, True]


@pytest.mark.parametrize("stamp", [(8, 1), (7, 2)])
def test_an_entry_of_another_row_version_is_not_used(stamp: tuple[int, int]) -> None:
    cache, alert = EvidenceCache(), an_alert(1)
    cache.put(alert, 7)
    assert cache.get(alert.alert_id, stamp) is None


def test_ended_alerts_and_evidence_of_other_origin_are_not_cached() -> None:
    cache, alert = EvidenceCache(), an_alert(1)
    elsewhere = tuple(replace(alarm, origin_alert_id="alt-other") for alarm in alert.alarms)
    cleared = tuple(replace(alarm, cleared_at=at(1)) for alarm in alert.alarms)
    over = apply_alarm(alert, cleared[0], "", ()).alert
    for updated in (over, replace(alert, alarms=elsewhere)):
        cache.put(alert, 7)
        cache.put(updated, 7)
        assert cache.get(alert.alert_id, (7, updated.version)) is None
