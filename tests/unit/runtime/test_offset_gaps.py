"""Gaps: which mean nothing, which are fetched once more, which block a partition."""

from __future__ import annotations

from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from shared.contracts.topics import ALARMS, SENSOR_HEALTH
from shared.fastpath.fast_records import FastRecords
from shared.fastpath.raw_batches import RawBatches
from shared.runtime.fetching import fetch_states
from shared.runtime.fetching.fetch_states import FetchState
from shared.runtime.fetching.normal_batches import normalise
from shared.runtime.fetching.partition_records import Record
from shared.runtime.offset_gaps import OffsetGaps
from shared.runtime.partition_progress import ConsumerActivity, PartitionProgress
from shared.runtime.record_runs import RecordList, RecordRun
from tests.support.batches import batch_of, marker

TP = TopicPartition(ALARMS.name, 0)
SECOND = TopicPartition(ALARMS.name, 1)
IDLE = ConsumerActivity(0, False, False)
NOW = defaultdict[TopicPartition, float](lambda: 1e9)
"""Kafka always answers the second client."""


def run_of(*offsets: int, topic: str = ALARMS.name) -> RecordList:
    return RecordList([Record(topic, 0, offset, 0, None, None, ()) for offset in offsets])


def raw_batches_of(*batches: bytes) -> tuple[RawBatches, FetchState]:
    """Return raw batches, and the state that a fetch of them leaves."""
    normal, state = normalise(b"".join(batches), None, True), FetchState()
    state.advance(normal.empty_ranges, True)
    ((raw_batches,), _) = FastRecords(TP, normal, 0, True, raw_batch_records=1_000).read(1)
    return raw_batches, state


def offsets_of(run: RecordRun | None) -> list[int] | None:
    return None if run is None else [record.offset for record in run.records()]


def batch(base: int, count: int) -> bytes:
    return batch_of([(n, b"k", b"v", ()) for n in range(count)], base)


@pytest.mark.parametrize(
    ("offsets", "expected", "part", "missing"),
    [
        ([3, 4, 5], 3, [3, 4, 5], None),
        ([5, 6], 3, None, 3),
        ([3, 4, 7, 8], 3, [3, 4], 5),
        ([4], 3, None, 3),
    ],
)
def test_a_run_ends_before_a_gap(
    offsets: list[int], expected: int, part: list[int] | None, missing: int | None
) -> None:
    result, gap = OffsetGaps([ALARMS]).split(run_of(*offsets), expected, FetchState())
    assert (offsets_of(result), gap) == (part, missing)


def test_compaction_leaves_gaps_that_mean_nothing() -> None:
    run = run_of(5, 9, topic=SENSOR_HEALTH.name)
    assert OffsetGaps([SENSOR_HEALTH]).split(run, 0, FetchState()) == (run, None)


def test_an_offset_that_a_transaction_leaves_empty_is_no_gap_and_no_other_is() -> None:
    state = FetchState()
    state.advance([(3, 5), (7, 8)], False)
    gaps, run = OffsetGaps([ALARMS]), run_of(5, 6, 8)
    assert gaps.split(run, 3, state) == (run, None)
    part, missing = gaps.split(run_of(5, 6, 8, 10), 3, state)
    assert (offsets_of(part), missing) == ([5, 6, 8], 9)


def test_raw_batches_are_split_as_records_are() -> None:
    gaps = OffsetGaps([ALARMS])
    run, state = raw_batches_of(batch(0, 3), marker(3, 7, commit=True), batch(4, 2))
    assert gaps.split(run, 0, state) == (run, None)
    run, state = raw_batches_of(batch(0, 3), marker(3, 7, commit=True), batch(5, 2))
    part, missing = gaps.split(run, 0, state)
    assert (offsets_of(part), missing) == ([0, 1, 2], 3)


def test_a_gap_is_fetched_once_more_and_then_blocks_its_partition() -> None:
    gaps = OffsetGaps([ALARMS])
    assert not gaps.note(TP, 5, 9)
    assert not gaps.note(SECOND, 5, 9)
    assert not gaps.note(TP, 7, 9), "another gap"
    assert gaps.reasons() == []
    assert gaps.note(TP, 7, 9)
    assert (gaps.blocks(TP), gaps.blocks(SECOND)) == (True, False)
    assert gaps.reasons() == [f"records of {ALARMS.name}:0 are missing from 7 on"]
    gaps.forget([TP])
    assert (gaps.blocks(TP), gaps.note(TP, 7, 9)) == (False, False)


