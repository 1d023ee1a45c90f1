"""Whether each partition of a consumer gets on: one that gets on says nothing about the others."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.fastpath import walked
from shared.runtime.gaps import Gaps

STUCK_AFTER_S = 30.0
"""So long a partition may show no sign of life while it has more to read, in seconds."""


@dataclass(frozen=True, slots=True)
class Work:
    """What the consumer is at: batches `finished` so far, one in `hand`, one tried again and again."""

    finished: int
    in_hand: bool
    retrying: bool


@dataclass(slots=True)
class Look:
    """What a look has shown: lag by partition, partitions that are `stuck`, those with records `missing`."""

    lags: dict[TopicPartition, int] = field(default_factory=dict)
    missing: list[TopicPartition] = field(default_factory=list)
    stuck: list[TopicPartition] = field(default_factory=list)


class Progress:
    """Looks again and again at what is handled of each partition, and at what Kafka has."""

    def __init__(self, gaps: Gaps) -> None:
        self._gaps = gaps
        self._finished = -1
        self._signs: dict[TopicPartition, object] = {}
        self._since: dict[TopicPartition, float] = {}
        self._ends: dict[TopicPartition, tuple[int, int]] = {}

    def look(
        self, consumer: AIOKafkaConsumer, handled: Mapping[TopicPartition, int], work: Work
    ) -> Look:
        """`handled`: the next offset to handle, by partition."""
        result, now = Look(), time.monotonic()
        signs: dict[TopicPartition, object] = {}
        ends: dict[TopicPartition, tuple[int, int]] = {}
        one_long_batch = work.retrying or (work.in_hand and work.finished == self._finished)
        for one, offset in handled.items():
            end = walked.stable_end(consumer, one)
            result.lags[one] = lag = 0 if end is None else max(0, end - offset)
            # A partition lives when records of it are handled, when Kafka answers its fetches, and when what
            # is fetched waits for its turn among the others.
            waits = walked.buffered(consumer, one)
            signs[one] = offset, waits, work.finished if waits else walked.answered(consumer, one)
            stands = self._gaps.stands(one) or walked.over(consumer, one).trouble is not None
            if one_long_batch or stands or lag == 0 or self._signs.get(one) != signs[one]:
                self._since[one] = now
            elif now - self._since[one] > STUCK_AFTER_S:
                result.stuck.append(one)
            if lag == 0 or stands or work.in_hand or work.retrying:
                continue
            if end is not None and (walked.position(consumer, one) or 0) >= end:
                ends[one] = offset, work.finished
                if self._ends.get(one) == ends[one]:
                    # All has been handed out since the last look, and nothing is at work.
                    if self._gaps.compacted(one):
                        result.lags[one] = 0
                    else:
                        result.missing.append(one)
        self._finished, self._signs, self._ends = work.finished, signs, ends
        self._since = {one: since for one, since in self._since.items() if one in signs}
        return result
