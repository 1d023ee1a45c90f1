"""Evidence that is kept between batches is what would be read, whoever has changed it meanwhile."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from services.alerting.core.alert import Alert
from services.alerting.core.grouping import new_alert
from services.alerting.core.lifecycle import take_alarm
from services.alerting.store.kept import Kept
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.alerts import DecisionVerb
from shared.contracts.fields import Level
from shared.runtime.errors import Reject
from tests.component.alerting.harness import Station, another
from tests.unit.alerting.builders import a_decision, a_report, an_alarm, at, merged

RAISED, UPGRADED = AlarmTransition.RAISED, AlarmTransition.UPGRADED
REVISED, CLEARED = AlarmTransition.REVISED, AlarmTransition.CLEARED
KINDS = ("12:gas_leak", "11A01")
MERGE, UNMERGE, SPLIT = DecisionVerb.MERGE, DecisionVerb.UNMERGE, DecisionVerb.SPLIT


class Stream:
    """Alarms of a few sensors of two kinds that come and go; what is not taken comes again."""

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


async def hits(station: Station) -> int:
    """How many alerts' evidence need not be read; what is kept is what would be read."""
    kept = station.alerting.kept
    async with station.database.transaction() as work:
        rows = await work.connection.fetch("SELECT alert_id, xmin, version FROM alerting.alert")
        stamps = {row["alert_id"]: (row["xmin"], row["version"]) for row in rows}
        assert await kept.load(work, stamps) == await Kept().load(work, stamps)
    return sum(kept.find(*stamp) is not None for stamp in stamps.items())


async def regroup(station: Station, chance: random.Random) -> None:
    """Merge the two alerts that are open, or take one out of the other again, or split one."""
    result = await station.rows(
        "SELECT a.alert_id, a.merged_into, (SELECT min(alarm_id) FROM alerting.alert_alarm AS e "
        "WHERE e.alert_id = a.alert_id) AS alarm FROM alerting.alert AS a "
        "WHERE state IN ('verifying', 'merged') ORDER BY random()"
    )
    out = [row["alert_id"] for row in result if row["merged_into"] is not None]
    standing = [row for row in result if row["merged_into"] is None]
    decision = None
    if out:
        decision = a_decision(out[0], UNMERGE, None)
    elif len(standing) > 1 and chance.random() < 0.5:
        into = standing[1]["alert_id"]
        decision = a_decision(standing[0]["alert_id"], MERGE, None, into=into)
    elif standing and standing[0]["alarm"] is not None:
        part = (standing[0]["alarm"],)
        decision = a_decision(standing[0]["alert_id"], SPLIT, None, evidence_ids=part)
    if decision is not None:
        with suppress(Reject):  # a part that asks for nothing is not split off
            await station.takes(decision)


@pytest.mark.parametrize("seed", range(3))
async def test_two_processes_and_what_each_keeps(station: Station, seed: int) -> None:
    stream = Stream(seed)
    result = 0
    async with another(station) as second:
        for number in range(30):
            one = stream.chance.choice((station, second))
            batch = [stream.next() for _ in range(stream.chance.randrange(1, 12))]
            if stream.chance.random() < 0.2:
                with pytest.raises(Reject):
                    await one.takes(*batch, a_decision("alt-none", DecisionVerb.VERIFY, None))
                one = stream.chance.choice((station, second))
            await one.takes(*batch)
            result += await hits(station) + await hits(second)
            if number % 5 == 4:
                await one.sweeps(3)
                await regroup(stream.chance.choice((station, second)), stream.chance)
                result += await hits(station) + await hits(second)
    assert result > 20


def an_alert(number: int) -> Alert:
    """An alert with one alarm."""
    event = an_alarm(f"alm-{number}")
    alert = new_alert(event)
    alarm = replace(merged(event, None), home=alert.alert_id)
    return take_alarm(alert, alarm, event.headline, ()).alert


def test_what_was_used_longest_ago_is_forgotten() -> None:
    kept, alerts = Kept(most=4), [an_alert(number) for number in range(3)]
    for alert in alerts[:2]:
        kept.keep(alert, 7)
    assert kept.find(alerts[0].alert_id, (7, 1)) == (alerts[0].alarms, ())
    kept.keep(alerts[2], 7)
    known = [kept.find(alert.alert_id, (7, 1)) is not None for alert in alerts]
    assert known == [True, False, True]


@pytest.mark.parametrize("stamp", [(8, 1), (7, 2)])
def test_another_row_is_another_evidence(stamp: tuple[int, int]) -> None:
    kept, alert = Kept(), an_alert(1)
    kept.keep(alert, 7)
    assert kept.find(alert.alert_id, stamp) is None


def test_what_is_over_or_at_home_elsewhere_is_not_kept() -> None:
    kept, alert = Kept(), an_alert(1)
    elsewhere = tuple(replace(alarm, home="alt-other") for alarm in alert.alarms)
    cleared = tuple(replace(alarm, cleared_at=at(1)) for alarm in alert.alarms)
    over = take_alarm(alert, cleared[0], "", ()).alert
    for one in (over, replace(alert, alarms=elsewhere)):
        kept.keep(alert, 7)
        kept.keep(one, 7)
        assert kept.find(alert.alert_id, (7, one.version)) is None
