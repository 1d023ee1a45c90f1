"""Records that a consumer has fetched and not handled yet, and which go first (docs/adr/0016).

An urgent record goes before all records of other keys. The records before it under its own key go
with it, so the order of a key stays that of its partition.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from aiokafka import ConsumerRecord, TopicPartition

from shared.runtime.record_runs import runs_of


class _PartitionBacklog:
    """The backlog of one partition, in the order of offsets.

    The records in `prioritised` have been handled before their turn already.
    """

    __slots__ = ("prioritised", "records", "urgent")

    def __init__(self) -> None:
        self.records: deque[ConsumerRecord] = deque()
        self.urgent: deque[ConsumerRecord] = deque()
        self.prioritised: set[int] = set()

    def prioritise(self, limit: int) -> list[ConsumerRecord]:
        """Return the first urgent records with the records before them under their keys.

        The result has at most `limit` records, each of which is returned once.
        """
        urgent = list(islice(self.urgent, limit))
        keys, last_offset = {record.key for record in urgent}, urgent[-1].offset
        prioritised: list[ConsumerRecord] = []
        for record in self.records:
            if record.offset > last_offset or len(prioritised) == limit:
                break
            if record.key in keys and record.offset not in self.prioritised:
                prioritised.append(record)
        self.prioritised.update(record.offset for record in prioritised)
        while self.urgent and self.urgent[0].offset in self.prioritised:
            self.urgent.popleft()
        return prioritised

    def remove(self, count: int) -> list[ConsumerRecord]:
        """Remove the next `count` records in order and return them."""
        records = [self.records.popleft() for _ in range(count)]
        if records:
            last_offset = records[-1].offset
            while self.urgent and self.urgent[0].offset <= last_offset:
                self.urgent.popleft()
            if self.prioritised:
                self.prioritised = {offset for offset in self.prioritised if offset > last_offset}
        return records


class Backlog:
    """Records by partition. `is_urgent` is called once for each."""

    def __init__(self, is_urgent: Callable[[ConsumerRecord], bool]) -> None:
        self._is_urgent = is_urgent
        self._partitions: dict[TopicPartition, _PartitionBacklog] = {}
        self._count = 0
        self.size = 0
        """Bytes of the values."""

    def __len__(self) -> int:
        return self._count

    def add(self, records: Sequence[ConsumerRecord]) -> None:
        """Add fetched records, in order per partition."""
        for run in runs_of(records):
            place = TopicPartition(run.topic, run.partition)
            partition = self._partitions.setdefault(place, _PartitionBacklog())
            partition.records.extend(run.records())
            partition.urgent.extend(filter(self._is_urgent, run.records()))
            self._count += run.count
            self.size += _bytes(run.records())

    def prioritise(self, limit: int) -> list[ConsumerRecord]:
        """Return the records that go before their turn now, about `limit`, an equal share of each
        partition.

        Each is returned once and stays in the backlog: `remove` returns it in its turn, so that
        offsets move on.
        """
        partitions = [
            partition for _, partition in sorted(self._partitions.items()) if partition.urgent
        ]
        share = max(1, limit // len(partitions)) if partitions else 0
        return [record for partition in partitions for record in partition.prioritise(share)]

    def remove(self, limit: int) -> list[ConsumerRecord]:
        """Remove the next at most `limit` records, a share of each partition, in order per
        partition."""
        partitions = sorted(
            (partition for partition in self._partitions.values() if partition.records),
            key=lambda partition: len(partition.records),
        )
        records: list[ConsumerRecord] = []
        for number, partition in enumerate(partitions):
            share = -(-(limit - len(records)) // (len(partitions) - number))
            records += partition.remove(min(share, len(partition.records)))
        self._count -= len(records)
        self.size -= _bytes(records)
        return records

    def discard(self, partitions: Iterable[TopicPartition] | None = None) -> None:
        """Discard the records of these partitions; None = of all."""
        for place in list(self._partitions) if partitions is None else partitions:
            partition = self._partitions.pop(place, None)
            if partition is not None:
                self._count -= len(partition.records)
                self.size -= _bytes(partition.records)


def _bytes(records: Iterable[ConsumerRecord]) -> int:
    return sum(len(record.value) for record in records if record.value is not None)
