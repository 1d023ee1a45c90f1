"""What waits behind a higher alarm, what is found in a backlog, what only feeds other rules."""

from __future__ import annotations

import itertools
import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.alerting.core.inhibit import MOST_TIMES
from services.audit.store.clocks import CLOCKS, statement
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.alerts import AlertTransition, DecisionVerb
from shared.contracts.fields import Level, Status
from tests.component.alerting.harness import Station, another
from tests.unit.alerting.builders import a_decision, an_alarm, at

CLEARED, UPGRADED = AlarmTransition.CLEARED, AlarmTransition.UPGRADED
DOWNGRADED, REVISED = AlarmTransition.DOWNGRADED, AlarmTransition.REVISED


HELD_S = 2.1
"""Longer than anything is held back."""


def higher(version: int = 1, minutes: float = 0, **changes: Any) -> AlarmEvent:
    values: dict[str, Any] = {"rule_id": "gas.high", "site": "plant", "event_type": "12:fire"}
    return an_alarm("alm-high", version, occurred_at=at(minutes), **(values | changes))


def lower(version: int = 1, minutes: float = 1, **changes: Any) -> AlarmEvent:
    values: dict[str, Any] = {"rule_id": "gas.low", "inhibited_by": ("gas.high",), "site": "plant"}
    return an_alarm("alm-low", version, occurred_at=at(minutes), **(values | changes))


async def wrongly_timed(station: Station) -> list[Any]:
    """Alarms that the auditor would name: held without an end, or an end of what is not held."""
    [clock] = [CLOCK for CLOCK in CLOCKS if CLOCK.name == "hold"]
    return await station.rows(statement(clock), 100, list(clock.kinds))


async def opened(station: Station) -> list[str]:
    return [
        alert.event_type
        for alert in await station.alerts()
        if alert.transition is AlertTransition.OPENED
    ]


async def test_behind_a_higher_alarm_it_waits_and_is_weighed_when_that_has_gone(
    station: Station,
) -> None:
    await station.takes(higher())
    await station.takes(lower())
    assert await opened(station) == ["12:fire"]
    assert (await station.dispositions())["alm-low"] == "inhibited"
    await station.takes(higher(2, 5, transition=CLEARED))
    assert await opened(station) == ["12:fire", "12:gas_leak"]
    assert (await station.dispositions())["alm-low"] == "opened"
    [row] = await station.rows("SELECT held FROM alerting.alert_alarm WHERE alarm_id = 'alm-low'")
    assert row["held"] is None
    last = (await station.alerts())[-1]
    assert (last.alarm_ids, last.occurred_at) == (("alm-low",), at(1))


@pytest.mark.parametrize("size", [1, 2, 3, 4])
async def test_batches_do_not_change_what_becomes_of_it(station: Station, size: int) -> None:
    story = [higher(), lower(), lower(2, 3, transition=UPGRADED), higher(2, 5, transition=CLEARED)]
    story[2] = lower(2, 3, transition=REVISED)
    await station.in_batches(story, size)
    assert await opened(station) == ["12:fire", "12:gas_leak"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_in_one_batch_the_order_of_partitions_is_no_race(
    station: Station, order: tuple[int, ...]
) -> None:
    story = [higher(), lower(), an_alarm("alm-other", rule_id="x", event_type="11A01")]
    await station.takes(*(story[n] for n in order))
    assert sorted(await opened(station)) == ["11A01", "12:fire"]
    assert (await station.dispositions())["alm-low"] == "inhibited"


async def test_what_is_in_an_alert_stays_there_when_a_higher_one_comes_later(
    station: Station,
) -> None:
    await station.takes(lower(minutes=0))
    await station.sweeps(HELD_S)
    await station.takes(higher(minutes=2))
    assert sorted(await opened(station)) == ["12:fire", "12:gas_leak"]
    await station.takes(lower(2, 3, transition=UPGRADED, level=Level.ORANGE))
    assert (await station.dispositions())["alm-low"] == "opened"


@pytest.mark.parametrize(
    "other",
    [
        {"site": "another"},
        {"status": Status.EXERCISE},
        {"level": Level.BLUE},
        {"retrospective": True},
        {"site": None},
    ],
)
async def test_what_does_not_silence(station: Station, other: dict[str, Any]) -> None:
    await station.takes(higher(**other), lower())
    await station.sweeps(HELD_S)
    assert "12:gas_leak" in await opened(station)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"site": None, "sensor_id": "s-1"}, {"sensor_id": "s-1"}),
        ({"site": None, "sensor_id": None}, {}),
        ({"level": Level.RED}, {"level": Level.RED}),
    ],
)
async def test_by_sensor_or_by_place_without_a_site(
    station: Station, row: dict[str, Any], two: dict[str, Any]
) -> None:
    await station.takes(higher(**row), lower(**two))
    assert (await station.dispositions())["alm-low"] == "inhibited"


