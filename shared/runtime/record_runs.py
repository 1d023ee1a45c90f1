"""Runs of records: records of one partition that follow on each other in what was fetched.

A consumer usually returns records; a service that has opted in gets raw batches (shared/fastpath),
and each of those is a run by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from aiokafka import TopicPartition


class RecordRun(Protocol):
    """Records of one partition in the order of their offsets; never empty."""

    topic: str
    partition: int
    offset: int
    """The offset of the first record, or smaller."""
    next_offset: int
    """Where to read on after the last record."""
    count: int
    """The number of records."""

    def since(self, offset: int) -> RecordRun | None:
        """Return the part from `offset` on, None when there are no such records."""
        ...

    def records(self) -> Sequence[Any]:
        """Return all records as objects."""
        ...


class RecordList:
    """A RecordRun of records that are objects already."""

    __slots__ = ("_records", "count", "next_offset", "offset", "partition", "topic")

    def __init__(self, records: Sequence[Any]) -> None:
        first = records[0]
        self.topic: str = first.topic
        self.partition: int = first.partition
        self.offset: int = first.offset
        self.next_offset: int = records[-1].offset + 1
        self.count = len(records)
        self._records = records

    def since(self, offset: int) -> RecordList | None:
        """Return the part from `offset` on, None when there are no such records."""
        if offset <= self.offset:
            return self
        records = [record for record in self._records if record.offset >= offset]
        return RecordList(records) if records else None

    def records(self) -> Sequence[Any]:
        """Return all records."""
        return self._records


def runs_of(items: Iterable[Any]) -> list[RecordRun]:
    """Divide records where the topic or partition changes; a raw batch stays as it is."""
    runs: list[Any] = []
    run: list[Any] = []
    topic, partition = None, -1
    checked_type: type | None = None
    is_run = False
    for item in items:
        if type(item) is not checked_type:
            checked_type = type(item)
            is_run = hasattr(checked_type, "next_offset")
        if is_run:
            runs.append(item)
            topic, partition = None, -1
            continue
        if item.partition != partition or item.topic != topic:
            run = []
            runs.append(run)
            topic, partition = item.topic, item.partition
        run.append(item)
    return [RecordList(run) if isinstance(run, list) else run for run in runs]


def items_of(runs: Iterable[RecordRun]) -> list[Any]:
    """Return the records and raw batches of these runs: the inverse of `runs_of`."""
    items: list[Any] = []
    for run in runs:
        if isinstance(run, RecordList):
            items.extend(run.records())
        else:
            items.append(run)
    return items


def partition_of_run(run: RecordRun) -> TopicPartition:
    """Return the partition of a run."""
    return TopicPartition(run.topic, run.partition)
