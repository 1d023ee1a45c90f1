"""The fast path and the slow path: the same alarms, the same health, the same state."""

from __future__ import annotations

from itertools import cycle
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.scoring.core.partition_engine import ReadingOutcome
from services.scoring.core.refusals import RefusedInput
from services.scoring.fastpath.loop import process_run
from shared.contracts.dead_letter import Reason
from shared.contracts.rules import (
    AbsenceRule,
    BaselineRule,
    RangeRule,
    RateRule,
    StuckRule,
    WindowRule,
)
from tests.support.scoring import (
    SENT,
    T0,
    Feed,
    a_reading,
    a_rule,
    a_sensor,
    a_threshold_rule,
    a_tick,
    as_record,
    as_span,
    rungs,
)

RULES = (
    a_rule(
        a_threshold_rule(("yellow", 212, 211), ("red", 216, 215), for_s=90, count=2), rule_id="held"
    ),
    a_rule(a_threshold_rule(("orange", 214, 213)), rule_id="plain"),
    a_rule(a_threshold_rule(("blue", 203, 204), direction="below"), rule_id="low"),
    a_rule(
        WindowRule(aggregate="mean", window_s=240, rungs=rungs(("blue", 211, 210))), rule_id="mean"
    ),
    a_rule(
        WindowRule(aggregate="sum", window_s=7200, rungs=rungs(("blue", 5000, 4000))),
        rule_id="sum",
    ),
    a_rule(
        WindowRule(aggregate="max", window_s=14400, rungs=rungs(("red", 215, 214))), rule_id="max"
    ),
    a_rule(RateRule(rungs=rungs(("blue", 4, 1)), per_s=60), rule_id="rate"),
    a_rule(AbsenceRule(factor=4), rule_id="silent"),
    a_rule(StuckRule(for_s=400, calm=(205.0,)), rule_id="stuck"),
    a_rule(RangeRule(low=190, high=230), rule_id="range"),
    a_rule(BaselineRule(rungs=rungs(("notice", 0.5, 0.4))), rule_id="usual"),
)
values = st.sampled_from([205.0, 205.1, 206.0, 202.5, 211.5, 213.0, 214.5, 217.0, 250.0])
steps = st.lists(st.tuples(values, st.sampled_from([60, 60, 60, 60, 61, 0, -60, 500])), max_size=60)


@settings(max_examples=200)
@given(steps, st.lists(st.integers(1, 9), min_size=1, max_size=5), st.booleans())
@example([(213.0, 60), (213.0, 500), (211.5, 60)], [1], True)
@example([(205.0, 60)] * 20 + [(217.0, 60)] * 4 + [(205.0, 60)] * 4, [1, 9], True)
def test_the_fast_path_gives_the_same_as_the_slow_path(
    series: list[tuple[float, int]], cuts: list[int], unopened: bool
) -> None:
    """The law holds for any values, gaps and batches, opened or unopened, with ticks between."""
    sensor = a_sensor(lateness_s=180.0)
    fast, slow = Feed(*RULES, sensors=(sensor,)), Feed(*RULES, sensors=(sensor,))
    records: list[Any] = []
    reasons: list[Reason] = []
    seconds = 0
    for value, step in series:
        seconds += step
        reading = a_reading(value, float(seconds), event_id=f"r{len(records)}")
        records.append(as_record(len(records) + 1, reading, T0 + 1e8))
        slow.offset = len(records) - 1
        try:
            slow.apply(reading)
        except RefusedInput as why:
            reasons.append(why.reason)
        if len(records) % 8 == 4:
            records.append(as_record(len(records) + 1, a_tick(seconds - 30.0), T0 + 1e8))
            slow.tick(seconds - 30.0)
    refused: list[Any] = []
    remaining, sizes = records, cycle(cuts)
    while remaining:
        size = next(sizes)
        run = as_span(remaining[:size]) if unopened else remaining[:size]
        process_run(fast.engine, run, SENT, refused)
        remaining = remaining[size:]
    assert [why.reason for _, why in refused] == reasons
    assert fast.engine.messages == slow.engine.messages
    assert fast.engine.clock == slow.engine.clock
    if records:
        assert fast.engine.next_offset == records[-1].offset + 1
        assert fast.engine.last_value == records[-1].value
    for key, state in slow.engine.states.items():
        assert fast.engine.states[key].dump() == state.dump()


def test_plain_readings_take_the_fast_path() -> None:
    """Otherwise the test above would compare the slow path with itself."""
    feed = Feed(*RULES)
    refused: list[Any] = []
    records = [as_record(n + 1, a_reading(205 + n % 3 / 10, 60.0 * n), T0 + 1e8) for n in range(24)]
    offsets: list[int] = []
    apply_reading = feed.engine.apply_reading

    def counted(offset: int, *arguments: Any) -> ReadingOutcome:
        offsets.append(offset)
        return apply_reading(offset, *arguments)

    feed.engine.apply_reading = counted  # type: ignore[method-assign,assignment]
    process_run(feed.engine, as_span(records), SENT, refused)
    assert not refused
    assert offsets == [1]


def test_readings_under_an_open_alarm_take_the_fast_path() -> None:
    """A flood lasts for days; its open alarm must not keep readings off the fast path."""
    feed = Feed(a_rule(a_threshold_rule(("yellow", 212, 211), ("red", 216, 215), count=3)))
    for number in range(3):
        feed.read_fast(213.0 + number / 10, number * 60.0)
    assert feed.transitions == [("raised", "yellow")]
    feed.read_fast(213.0, 180.0)  # the first reading after a change computes the bounds
    assert feed.transitions == [("raised", "yellow")]
    state = feed.engine.states[b"zhutuo-3"]
    assert state.low < 213.0 < 215.9 < state.high


def test_an_alarm_of_a_backlog_by_the_fast_path_is_emitted_again_at_its_end() -> None:
    """Otherwise nobody would be paged for a flood that began while the service was down."""
    body = WindowRule(aggregate="sum", window_s=7200, rungs=rungs(("blue", 20, 10)))
    feeds = Feed(a_rule(body)), Feed(a_rule(body))
    for feed in feeds:
        feed.tick(10_000)
    for number in range(5):
        feeds[0].read_fast(6.0, 60.0 * number)
        feeds[1].read(6.0, 60.0 * number)
    for feed in feeds:
        assert [alarm.retrospective for alarm in feed.alarms] == [True]
        feed.tick(10_100)
        assert [alarm.retrospective for alarm in feed.alarms] == [True, False]
    assert feeds[0].alarms == feeds[1].alarms


def test_a_baseline_alarms_alike_on_both_paths() -> None:
    """The baseline learns for days, then a leap raises and clears."""
    rule = a_rule(BaselineRule(rungs=rungs(("notice", 0.5, 0.4)), season_s=0))
    fast, slow = Feed(rule), Feed(rule)
    for number in range(2_000):
        value = 205.0 + number % 7 / 10 + (5.0 if number in (1_950, 1_951) else 0.0)
        fast.read_fast(value, 300.0 * number, event_id=f"r{number}")
        slow.read(value, 300.0 * number, event_id=f"r{number}")
    assert fast.transitions[:1] == [("raised", "notice")]
    assert fast.engine.messages == slow.engine.messages
    (fast_state,), (slow_state,) = fast.engine.states.values(), slow.engine.states.values()
    assert fast_state.dump()[2:] == slow_state.dump()[2:]
