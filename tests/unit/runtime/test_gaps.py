"""Gaps: which mean nothing, which are fetched once more, before which a partition stands."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from shared.contracts.topics import ALARMS, HEALTH
from shared.fastpath import walked
from shared.fastpath.records import NativeRecords, Record
from shared.fastpath.unusual import made_usual
from shared.fastpath.walked import Walk
from shared.runtime.gaps import Gaps
from shared.runtime.progress import Progress, Work
from tests.support.batches import batch_of, marker

TP = TopicPartition(ALARMS.name, 0)
OTHER = TopicPartition(ALARMS.name, 1)
IDLE = Work(0, False, False)


def run_of(*offsets: int, topic: str = ALARMS.name) -> list[Any]:
    return [Record(topic, 0, offset, 0, None, None, ()) for offset in offsets]


def span_of(*batches: bytes) -> tuple[Any, Walk]:
    """A span over these batches, and the walk that a fetch of them leaves."""
    usual, walk = made_usual(b"".join(batches), None, True), Walk()
    walk.moved(usual.passed, True)
    ((span,), _) = NativeRecords(TP, usual, 0, True, 1_000).several(1)
    return span, walk


def batch(base: int, count: int) -> bytes:
    return batch_of([(n, b"k", b"v", ()) for n in range(count)], base)


@pytest.mark.parametrize(
    ("offsets", "expected", "kept", "missing"),
    [
        ([3, 4, 5], 3, [3, 4, 5], None),
        ([5, 6], 3, None, 3),
        ([3, 4, 7, 8], 3, [3, 4], 5),
        ([4], 3, None, 3),
    ],
)
def test_a_run_ends_before_a_gap(
    offsets: list[int], expected: int, kept: list[int] | None, missing: int | None
) -> None:
    result, gap = Gaps([ALARMS]).before(run_of(*offsets), expected, Walk())
    assert ([one.offset for one in result] if result else None, gap) == (kept, missing)


def test_compaction_leaves_gaps_that_mean_nothing() -> None:
    run = run_of(5, 9, topic=HEALTH.name)
    assert Gaps([HEALTH]).before(run, 0, Walk()) == (run, None)


def test_what_a_transaction_leaves_behind_is_no_gap_and_no_more_than_that() -> None:
    walk = Walk()
    walk.moved([(3, 5), (7, 8)], False)
    gaps, run = Gaps([ALARMS]), run_of(5, 6, 8)
    assert gaps.before(run, 3, walk) == (run, None)
    kept, missing = gaps.before(run_of(5, 6, 8, 10), 3, walk)
    assert ([one.offset for one in kept], missing) == ([5, 6, 8], 9)


def test_spans_are_looked_at_as_records_are() -> None:
    gaps = Gaps([ALARMS])
    span, walk = span_of(batch(0, 3), marker(3, 7, commit=True), batch(4, 2))
    assert gaps.before(span, 0, walk) == (span, None)
    span, walk = span_of(batch(0, 3), marker(3, 7, commit=True), batch(5, 2))
    kept, missing = gaps.before(span, 0, walk)
    assert ([one.offset for one in kept], missing) == ([0, 1, 2], 3)


def test_a_gap_is_fetched_once_more_and_then_stood_before() -> None:
    gaps = Gaps([ALARMS])
    assert not gaps.lasts(TP, 5, 9)
    assert not gaps.lasts(OTHER, 5, 9)
    assert not gaps.lasts(TP, 7, 9), "another gap"
    assert gaps.troubles() == []
    assert gaps.lasts(TP, 7, 9)
    assert (gaps.stands(TP), gaps.stands(OTHER)) == (True, False)
    assert gaps.troubles() == [f"records of {ALARMS.name}:0 are missing from 7 on"]
    gaps.forget([TP])
    assert (gaps.stands(TP), gaps.lasts(TP, 7, 9)) == (False, False)


def test_a_walk_leads_past_what_holds_no_record() -> None:
    walk = Walk()
    walk.moved([(8, 9), (3, 5), (5, 6)], True)
    assert walk.without_records(0, 10) == 4
    assert walk.without_records(4, 8) == 2
    assert (walk.past(2), walk.past(4), walk.past(6), walk.past(8)) == (2, 6, 6, 9)
    assert walk.without_records(0, 10) == 0, "forgotten below"


class Fetching:
    """As much of a consumer as a look asks for."""

    def __init__(self) -> None:
        self.states = {
            tp: SimpleNamespaceState(highwater=10, lso=10, timestamp=0, _position=0)
            for tp in (TP, OTHER)
        }
        assignment = SimpleNamespace(state_value=self.states.get)
        self._subscription = SimpleNamespace(subscription=SimpleNamespace(assignment=assignment))
        self._fetcher = SimpleNamespace(_records={})


class SimpleNamespaceState:
    """aiokafka's state of a partition: what walked.py reads of it."""

    def __init__(self, **given: Any) -> None:
        self.__dict__.update(given)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which only the test moves."""
    results = [0.0]
    monkeypatch.setattr("shared.runtime.progress.time.monotonic", lambda: results[0])
    return results


def test_one_partition_that_gets_on_says_nothing_about_another(now: list[float]) -> None:
    consumer: Any = Fetching()
    progress = Progress(Gaps([ALARMS]))
    for second in range(0, 60, 2):
        now[0] = second
        handled = {TP: 0, OTHER: min(9, second)}
        consumer.states[OTHER].timestamp = second
        result = progress.look(consumer, handled, Work(second, False, False))
        assert result.stuck == ([TP] if second > 30 else [])


@pytest.mark.parametrize("sign", ["answers", "turn", "open transaction", "trouble", "one batch"])
def test_signs_of_life(now: list[float], sign: str) -> None:
    consumer: Any = Fetching()
    state, progress = consumer.states[TP], Progress(Gaps([ALARMS]))
    for second in range(0, 100, 2):
        now[0] = second
        work = IDLE
        if sign == "answers":  # a tail that compaction took: Kafka answers, and has nothing
            state.timestamp = second
        elif sign == "turn":  # fetched, and others are before it
            consumer._fetcher._records = {TP: ...}
            work = Work(second, True, False)
        elif sign == "open transaction":
            state.lso = 0
        elif sign == "trouble":
            walked.of(state).cannot_read(0, ValueError("no"))
        else:
            work = Work(3, True, False)
        assert progress.look(consumer, {TP: 0}, work).stuck == []


def test_what_lies_fetched_while_no_batch_ends_is_stuck(now: list[float]) -> None:
    consumer: Any = Fetching()
    consumer._fetcher._records = {TP: ...}
    progress = Progress(Gaps([ALARMS]))
    results = []
    for second in range(0, 40, 2):
        now[0] = second
        results = progress.look(consumer, {TP: 0}, IDLE).stuck
    assert results == [TP]


def test_all_handed_out_and_something_missing_shows_at_the_second_look() -> None:
    consumer: Any = Fetching()
    consumer.states[TP]._position = 10
    progress = Progress(Gaps([ALARMS]))
    assert progress.look(consumer, {TP: 4}, IDLE).missing == []
    assert progress.look(consumer, {TP: 4}, Work(0, True, False)).missing == [], "being worked on"
    assert progress.look(consumer, {TP: 4}, IDLE).missing == []
    result = progress.look(consumer, {TP: 4}, IDLE)
    assert (result.missing, result.lags) == ([TP], {TP: 6})
    compacted = Progress(Gaps([HEALTH]))
    tp = TopicPartition(HEALTH.name, 0)
    consumer.states[tp] = consumer.states[TP]
    assert [compacted.look(consumer, {tp: 4}, IDLE).lags[tp] for _ in range(2)] == [6, 0]
