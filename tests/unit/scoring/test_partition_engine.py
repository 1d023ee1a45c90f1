"""Refusals, repeats and replays of a partition; a state survives a store."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.core.partition_engine import ReadingOutcome
from services.scoring.core.refusals import RefusedInput
from services.scoring.core.state.id_hash import id_hash
from services.scoring.core.state.sensor_state import ScoringState
from services.scoring.core.state.stored_state import StoredState
from services.scoring.fastpath.loop import process_run
from services.scoring.store.changelog import StoredPartition, apply_record, state_record
from shared.contracts.dead_letter import Reason
from shared.contracts.rules import AbsenceRule, WindowRule
from tests.support.scoring import (
    SENT,
    Feed,
    a_reading,
    a_rule,
    a_threshold_rule,
    a_tick,
    as_record,
    as_span,
    at,
    rungs,
)

RULES = (
    a_rule(
        a_threshold_rule(("yellow", 212, 211), ("red", 216, 215), for_s=90, count=2), rule_id="held"
    ),
    a_rule(a_threshold_rule(("orange", 214, 213)), rule_id="plain"),
    a_rule(
        WindowRule(aggregate="mean", window_s=600, rungs=rungs(("blue", 211, 210))), rule_id="mean"
    ),
    a_rule(AbsenceRule(factor=2), rule_id="silent"),
)


@pytest.mark.parametrize(
    ("reading", "reason"),
    [
        (a_reading(1, 0, sensor_id="ghost"), Reason.UNKNOWN_SENSOR),
        (a_reading(1, 0, unit="cm"), Reason.UNIT_MISMATCH),
        (a_reading(1, 0, metric="flow"), Reason.UNIT_MISMATCH),
        (a_reading(1, 0, datum="黄海"), Reason.DATUM_MISMATCH),
        (a_reading(1, 0, datum=None), Reason.DATUM_MISMATCH),
    ],
)
def test_refused(reading: Any, reason: Reason) -> None:
    feed = Feed(*RULES)
    assert feed.refusal(reading).reason is reason
    assert feed.engine.states == {}


def test_the_future_is_measured_against_arrival_and_leaves_no_trace() -> None:
    feed = Feed(*RULES)
    assert feed.refusal(a_reading(300, 0), delay_s=-120.5).reason is Reason.FUTURE_TIME
    assert feed.apply(a_reading(200, 0), delay_s=-120) is ReadingOutcome.SCORED
    with pytest.raises(RefusedInput, match="ahead"):
        feed.engine.apply_tick(9, a_tick(1000), at(997).timestamp(), SENT)
    assert feed.engine.messages == []
    feed.tick(100)
    assert feed.engine.messages == []


def test_a_tick_that_runs_ahead_silences_nobody_and_holds_back_no_alarm() -> None:
    """A clock jumps 59 minutes and writes one tick; real danger comes two minutes later."""
    feed = Feed(a_rule(a_threshold_rule(("orange", 214, 213), ("red", 216, 215))), RULES[3])
    for minute in range(60):
        feed.tick(minute * 60)
        feed.read(217.0 if minute >= 6 else 210.0, minute * 60 + 0.1)
        if minute == 4:
            feed.offset += 1
            stamped = at(minute * 60 + 1).timestamp()
            with pytest.raises(RefusedInput) as refused:
                feed.engine.apply_tick(feed.offset, a_tick((minute + 59) * 60), stamped, SENT)
            assert refused.value.reason is Reason.FUTURE_TIME
    assert feed.health == [] or {sensor_health.state.value for sensor_health in feed.health} == {
        "online"
    }
    assert [
        (alarm.transition.value, alarm.level.value, alarm.retrospective) for alarm in feed.alarms
    ] == [("raised", "red", False)]
    assert feed.alarms[0].occurred_at == at(6 * 60 + 0.1)


@pytest.mark.parametrize("stamped", [-1e17 / 1000, 0.0, 253_402_300_800.0, 1e17 / 1000])
def test_a_record_time_out_of_all_calendars_is_harmless(stamped: float) -> None:
    feed = Feed(*RULES)
    for message in (a_reading(200, 0), a_reading(200, 60)):
        record = as_record(feed.offset, message, stamped)
        tick = as_record(feed.offset + 1, a_tick(30), stamped)
        feed.offset += 2
        refused: list[Any] = []
        process_run(feed.engine, as_span([record, tick]), SENT, refused)
        refusals = [why.reason for _, why in refused]
        assert refusals == ([Reason.FUTURE_TIME] * 2 if stamped <= 0 else [])


def test_too_late_is_measured_against_the_sensors_own_newest() -> None:
    feed = Feed(*RULES)
    feed.read(200, 4000)
    assert feed.read(200, 400) is ReadingOutcome.LATE
    assert feed.refusal(a_reading(200, 399)).reason is Reason.TOO_LATE


def test_a_repeat_is_dropped_and_another_body_is_a_conflict() -> None:
    feed = Feed(*RULES)
    feed.read(213, 0, event_id="a")
    before = feed.engine.states[b"zhutuo-3"].dump()
    assert feed.read(213, 0, event_id="a") is ReadingOutcome.DUPLICATE
    for value, seconds in ((213.1, 0), (213, 1)):
        why = feed.refusal(a_reading(value, seconds, event_id="a"))
        assert why.reason is Reason.ID_CONFLICT
    assert feed.engine.states[b"zhutuo-3"].dump() == before


def test_a_stored_state_skips_what_it_contains() -> None:
    feed = Feed(*RULES)
    feed.read(217, 0)
    feed.engine.states[b"zhutuo-3"].applied = 100
    feed.engine.messages.clear()
    assert feed.read(100, 60) is ReadingOutcome.REPLAYED
    feed.offset = 100
    assert feed.read(100, 60) is ReadingOutcome.SCORED


steps = st.lists(
    st.tuples(st.floats(200, 220, allow_nan=False), st.integers(1, 200)), min_size=1, max_size=30
)


@given(steps, st.integers(0, 30))
def test_a_state_survives_being_stored_at_any_moment(
    series: list[tuple[float, int]], cut: int
) -> None:
    uninterrupted, interrupted = Feed(*RULES), Feed(*RULES)
    seconds = 0
    for number, (value, wait) in enumerate(series):
        if number == cut:
            stored = StoredPartition()
            for state in interrupted.engine.states.values():
                record = state_record(0, state)
                assert record.key is not None
                apply_record(stored, record.key, record.value)
            interrupted.engine.states.clear()
            interrupted.engine.restore(stored.drain_states())
            interrupted.engine._revision = -1
        seconds += wait
        for feed in (uninterrupted, interrupted):
            feed.read(value, seconds)
            feed.tick(seconds + wait / 2)
    assert uninterrupted.alarms == interrupted.alarms
    assert uninterrupted.health == interrupted.health


def a_state() -> ScoringState:
    feed = Feed(*RULES)
    feed.read(200, 0)
    return feed.engine.states[b"zhutuo-3"]


def test_the_highest_applied_offset_wins_not_the_last_written() -> None:
    def record(applied: int, value: float) -> tuple[bytes, bytes]:
        state = a_state()
        state.applied, state.value = applied, value
        return state.key.encode(), state_record(0, state).body

    stored = StoredPartition()
    for applied, value in ((5, 1.0), (9, 2.0), (7, 3.0)):
        apply_record(stored, *record(applied, value))
    assert stored.states[b"zhutuo-3"][0] == 9
    (result,) = StoredPartition(dict(stored.states)).drain_states()
    assert result.plain[5] == 2.0
    apply_record(stored, b"zhutuo-3", b"")
    assert stored.states == {}


@pytest.mark.parametrize("readings", [2, 6])
def test_a_state_of_an_earlier_format_is_read_alike(readings: int) -> None:
    feed = Feed(*RULES)
    ids = [f"id-{number}" for number in range(readings)]
    for number, identifier in enumerate(ids):
        feed.read(200 + number, 60 * number, event_id=identifier)
    state = feed.engine.states[b"zhutuo-3"]
    now = state.dump()
    remaining, last = now[9:], ids[-4:]
    of_3 = [3, *now[1:7], last, state.times.tobytes(), state.values.tobytes(), *remaining]
    of_4 = [4, *now[1:7], " ".join([""] * (4 - len(last)) + last), now[8], *remaining]
    for before in (of_3, of_4, now):
        result = StoredState(before).connect(state.sensor, state.rule_set)
        assert result.dump() == now
        assert result.last_id == ids[-1]


@given(st.binary(max_size=120), st.integers(0, 30), st.integers(0, 30))
def test_an_id_hash_is_the_remainder_of_the_bytes_by_a_prime(
    raw: bytes, begin: int, cut: int
) -> None:
    """The law holds in both forms; hashes are stored, so they never change."""
    begin = min(begin, len(raw))
    end = max(begin, len(raw) - cut)
    remaining = int.from_bytes(raw[begin:end], "little") % (2**64 - 0x9E3779EB)
    assert id_hash(raw, begin, end) == remaining


def test_the_ids_of_the_last_readings_are_known_again() -> None:
    feed = Feed(*RULES)
    for number in range(6):
        feed.read(200 + number, 60 * number, event_id=f"id-{number}")
    for number in range(6):
        repeat = a_reading(299.0, 400, event_id=f"id-{number}")
        if number < 2:  # only the last four are kept
            assert feed.apply(repeat) is ReadingOutcome.SCORED
            feed = Feed(*RULES)
            for before in range(6):
                feed.read(200 + before, 60 * before, event_id=f"id-{before}")
        else:
            assert feed.refusal(repeat).reason is Reason.ID_CONFLICT


def test_a_state_of_another_format_is_not_guessed_at() -> None:
    plain = a_state().dump()
    with pytest.raises(ValueError, match="format 99"):
        StoredState([99, *plain[1:]])
