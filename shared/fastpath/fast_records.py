"""The record reader of a service that has opted in: compiled, with raw batches on request."""

from __future__ import annotations

from functools import partial
from typing import Any

from aiokafka import TopicPartition

from shared.fastpath.loader import form
from shared.fastpath.raw_batches import next_raw_batches
from shared.runtime.fetching.batch_reader import BatchReader
from shared.runtime.fetching.normal_batches import NormalBatches
from shared.runtime.fetching.partition_records import OrdinaryRecords, RecordReader


class FastRecords:
    """PartitionRecords read by `BatchReader`, as records or as raw batches.

    With `raw_batch_records` each call of `read` returns one `RawBatches` with so many records or a
    few more, whatever its limit is; 0 = records.
    """

    def __init__(
        self,
        partition: TopicPartition,
        batches: NormalBatches,
        begin: int,
        check: bool,
        *,
        raw_batch_records: int = 0,
    ) -> None:
        self.batches = batches
        self._reader = BatchReader(partition.topic, partition.partition, batches.raw, begin, check)
        self._raw_batch_records = raw_batch_records

    def read(self, limit: int) -> tuple[list[Any], bool]:
        """Return at most `limit` records, or one RawBatches, and whether there may be more."""
        if not self._raw_batch_records:
            records = self._reader.read(limit)
            return records, len(records) == limit
        batches = next_raw_batches(self._reader, self._raw_batch_records)
        return ([batches], True) if batches is not None else ([], False)

    @property
    def next_fetch_offset(self) -> int:
        """The offset after the last record that was returned."""
        return self._reader.next_offset


def fast_reader(raw_batch_records: int = 0) -> RecordReader:
    """Return the reader for `Platform.consume`: compiled, or the ordinary one in a plain process.

    Where nothing is compiled aiokafka's reader is faster, so a service gets ordinary records then.
    """
    if form() == "plain":
        return OrdinaryRecords
    return partial(FastRecords, raw_batch_records=raw_batch_records)
