"""What a consumer has fetched and not handled yet, and what of it goes before its turn (docs/adr/0016).

An urgent record overtakes everything under other keys. What lies before it under its own key comes along,
so the order of a key stays that of its partition.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from aiokafka import ConsumerRecord, TopicPartition

from shared.fastpath.raw_batches import runs


class _Partition:
    """Records in the order of their offsets; those in `early` have overtaken already."""

    __slots__ = ("early", "records", "urgent")

    def __init__(self) -> None:
        self.records: deque[ConsumerRecord] = deque()
        self.urgent: deque[ConsumerRecord] = deque()
        self.early: set[int] = set()

    def overtaking(self, most: int) -> list[ConsumerRecord]:
        """The first urgent ones with what lies before them under their keys, at most so many in all."""
        chosen = list(islice(self.urgent, most))
        keys, last = {one.key for one in chosen}, chosen[-1].offset
        consumer_records: list[ConsumerRecord] = []
        for record in self.records:
            if record.offset > last or len(consumer_records) == most:
                break
            if record.key in keys and record.offset not in self.early:
                consumer_records.append(record)
        self.early.update(consumer_record.offset for consumer_record in consumer_records)
        while self.urgent and self.urgent[0].offset in self.early:
            self.urgent.popleft()
        return consumer_records

    def take(self, count: int) -> list[ConsumerRecord]:
        """The next so many in order."""
        results = [self.records.popleft() for _ in range(count)]
        if results:
            last = results[-1].offset
            while self.urgent and self.urgent[0].offset <= last:
                self.urgent.popleft()
            if self.early:
                self.early = {one for one in self.early if one > last}
        return results


class Ahead:
    """Records by partition. `urgent` is asked once about each."""

    def __init__(self, urgent: Callable[[ConsumerRecord], bool]) -> None:
        self._urgent = urgent
        self._partitions: dict[TopicPartition, _Partition] = {}
        self._count = 0
        self.size = 0
        """Bytes of the values."""

    def __len__(self) -> int:
        return self._count

    def put(self, records: Sequence[ConsumerRecord]) -> None:
        """Take what was fetched, in order per partition."""
        for run in runs(records):
            place = TopicPartition(run[0].topic, run[0].partition)
            partition = self._partitions.setdefault(place, _Partition())
            partition.records.extend(run)
            partition.urgent.extend(filter(self._urgent, run))
            self._count += len(run)
            self.size += _bytes(run)

    def overtaking(self, most: int) -> list[ConsumerRecord]:
        """What goes before its turn now, about so many, every partition its share; each is named once.

        It stays where it is: in its turn it is taken with the others, so that offsets move on.
        """
        partitions = [
            partition for _, partition in sorted(self._partitions.items()) if partition.urgent
        ]
        share = max(1, most // len(partitions)) if partitions else 0
        return [record for partition in partitions for record in partition.overtaking(share)]

    def take(self, most: int) -> list[ConsumerRecord]:
        """The next at most so many, every partition its share, in order per partition."""
        partitions = sorted(
            (partition for partition in self._partitions.values() if partition.records),
            key=lambda partition: len(partition.records),
        )
        consumer_records: list[ConsumerRecord] = []
        for n, one in enumerate(partitions):
            share = -(-(most - len(consumer_records)) // (len(partitions) - n))
            consumer_records += one.take(min(share, len(one.records)))
        self._count -= len(consumer_records)
        self.size -= _bytes(consumer_records)
        return consumer_records

    def drop(self, partitions: Iterable[TopicPartition] | None = None) -> None:
        """Forget what was fetched from these partitions; None = from all."""
        for place in list(self._partitions) if partitions is None else partitions:
            partition = self._partitions.pop(place, None)
            if partition is not None:
                self._count -= len(partition.records)
                self.size -= _bytes(partition.records)


def _bytes(records: Iterable[ConsumerRecord]) -> int:
    return sum(len(record.value) for record in records if record.value is not None)