def test_offsets_without_a_record_are_skipped() -> None:
    state = FetchState()
    state.advance([(8, 9), (3, 5), (5, 6)], True)
    assert state.count_empty(0, 10) == 4
    assert state.count_empty(4, 8) == 2
    assert [state.skip_empty(offset) for offset in (2, 4, 6, 8)] == [2, 6, 6, 9]
    assert state.count_empty(0, 10) == 0, "smaller offsets are forgotten"


class Fetching:
    """The parts of a consumer that a check reads."""

    def __init__(self) -> None:
        self.states = {
            tp: PartitionState(highwater=10, lso=10, timestamp=0, _position=0)
            for tp in (TP, SECOND)
        }
        assignment = SimpleNamespace(state_value=self.states.get)
        self._subscription = SimpleNamespace(subscription=SimpleNamespace(assignment=assignment))
        self._fetcher = SimpleNamespace(_records={})


class PartitionState:
    """aiokafka's state of a partition: the fields that fetch_states.py reads."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which only the test moves."""
    results = [0.0]
    monkeypatch.setattr("shared.runtime.partition_progress.time.monotonic", lambda: results[0])
    return results


def test_one_partition_that_moves_on_says_nothing_about_another(now: list[float]) -> None:
    consumer: Any = Fetching()
    progress = PartitionProgress(OffsetGaps([ALARMS]), {}, NOW)
    for second in range(0, 60, 2):
        now[0] = second
        handled = {TP: 0, SECOND: min(9, second)}
        consumer.states[SECOND].timestamp = second
        result = progress.check(consumer, handled, ConsumerActivity(second, False, False))
        assert result.stuck == ([TP] if second > 30 else [])


@pytest.mark.parametrize("sign", ["answers", "turn", "open transaction", "failure", "one batch"])
def test_signs_of_life(now: list[float], sign: str) -> None:
    consumer: Any = Fetching()
    state, progress = consumer.states[TP], PartitionProgress(OffsetGaps([ALARMS]), {}, NOW)
    for second in range(0, 100, 2):
        now[0] = second
        activity = IDLE
        if sign == "answers":  # compaction took the last records: Kafka answers, and has none
            state.timestamp = second
        elif sign == "turn":  # its records are fetched and wait for their turn
            consumer._fetcher._records = {TP: ...}
            activity = ConsumerActivity(second, True, False)
        elif sign == "open transaction":
            state.lso = 0
        elif sign == "failure":
            fetch_states.state_of(state).fail(0, ValueError("no"))
        else:
            activity = ConsumerActivity(3, True, False)
        assert progress.check(consumer, {TP: 0}, activity).stuck == []


def test_a_fetched_partition_is_stuck_while_no_batch_ends(now: list[float]) -> None:
    consumer: Any = Fetching()
    consumer._fetcher._records = {TP: ...}
    progress = PartitionProgress(OffsetGaps([ALARMS]), {}, NOW)
    results = []
    for second in range(0, 40, 2):
        now[0] = second
        results = progress.check(consumer, {TP: 0}, IDLE).stuck
    assert results == [TP]


def test_while_kafka_answers_nobody_no_partition_is_stuck(now: list[float]) -> None:
    consumer: Any = Fetching()
    answered_at = {TP: 0.0}
    progress = PartitionProgress(OffsetGaps([ALARMS]), {TP: 10}, answered_at)
    for second in range(0, 140, 2):
        now[0] = second
        if second > 100:
            answered_at[TP] = second
        stuck = progress.check(consumer, {TP: 0}, IDLE).stuck
        assert stuck == ([TP] if second > 130 else [])


def test_a_missing_record_shows_at_the_second_check_after_the_last_fetch() -> None:
    consumer: Any = Fetching()
    consumer.states[TP]._position = 10
    progress = PartitionProgress(OffsetGaps([ALARMS]), {}, NOW)
    assert progress.check(consumer, {TP: 4}, IDLE).missing == []
    assert progress.check(consumer, {TP: 4}, ConsumerActivity(0, True, False)).missing == [], (
        "a batch is under way"
    )
    assert progress.check(consumer, {TP: 4}, IDLE).missing == []
    result = progress.check(consumer, {TP: 4}, IDLE)
    assert (result.missing, result.lags) == ([TP], {TP: 6})
    compacted = PartitionProgress(OffsetGaps([SENSOR_HEALTH]), {}, NOW)
    tp = TopicPartition(SENSOR_HEALTH.name, 0)
    consumer.states[tp] = consumer.states[TP]
    assert [compacted.check(consumer, {tp: 4}, IDLE).lags[tp] for _ in range(2)] == [6, 0]
