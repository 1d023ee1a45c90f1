"""The progress of each partition of a consumer: one that moves on says nothing about the others."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.runtime.fetching import fetch_states
from shared.runtime.offset_gaps import OffsetGaps

STUCK_AFTER_S = 30.0
"""A partition with more to read is stuck after so many seconds without a sign of life."""
ANSWER_AGE_S = 20.0
"""After so long without an answer about a partition it has no leader, or Kafka is away."""


@dataclass(frozen=True, slots=True)
class ConsumerActivity:
    """The number of batches finished, whether one is under way, and whether it is being retried."""

    finished_batches: int
    in_batch: bool
    retrying: bool


@dataclass(slots=True)
class ProgressReport:
    """The lag of each partition, stuck partitions, and partitions with missing records."""

    lags: dict[TopicPartition, int] = field(default_factory=dict)
    missing: list[TopicPartition] = field(default_factory=list)
    stuck: list[TopicPartition] = field(default_factory=list)


class PartitionProgress:
    """Compares, at each check, the handled offsets of each partition with what Kafka has."""

    def __init__(
        self,
        gaps: OffsetGaps,
        ends: Mapping[TopicPartition, int],
        answered_at: Mapping[TopicPartition, float],
    ) -> None:
        """`ends`: the ends of partitions as a second client has learned them (log_checks.py).

        `answered_at`: when Kafka last told it, by a monotonic clock.
        """
        self._gaps = gaps
        self._ends = ends
        self._answered_at = answered_at
        self._finished_batches = -1
        self._signs_of_life: dict[TopicPartition, object] = {}
        self._signs_changed_at: dict[TopicPartition, float] = {}
        self._read_to_end: dict[TopicPartition, tuple[int, int]] = {}

    def check(
        self,
        consumer: AIOKafkaConsumer,
        next_offsets: Mapping[TopicPartition, int],
        activity: ConsumerActivity,
    ) -> ProgressReport:
        """Return what a check shows; `next_offsets` are the next offsets to handle."""
        report, now = ProgressReport(), time.monotonic()
        signs_of_life: dict[TopicPartition, object] = {}
        read_to_end: dict[TopicPartition, tuple[int, int]] = {}
        finished = activity.finished_batches
        long_batch = activity.retrying or (activity.in_batch and finished == self._finished_batches)
        for partition, offset in next_offsets.items():
            fetched_end = fetch_states.stable_end(consumer, partition)
            # A fetcher that is dead knows no end, or an old one.
            end = max(fetched_end or 0, self._ends.get(partition, 0))
            report.lags[partition] = lag = max(0, end - offset)
            # A partition lives when its records are handled, when Kafka answers its fetches, and
            # when its fetched records wait for their turn among the others.
            buffered = fetch_states.is_buffered(consumer, partition)
            sign = finished if buffered else fetch_states.answered_at(consumer, partition)
            signs_of_life[partition] = offset, buffered, sign
            failure = fetch_states.fetch_state(consumer, partition).failure
            blocked = self._gaps.blocks(partition) or failure is not None
            unchanged = self._signs_of_life.get(partition) == signs_of_life[partition]
            # Where Kafka answers no other client either, the consumer can do nothing.
            silent = now - self._answered_at.get(partition, now) > ANSWER_AGE_S
            if silent or long_batch or blocked or lag == 0 or not unchanged:
                self._signs_changed_at[partition] = now
            elif now - self._signs_changed_at[partition] > STUCK_AFTER_S:
                report.stuck.append(partition)
            if lag == 0 or blocked or activity.in_batch or activity.retrying:
                continue
            if (fetch_states.position(consumer, partition) or 0) >= end:
                read_to_end[partition] = offset, finished
                if self._read_to_end.get(partition) == read_to_end[partition]:
                    # All has been returned since the last check, and no batch is under way.
                    if self._gaps.is_compacted(partition):
                        report.lags[partition] = 0
                    else:
                        report.missing.append(partition)
        self._finished_batches = finished
        self._signs_of_life, self._read_to_end = signs_of_life, read_to_end
        self._signs_changed_at = {
            partition: changed_at
            for partition, changed_at in self._signs_changed_at.items()
            if partition in signs_of_life
        }
        return report
