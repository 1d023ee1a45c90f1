"""Inhibited alarms, alarms of a backlog, and alarms that only composite rules read."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from shared.contracts.alarms import AlarmTransition
from shared.contracts.alerts import DecisionVerb
from shared.contracts.fields import Level, Status
from tests.component.alerting.harness import AlertingHarness
from tests.component.alerting.inhibition import LONGER_THAN_HOLD_S, higher, lower, opened
from tests.unit.alerting.builders import a_decision, an_alarm, at

CLEARED, UPGRADED = AlarmTransition.CLEARED, AlarmTransition.UPGRADED
DOWNGRADED, REVISED = AlarmTransition.DOWNGRADED, AlarmTransition.REVISED


async def test_an_inhibited_alarm_is_routed_when_its_inhibitor_is_cleared(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(higher())
    await alerting.deliver(lower())
    assert await opened(alerting) == ["12:fire"]
    assert (await alerting.dispositions())["alm-low"] == "inhibited"
    await alerting.deliver(higher(2, 5, transition=CLEARED))
    assert await opened(alerting) == ["12:fire", "12:gas_leak"]
    assert (await alerting.dispositions())["alm-low"] == "opened"
    [row] = await alerting.rows(
        "SELECT waiting_event FROM alerting.alert_alarm WHERE alarm_id = 'alm-low'"
    )
    assert row["waiting_event"] is None
    last = (await alerting.alert_events())[-1]
    assert (last.alarm_ids, last.occurred_at) == (("alm-low",), at(1))


@pytest.mark.parametrize("size", [1, 2, 3, 4])
async def test_batch_sizes_do_not_change_the_alerts(alerting: AlertingHarness, size: int) -> None:
    story = [higher(), lower(), lower(2, 3, transition=UPGRADED), higher(2, 5, transition=CLEARED)]
    story[2] = lower(2, 3, transition=REVISED)
    await alerting.deliver_in_batches(story, size)
    assert await opened(alerting) == ["12:fire", "12:gas_leak"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_the_order_of_partitions_in_a_batch_does_not_matter(
    alerting: AlertingHarness, order: tuple[int, ...]
) -> None:
    story = [higher(), lower(), an_alarm("alm-other", rule_id="x", event_type="11A01")]
    await alerting.deliver(*(story[n] for n in order))
    assert sorted(await opened(alerting)) == ["11A01", "12:fire"]
    assert (await alerting.dispositions())["alm-low"] == "inhibited"


async def test_an_alarm_in_an_alert_stays_there_when_a_higher_alarm_comes(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(lower(minutes=0))
    await alerting.advance_time(LONGER_THAN_HOLD_S)
    await alerting.deliver(higher(minutes=2))
    assert sorted(await opened(alerting)) == ["12:fire", "12:gas_leak"]
    await alerting.deliver(lower(2, 3, transition=UPGRADED, level=Level.ORANGE))
    assert (await alerting.dispositions())["alm-low"] == "opened"


@pytest.mark.parametrize(
    "changes",
    [
        {"site": "another"},
        {"status": Status.EXERCISE},
        {"level": Level.BLUE},
        {"retrospective": True},
        {"site": None},
    ],
)
async def test_alarms_that_do_not_inhibit(
    alerting: AlertingHarness, changes: dict[str, Any]
) -> None:
    await alerting.deliver(higher(**changes), lower())
    await alerting.advance_time(LONGER_THAN_HOLD_S)
    assert "12:gas_leak" in await opened(alerting)


@pytest.mark.parametrize(
    ("higher_changes", "lower_changes"),
    [
        ({"site": None, "sensor_id": "s-1"}, {"sensor_id": "s-1"}),
        ({"site": None, "sensor_id": None}, {}),
        ({"level": Level.RED}, {"level": Level.RED}),
    ],
)
async def test_without_a_site_sensor_or_place_decides(
    alerting: AlertingHarness, higher_changes: dict[str, Any], lower_changes: dict[str, Any]
) -> None:
    await alerting.deliver(higher(**higher_changes), lower(**lower_changes))
    assert (await alerting.dispositions())["alm-low"] == "inhibited"


async def test_an_alarm_above_its_inhibitor_is_routed(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(higher(level=Level.ORANGE), lower())
    await alerting.deliver(higher(2, 3, transition=DOWNGRADED, level=Level.BLUE))
    assert await opened(alerting) == ["12:fire", "12:gas_leak"]


async def test_an_alarm_waits_while_a_second_inhibitor_is_on(alerting: AlertingHarness) -> None:
    inhibitors = ("gas.high", "fire")
    fire = an_alarm("alm-fire", rule_id="fire", site="plant", event_type="12:fire")
    await alerting.deliver(higher(), fire, lower(inhibited_by=inhibitors))
    await alerting.deliver(higher(2, 4, transition=CLEARED))
    assert (await alerting.dispositions())["alm-low"] == "inhibited"
    await alerting.deliver(
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
    assert (await alerting.dispositions())["alm-low"] == "opened"


async def test_an_alarm_cleared_while_inhibited_opens_no_alert(alerting: AlertingHarness) -> None:
    await alerting.deliver(higher(), lower(), lower(2, 2, transition=CLEARED))
    await alerting.deliver(higher(2, 4, transition=CLEARED))
    assert await opened(alerting) == ["12:fire"]
    assert (await alerting.dispositions())["alm-low"] == "inhibited"


async def test_a_retrospective_alarm_opens_no_alert(alerting: AlertingHarness) -> None:
    await alerting.deliver(lower(inhibited_by=(), retrospective=True))
    await alerting.deliver(lower(2, 5, inhibited_by=(), transition=UPGRADED, retrospective=True))
    await alerting.deliver(lower(3, 9, inhibited_by=(), transition=CLEARED, retrospective=True))
    assert await alerting.alert_events() == []
    assert await alerting.dispositions() == {"alm-low": "retrospective"}


async def test_an_alarm_that_lasts_after_the_backlog_is_routed(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(lower(retrospective=True))
    await alerting.deliver(lower(2, 120, transition=REVISED, started_at=at(1)))
    await alerting.advance_time(LONGER_THAN_HOLD_S)
    assert await opened(alerting) == ["12:gas_leak"]
    assert await alerting.dispositions() == {"alm-low": "opened"}


async def test_a_retrospective_change_reaches_the_alert_of_the_alarm(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(lower())
    await alerting.advance_time(LONGER_THAN_HOLD_S)
    await alerting.deliver(lower(2, 5, transition=UPGRADED, level=Level.RED, retrospective=True))
    assert [alert.proposed_level for alert in await alerting.alert_events()] == [
        Level.YELLOW,
        Level.RED,
    ]


async def test_a_revision_without_effect_is_not_published(alerting: AlertingHarness) -> None:
    await alerting.deliver(lower())
    await alerting.advance_time(LONGER_THAN_HOLD_S)
    await alerting.deliver(lower(2, 7, transition=REVISED, started_at=at(-20)))
    assert len(await alerting.alert_events()) == 1
    [row] = await alerting.rows(
        "SELECT version, raised_at, last_danger_at FROM alerting.alert_alarm"
    )
    assert tuple(row) == (2, at(-20), at(7))
    await alerting.deliver(lower(3, 8, transition=CLEARED))
    assert [alert.transition for alert in await alerting.alert_events()] == ["opened", "dismissed"]


async def test_a_revision_after_the_end_opens_nothing(alerting: AlertingHarness) -> None:
    await alerting.deliver(lower())
    await alerting.advance_time(LONGER_THAN_HOLD_S)
    await alerting.deliver(lower(2, 3, transition=CLEARED))
    await alerting.deliver(lower(3, 4, transition=REVISED))
    assert len(await opened(alerting)) == 1
    [row] = await alerting.rows("SELECT cleared_at FROM alerting.alert_alarm")
    assert row["cleared_at"] == at(3)


async def test_conditions_are_stored_and_open_no_alert(alerting: AlertingHarness) -> None:
    await alerting.deliver(lower(condition=True, level=Level.RED))
    assert await alerting.alert_events() == []
    assert await alerting.dispositions() == {"alm-low": "condition"}


async def test_after_a_dismissal_an_alarm_may_wait_and_open_another_alert(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(lower())
    await alerting.advance_time(LONGER_THAN_HOLD_S)
    [first] = await alerting.alert_events()
    await alerting.deliver(a_decision(first.alert_id, DecisionVerb.DISMISS, Level.YELLOW))
    await alerting.deliver(higher(minutes=5, level=Level.RED))
    await alerting.deliver(lower(2, 6, transition=UPGRADED, level=Level.RED))
    assert (await alerting.dispositions())["alm-low"] == "inhibited"
    await alerting.deliver(lower(3, 7, transition=REVISED, level=Level.RED))
    await alerting.deliver(higher(2, 9, transition=CLEARED, level=Level.RED))
    assert await opened(alerting) == ["12:gas_leak", "12:fire", "12:gas_leak"]
