"""Holds: an alarm waits for its inhibitor, so that the order of arrival does not matter."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.fields import Level
from tests.component.alerting.harness import AlertingHarness, second_process
from tests.component.alerting.inhibition import LONGER_THAN_HOLD_S, higher, lower, opened
from tests.unit.alerting.builders import an_alarm, at

CLEARED, UPGRADED = AlarmTransition.CLEARED, AlarmTransition.UPGRADED
REVISED = AlarmTransition.REVISED


@pytest.mark.parametrize("order", ["higher first", "lower first"])
async def test_order_of_arrival_within_a_hold_does_not_matter(
    alerting: AlertingHarness, order: str
) -> None:
    story = [higher(), lower()] if order == "higher first" else [lower(), higher()]
    for alarm in story:
        await alerting.deliver(alarm)
        await alerting.advance_time(0.5)
    await alerting.advance_time(LONGER_THAN_HOLD_S)
    assert await opened(alerting) == ["12:fire"]
    assert (await alerting.dispositions())["alm-low"] == "inhibited"


async def test_a_hold_is_bounded_and_survives_a_restart(alerting: AlertingHarness) -> None:
    await alerting.deliver(lower())
    assert await alerting.alert_events() == []
    assert await alerting.dispositions() == {"alm-low": "held"}
    await alerting.advance_time(1)
    assert await alerting.alert_events() == []
    # All of it lies in the database: another process, which knows nothing, goes on.
    async with second_process(alerting) as fresh:
        await fresh.advance_time(1.5)
        assert await opened(fresh) == ["12:gas_leak"]
        assert await fresh.dispositions() == {"alm-low": "opened"}
        await fresh.advance_time(100)
        assert len(await fresh.alert_events()) == 1


async def test_a_hold_lasts_while_alarms_of_its_time_are_unread(
    alerting: AlertingHarness,
) -> None:
    is_read = False
    moments: list[datetime] = []

    def caught_up(moment: datetime) -> bool:
        moments.append(moment)
        return is_read

    alerting.set_caught_up(caught_up)
    await alerting.deliver(lower())
    [row] = await alerting.rows("SELECT due_at FROM alerting.timer WHERE kind = 'hold'")
    await alerting.advance_time(LONGER_THAN_HOLD_S)
    assert await alerting.dispositions() == {"alm-low": "held"}
    assert set(moments) == {row["due_at"] - timedelta(seconds=LONGER_THAN_HOLD_S)}, (
        "up to the end of the hold"
    )
    assert await alerting.holds_with_wrong_timers() == []
    await alerting.deliver(higher())
    assert (await alerting.dispositions())["alm-low"] == "inhibited"
    await alerting.advance_time(100)
    assert await opened(alerting) == ["12:fire"]
    await alerting.empty()
    await alerting.deliver(lower())
    await alerting.advance_time(LONGER_THAN_HOLD_S)
    is_read = True
    await alerting.advance_time(1.1)
    assert await opened(alerting) == ["12:gas_leak"]


async def test_a_red_alarm_is_never_on_hold(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(lower(level=Level.RED))
    assert await opened(alerting) == ["12:gas_leak"]
    await alerting.empty()
    await alerting.deliver(lower())
    await alerting.deliver(lower(2, 1, transition=UPGRADED, level=Level.RED))
    assert await opened(alerting) == ["12:gas_leak"]
    await alerting.advance_time(LONGER_THAN_HOLD_S)
    assert len(await alerting.alert_events()) == 1


async def test_an_alarm_cleared_during_its_hold_opens_no_alert(alerting: AlertingHarness) -> None:
    await alerting.deliver(lower())
    await alerting.deliver(lower(2, 2, transition=CLEARED))
    await alerting.advance_time(LONGER_THAN_HOLD_S)
    assert await alerting.alert_events() == []
    assert await alerting.dispositions() == {"alm-low": "cleared_unseen"}


async def test_a_change_during_a_hold_does_not_extend_it(
    alerting: AlertingHarness,
) -> None:
    due = "SELECT due_at FROM alerting.timer WHERE kind = 'hold' AND state = 'armed'"
    await alerting.deliver(lower())
    before = await alerting.rows(due)
    await alerting.deliver(lower(2, 2, transition=UPGRADED, level=Level.ORANGE))
    assert len(before) == 1
    assert await alerting.rows(due) == before
    await alerting.advance_time(LONGER_THAN_HOLD_S)
    [alert] = await alerting.alert_events()
    assert alert.proposed_level is Level.ORANGE


@pytest.mark.parametrize(
    "next_",
    [
        higher(minutes=1),
        lower(2, 2, transition=CLEARED),
        lower(2, 2, transition=UPGRADED, level=Level.RED),
        lower(2, 2, transition=REVISED),
    ],
    ids=["inhibited", "over", "red", "still waiting_event"],
)
async def test_only_alarms_on_hold_have_a_timer(
    alerting: AlertingHarness, next_: AlarmEvent
) -> None:
    for batch in ([lower()], [next_]):
        await alerting.deliver(*batch)
        assert await alerting.holds_with_wrong_timers() == []
    await alerting.empty()
    await alerting.deliver(lower(), next_)
    assert await alerting.holds_with_wrong_timers() == []
    await alerting.advance_time(LONGER_THAN_HOLD_S)
    assert await alerting.holds_with_wrong_timers() == []


def random_messages(seed: int) -> list[AlarmEvent]:
    """Return alarms of three rules, each naming the higher ones, at two sites."""
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
async def test_random_orders_within_holds_open_equal_alerts(
    alerting: AlertingHarness, seed: int
) -> None:
    messages, results = random_messages(seed), []
    for shuffle in range(4):
        await alerting.empty()
        queues: dict[str, list[AlarmEvent]] = {}
        for alarm in messages:
            queues.setdefault(alarm.alarm_id, []).append(alarm)
        turns = [alarm.alarm_id for alarm in messages]
        random.Random(shuffle).shuffle(turns)
        for turn in turns:
            await alerting.deliver(queues[turn].pop(0))
            assert await alerting.holds_with_wrong_timers() == []
        await alerting.advance_time(LONGER_THAN_HOLD_S)
        levels = {alert.alert_id: alert.proposed_level for alert in await alerting.alert_events()}
        results.append(
            (sorted(await opened(alerting)), await alerting.dispositions(), levels.values())
        )
    first = results[0]
    assert [result[:2] for result in results] == [first[:2]] * 4
    assert all(sorted(result[2]) == sorted(first[2]) for result in results)