async def test_what_gets_graver_than_the_higher_one_waits_no_longer(station: Station) -> None:
    await station.takes(higher(level=Level.ORANGE), lower())
    await station.takes(higher(2, 3, transition=DOWNGRADED, level=Level.BLUE))
    assert await opened(station) == ["12:fire", "12:gas_leak"]


async def test_it_goes_on_waiting_while_another_higher_one_is_on(station: Station) -> None:
    both = ("gas.high", "fire")
    fire = an_alarm("alm-fire", rule_id="fire", site="plant", event_type="12:fire")
    await station.takes(higher(), fire, lower(inhibited_by=both))
    await station.takes(higher(2, 4, transition=CLEARED))
    assert (await station.dispositions())["alm-low"] == "inhibited"
    await station.takes(
        an_alarm(
            "alm-fire",
            2,
            CLEARED,
            rule_id="fire",
            site="plant",
            event_type="12:fire",
            occurred_at=at(6),
        )
    )
    assert (await station.dispositions())["alm-low"] == "opened"


async def test_what_was_over_while_it_waited_is_history(station: Station) -> None:
    await station.takes(higher(), lower(), lower(2, 2, transition=CLEARED))
    await station.takes(higher(2, 4, transition=CLEARED))
    assert await opened(station) == ["12:fire"]
    assert (await station.dispositions())["alm-low"] == "inhibited"


async def test_a_backlog_pages_nobody_for_what_is_over(station: Station) -> None:
    await station.takes(lower(inhibited_by=(), retrospective=True))
    await station.takes(lower(2, 5, inhibited_by=(), transition=UPGRADED, retrospective=True))
    await station.takes(lower(3, 9, inhibited_by=(), transition=CLEARED, retrospective=True))
    assert await station.alerts() == []
    assert await station.dispositions() == {"alm-low": "retrospective"}


async def test_what_still_goes_on_when_the_backlog_ends_is_weighed_then(station: Station) -> None:
    await station.takes(lower(retrospective=True))
    await station.takes(lower(2, 120, transition=REVISED, started_at=at(1)))
    await station.sweeps(HELD_S)
    assert await opened(station) == ["12:gas_leak"]
    assert await station.dispositions() == {"alm-low": "opened"}


async def test_what_is_in_an_alert_stays_there_whatever_the_backlog_says(station: Station) -> None:
    await station.takes(lower())
    await station.sweeps(HELD_S)
    await station.takes(lower(2, 5, transition=UPGRADED, level=Level.RED, retrospective=True))
    assert [alert.proposed_level for alert in await station.alerts()] == [Level.YELLOW, Level.RED]


async def test_other_facts_of_an_alarm_tell_nobody_anything(station: Station) -> None:
    await station.takes(lower())
    await station.sweeps(HELD_S)
    await station.takes(lower(2, 7, transition=REVISED, started_at=at(-20)))
    assert len(await station.alerts()) == 1
    [row] = await station.rows("SELECT version, raised_at, seen_at FROM alerting.alert_alarm")
    assert tuple(row) == (2, at(-20), at(7))
    await station.takes(lower(3, 8, transition=CLEARED))
    assert [alert.transition for alert in await station.alerts()] == ["opened", "dismissed"]


