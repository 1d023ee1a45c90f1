"""A catalogued sensor that was never heard is silent until its first reading."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.core.partition_engine import PartitionEngine
from services.scoring.core.rules.rule_registry import RuleRegistry
from services.scoring.core.state.stored_state import StoredState
from shared.contracts.fields import Status
from shared.contracts.readings import SensorState
from shared.contracts.rules import AbsenceRule
from tests.support.scoring import (
    SENT,
    T0,
    Feed,
    a_rule,
    a_sensor,
    a_threshold_rule,
    a_tick,
    at,
)

SILENCE = a_rule(AbsenceRule(factor=3), rule_id="sensor.silent", name_zh="水位站掉线")
FLOOD = a_rule(a_threshold_rule(("red", 210, 209)))


def one_partition(_: str) -> int:
    return 0


def a_feed(*rules: Any, **changes: Any) -> Feed:
    """Return a feed in which readings of catalogued sensors are expected."""
    return Feed(*(rules or (SILENCE,)), partition_of=one_partition, **changes)


def test_never_heard_is_an_alarm_until_the_first_reading() -> None:
    feed = a_feed()
    feed.tick(0)
    feed.tick(180)
    assert feed.engine.messages == []
    feed.tick(181)
    feed.tick(10_000)
    [alarm], [health] = feed.alarms, feed.health
    assert (alarm.kind, alarm.transition.value, alarm.occurred_at) == ("absence", "raised", at(180))
    assert (alarm.evidence.last_seen_at, health.last_seen_at) == (None, None)
    assert health.state is SensorState.SILENT
    assert alarm.headline == (
        "朱沱(三) 水位站掉线：从未收到数据 ‖ 朱沱(三), Zhutuo level: never heard"
    )
    assert alarm.situation == (
        "朱沱(三) 水位站掉线：从未收到数据，自 8月19日 19:25 起等待 ‖ "
        "朱沱(三), Zhutuo level: never heard, awaited since 19 Aug 19:25"
    )
    assert alarm.evidence.note == (
        "从未收到数据，自 8月19日 19:25 起等待 ‖ never heard, awaited since 19 Aug 19:25"
    )
    feed.read(200, 10_001)
    assert [event.transition.value for event in feed.alarms] == ["raised", "cleared"]
    assert feed.alarms[1].alarm_id == alarm.alarm_id
    assert feed.alarms[1].evidence.last_seen_at == at(10_001)
    assert (feed.alarms[1].evidence.note, feed.alarms[1].evidence.value) == (None, 10_001)
    assert feed.health[1].state is SensorState.ONLINE
    feed.tick(10_001 + 181)
    assert feed.alarms[2].headline == "朱沱(三) 水位站掉线 ‖ 朱沱(三), Zhutuo level"
    assert feed.alarms[2].evidence.note is None
    assert feed.alarms[2].alarm_id != alarm.alarm_id


def test_a_sensor_heard_in_time_is_as_if_nobody_had_waited() -> None:
    waited, plain = a_feed(SILENCE, FLOOD), Feed(SILENCE, FLOOD)
    for feed in (waited, plain):
        feed.tick(0)
        for second in range(60, 600, 60):
            feed.read_fast(200 if second < 300 else 211, second)
            feed.tick(second + 1)
    assert waited.engine.messages == plain.engine.messages
    [state], [plain_state] = waited.engine.states.values(), plain.engine.states.values()
    assert state.dump()[4:7] == plain_state.dump()[4:7]
    assert (state.times, state.values) == (plain_state.times, plain_state.values)


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        pytest.param({"synthetic": True}, (SILENCE,), id="a generated sensor has no device"),
        pytest.param({"installed": False}, (SILENCE,), id="a sensor not installed yet"),
        pytest.param({}, (FLOOD,), id="no rule of silence"),
        pytest.param({"sensor_kind": "rain_gauge"}, (SILENCE,), id="a rule of other sensors"),
    ],
)
def test_nobody_waits_for(changes: dict[str, Any], rules: tuple[Any, ...]) -> None:
    feed = a_feed(*rules, sensors=(a_sensor(**changes),))
    feed.tick(0)
    feed.tick(100_000)
    assert feed.engine.messages == []
    assert feed.engine.states == {}


def test_a_drill_is_no_sign_of_life_and_an_unknown_partition_waits_for_nothing() -> None:
    feed = a_feed()
    feed.tick(0)
    feed.read(200, 10, status=Status.EXERCISE)
    feed.tick(181)
    assert [alarm.status for alarm in feed.alarms] == [Status.ACTUAL]
    elsewhere = Feed(SILENCE, partition_of=lambda _: 1)
    elsewhere.tick(0)
    elsewhere.tick(100_000)
    assert elsewhere.engine.messages == []


def test_the_time_counts_from_the_entry_and_anew_after_a_removal() -> None:
    feed = a_feed(sensors=(a_sensor("other", synthetic=True),))
    feed.tick(0)
    feed.tick(1000)
    feed.registry.add_sensor(a_sensor())
    feed.tick(1001)
    feed.tick(1181)
    assert feed.alarms == []
    feed.tick(1182)
    assert [alarm.occurred_at for alarm in feed.alarms] == [at(1181)]
    feed.registry.remove_sensor("zhutuo-3")
    feed.tick(1200)
    assert [alarm.transition.value for alarm in feed.alarms] == ["raised", "cleared"]
    feed.registry.add_sensor(a_sensor())
    feed.tick(5000)
    feed.tick(5200)
    assert feed.alarms[2].occurred_at == at(5180), "the log stood between entry and tick"
    assert feed.alarms[2].alarm_id != feed.alarms[0].alarm_id


def test_a_sensor_is_awaited_from_its_installation_on() -> None:
    feed = a_feed(sensors=(a_sensor(installed=False),))
    feed.tick(0)
    feed.tick(1000)
    feed.registry.add_sensor(a_sensor())
    feed.tick(2000)
    feed.tick(2181)
    assert [alarm.occurred_at for alarm in feed.alarms] == [at(2180)]


def test_a_sensor_that_turns_out_not_to_be_installed_ends_the_alarm() -> None:
    feed = a_feed()
    feed.tick(0)
    feed.tick(181)
    feed.registry.add_sensor(a_sensor(installed=False))
    feed.tick(200)
    feed.tick(1000)
    assert [alarm.transition.value for alarm in feed.alarms] == ["raised", "cleared"]
    assert [health.state for health in feed.health] == [SensorState.SILENT, SensorState.ONLINE]
    feed.registry.add_sensor(a_sensor())
    feed.tick(2000)
    feed.tick(2200)
    assert feed.alarms[2].occurred_at == at(2180)


def test_a_disabled_rule_ends_the_wait_and_a_new_one_begins_it_anew() -> None:
    feed = a_feed()
    feed.tick(0)
    feed.tick(181)
    feed.registry.add_rule(SILENCE.model_copy(update={"version": 2, "enabled": False}))
    feed.tick(200)
    assert [alarm.transition.value for alarm in feed.alarms] == ["raised", "cleared"]
    assert feed.engine.states == {}
    assert feed.engine.removed_keys == [b"zhutuo-3"]
    feed.registry.add_rule(SILENCE.model_copy(update={"version": 3}))
    feed.tick(300)
    feed.tick(600)
    assert feed.alarms[2].occurred_at == at(480)


def test_the_first_reading_may_be_from_before_the_wait() -> None:
    feed = a_feed()
    feed.tick(0)
    feed.tick(181)
    feed.read(200, -86_400)
    assert [alarm.transition.value for alarm in feed.alarms] == ["raised", "cleared"]
    feed.tick(182)
    assert feed.alarms[2].evidence.last_seen_at == at(-86_400)


Step = tuple[str, int]
STEPS = st.lists(
    st.tuples(st.sampled_from(["tick", "read", "restart"]), st.integers(1, 200)), max_size=30
)


@given(STEPS)
def test_a_restart_changes_nothing(steps: list[Step]) -> None:
    """Play with and without restarts: a restored engine continues the wait where it was."""
    results = []
    for restarts in (True, False):
        feed, now = a_feed(), 0
        feed.tick(0)
        for kind, seconds in steps:
            if kind == "restart":
                if restarts:
                    _restart(feed)
                continue
            now += seconds
            if kind == "tick":
                feed.tick(now)
            else:
                feed.read(200, now)
        feed.tick(now + 1)
        results.append(feed.engine.messages)
    assert results[0] == results[1]


@given(STEPS)
def test_an_alarm_lasts_from_the_limit_to_the_first_reading(steps: list[Step]) -> None:
    feed, now = a_feed(), 0
    feed.tick(0)
    last, has_sent, times = 0, False, []
    for kind, seconds in steps:
        now += seconds
        if kind == "read":
            if now - last > 180:
                times += [("raised", last + 180, has_sent), ("cleared", now, True)]
            feed.read(200, now)
            last, has_sent = now, True
        else:
            feed.tick(now)
    if feed.engine.clock - T0 - last > 180:
        times.append(("raised", last + 180, has_sent))
    assert [
        (alarm.transition.value, alarm.occurred_at, alarm.evidence.last_seen_at is not None)
        for alarm in feed.alarms
    ] == [(kind, at(seconds), has_seen) for kind, seconds, has_seen in times]


def test_a_state_ahead_of_its_checkpoint_waits_since_the_same_moment() -> None:
    """The first tick comes again after a crash: it is older than the stored expectation."""
    registry = RuleRegistry(3600, one_partition)
    registry.add_sensor(a_sensor())
    registry.add_rule(SILENCE)
    first = PartitionEngine(registry)
    for offset, seconds in enumerate((0, 100)):
        first.apply_tick(offset, a_tick(seconds), T0 + seconds, SENT)
    [state] = first.states.values()
    state.applied = 1
    second = PartitionEngine(registry)
    second.restore([StoredState(state.dump())])
    first.apply_tick(2, a_tick(250), T0 + 250, SENT)
    for offset, seconds in enumerate((0, 100, 250)):
        second.apply_tick(offset, a_tick(seconds), T0 + seconds, SENT)
    assert first.messages == second.messages != []


def _restart(feed: Feed) -> None:
    engine = PartitionEngine(feed.registry, clock=feed.engine.clock)
    for state in feed.engine.states.values():
        state.applied = feed.offset
    engine.restore([StoredState(state.dump()) for state in feed.engine.states.values()])
    engine.messages += feed.engine.messages
    feed.engine = engine