async def test_a_revision_after_the_end_opens_nothing(station: Station) -> None:
    await station.takes(lower())
    await station.sweeps(HELD_S)
    await station.takes(lower(2, 3, transition=CLEARED))
    await station.takes(lower(3, 4, transition=REVISED))
    assert len(await opened(station)) == 1
    [row] = await station.rows("SELECT cleared_at FROM alerting.alert_alarm")
    assert row["cleared_at"] == at(3)


async def test_conditions_are_kept_and_alert_nobody(station: Station) -> None:
    await station.takes(lower(condition=True, level=Level.RED))
    assert await station.alerts() == []
    assert await station.dispositions() == {"alm-low": "condition"}


async def test_after_a_dismissal_it_may_wait_and_come_back(station: Station) -> None:
    await station.takes(lower())
    await station.sweeps(HELD_S)
    [first] = await station.alerts()
    await station.takes(a_decision(first.alert_id, DecisionVerb.DISMISS, Level.YELLOW))
    await station.takes(higher(minutes=5, level=Level.RED))
    await station.takes(lower(2, 6, transition=UPGRADED, level=Level.RED))
    assert (await station.dispositions())["alm-low"] == "inhibited"
    await station.takes(lower(3, 7, transition=REVISED, level=Level.RED))
    await station.takes(higher(2, 9, transition=CLEARED, level=Level.RED))
    assert await opened(station) == ["12:gas_leak", "12:fire", "12:gas_leak"]


@pytest.mark.parametrize("order", ["higher first", "lower first"])
async def test_within_the_hold_the_order_of_arrival_tells_nobody_anything_else(
    station: Station, order: str
) -> None:
    story = [higher(), lower()] if order == "higher first" else [lower(), higher()]
    for alarm in story:
        await station.takes(alarm)
        await station.sweeps(0.5)
    await station.sweeps(HELD_S)
    assert await opened(station) == ["12:fire"]
    assert (await station.dispositions())["alm-low"] == "inhibited"


async def test_the_hold_is_bounded_and_survives_a_restart(station: Station) -> None:
    await station.takes(lower())
    assert await station.alerts() == []
    assert await station.dispositions() == {"alm-low": "held"}
    await station.sweeps(1)
    assert await station.alerts() == []
    # All of it lies in the database: another process, which knows nothing, goes on.
    async with another(station) as fresh:
        await fresh.sweeps(1.5)
        assert await opened(fresh) == ["12:gas_leak"]
        assert await fresh.dispositions() == {"alm-low": "opened"}
        await fresh.sweeps(100)
        assert len(await fresh.alerts()) == 1


async def test_the_hold_goes_on_while_alarms_of_its_time_are_unread(station: Station) -> None:
    read = False
    asked: list[datetime] = []

    def caught_up(moment: datetime) -> bool:
        asked.append(moment)
        return read

    station.alerting.caught_up = caught_up
    await station.takes(lower())
    [row] = await station.rows("SELECT due_at FROM alerting.timer WHERE kind = 'hold'")
    await station.sweeps(HELD_S)
    assert await station.dispositions() == {"alm-low": "held"}
    assert asked == [row["due_at"] - timedelta(seconds=HELD_S)], "up to the end of the hold"
    assert await wrongly_timed(station) == []
    await station.takes(higher())
    assert (await station.dispositions())["alm-low"] == "inhibited"
    await station.sweeps(100)
    assert await opened(station) == ["12:fire"]
    await station.empty()
    await station.takes(lower())
    await station.sweeps(HELD_S)
    read = True
    await station.sweeps(1.1)
    assert await opened(station) == ["12:gas_leak"]


async def test_what_is_never_read_holds_nothing_up_for_ever(station: Station) -> None:
    station.alerting.caught_up = lambda _moment: False
    await station.takes(lower())
    await station.sweeps(HELD_S)
    for _ in range(MOST_TIMES - 1):
        await station.sweeps(1.1)
        assert await opened(station) == []
    await station.sweeps(1.1)
    assert await opened(station) == ["12:gas_leak"]


async def test_red_waits_for_nobody_also_when_it_becomes_red_while_it_waits(
    station: Station,
) -> None:
    await station.takes(lower(level=Level.RED))
    assert await opened(station) == ["12:gas_leak"]
    await station.empty()
    await station.takes(lower())
    await station.takes(lower(2, 1, transition=UPGRADED, level=Level.RED))
    assert await opened(station) == ["12:gas_leak"]
    await station.sweeps(HELD_S)
    assert len(await station.alerts()) == 1


async def test_what_is_over_while_it_is_held_is_history(station: Station) -> None:
    await station.takes(lower())
    await station.takes(lower(2, 2, transition=CLEARED))
    await station.sweeps(HELD_S)
    assert await station.alerts() == []
    assert await station.dispositions() == {"alm-low": "cleared_unseen"}


async def test_a_change_while_it_is_held_does_not_lengthen_the_hold(station: Station) -> None:
    due = "SELECT due_at FROM alerting.timer WHERE kind = 'hold' AND state = 'armed'"
    await station.takes(lower())
    before = await station.rows(due)
    await station.takes(lower(2, 2, transition=UPGRADED, level=Level.ORANGE))
    assert len(before) == 1
    assert await station.rows(due) == before
    await station.sweeps(HELD_S)
    [alert] = await station.alerts()
    assert alert.proposed_level is Level.ORANGE


@pytest.mark.parametrize(
    "next_",
    [
        higher(minutes=1),
        lower(2, 2, transition=CLEARED),
        lower(2, 2, transition=UPGRADED, level=Level.RED),
        lower(2, 2, transition=REVISED),
    ],
    ids=["inhibited", "over", "red", "still held"],
)
async def test_a_hold_has_one_timer_and_what_no_longer_waits_has_none(
    station: Station, next_: AlarmEvent
) -> None:
    for batch in ([lower()], [next_]):
        await station.takes(*batch)
        assert await wrongly_timed(station) == []
    await station.empty()
    await station.takes(lower(), next_)
    assert await wrongly_timed(station) == []
    await station.sweeps(HELD_S)
    assert await wrongly_timed(station) == []


def a_night(seed: int) -> list[AlarmEvent]:
    """Alarms of three rules, each naming the one above, at two sites, some of which end."""
    chance = random.Random(seed)
    story: list[AlarmEvent] = []
    for number in range(chance.randint(3, 6)):
        rank = chance.randrange(3)
        common: dict[str, Any] = {
            "rule_id": f"r{rank}",
            "inhibited_by": tuple(f"r{higher}" for higher in range(rank + 1, 3)),
            "site": chance.choice(("plant", "pump")),
            "event_type": f"12:kind_{number}",
            "level": chance.choice((Level.YELLOW, Level.ORANGE)),
        }
        story.append(an_alarm(f"alm-{number}", occurred_at=at(number), **common))
        if chance.random() < 0.3:
            common["level"] = Level.ORANGE
            story.append(
                an_alarm(f"alm-{number}", 2, UPGRADED, occurred_at=at(number + 0.5), **common)
            )
    return story


@pytest.mark.parametrize("seed", range(12))
async def test_any_order_of_arrival_within_the_hold_opens_the_same_alerts(
    station: Station, seed: int
) -> None:
    story, result = a_night(seed), []
    for shuffle in range(4):
        await station.empty()
        queues: dict[str, list[AlarmEvent]] = {}
        for alarm in story:
            queues.setdefault(alarm.alarm_id, []).append(alarm)
        turns = [alarm.alarm_id for alarm in story]
        random.Random(shuffle).shuffle(turns)
        for turn in turns:
            await station.takes(queues[turn].pop(0))
            assert await wrongly_timed(station) == []
        await station.sweeps(HELD_S)
        levels = {alert.alert_id: alert.proposed_level for alert in await station.alerts()}
        result.append(
            (sorted(await opened(station)), await station.dispositions(), levels.values())
        )
    assert [one[:2] for one in result] == [result[0][:2]] * 4
    assert all(sorted(one[2]) == sorted(result[0][2]) for one in result)
