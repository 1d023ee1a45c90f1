"""Ends a process whose tables no longer follow their topics: a stuck roster pages yesterday's
officer.

The ends come from a client beside the tables. A restart reads each table from the beginning, so it
also helps where a topic was cut off or created anew.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

import structlog
from aiokafka import TopicPartition

from shared.runtime.errors import Transient, exit_process
from shared.runtime.log_client import LogClient, LogRange
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.stored_offsets import StoredOffset, fingerprint
from shared.runtime.tables import CompactedTable

log = structlog.get_logger("fenghuo.tables")

ROUND_S = 5.0
STUCK_AFTER_S = 30.0
"""A table with more to fetch is stuck after so many seconds without progress."""
LONGEST_CHANGE_S = 300.0
"""The longest time for which a change may wait for its boundary, for example for a restore."""


class TableWatch:
    """Compares the tables of a process with the ends of their topics."""

    def __init__(
        self, client: LogClient, tables: Sequence[CompactedTable], metrics: RuntimeMetrics
    ) -> None:
        self._client = client
        self._tables = tables
        self._metrics = metrics
        self._signs: dict[TopicPartition, tuple[object, float]] = {}

    def ready(self) -> str | None:
        """Return None unless the partitions of a table are not all that its topic has."""
        return "; ".join(self._client.wrong_counts([table.spec for table in self._tables])) or None

    async def run(self) -> None:
        """Check every few seconds; for ever."""
        while True:
            await asyncio.sleep(ROUND_S)
            try:
                await self.check()
            except Transient as error:
                log.warning("tables_not_checked", error=str(error))

    async def check(self) -> None:
        """Check each partition once; raises Transient."""
        # Before the question: a table reads on while Kafka answers, beyond the end in the answer.
        applied = {
            partition: table.progress(partition).applied
            for table in self._tables
            for partition in table.partitions
        }
        last_records = {
            partition: last_record
            for table in self._tables
            for partition, last_record in table.last_records.items()
        }
        try:
            ranges = await self._client.ranges(applied)
        except Transient:
            # Where Kafka answers no other client either, a table can do nothing.
            self._signs.clear()
            raise
        await self._compare(last_records, ranges)
        for table in self._tables:
            lag = 0
            for partition in table.partitions:
                if partition not in ranges:
                    self._signs.pop(partition, None)
                    continue
                if applied[partition] > ranges[partition].end:
                    place = f"{partition.topic}:{partition.partition}"
                    exit_process(f"{place} ends before what its table has read: it is read anew")
                lag += self._check(table, partition, ranges[partition])
            self._metrics.lag.labels(table.name).set(lag)

    async def _compare(
        self,
        last_records: Mapping[TopicPartition, StoredOffset],
        ranges: Mapping[TopicPartition, LogRange],
    ) -> None:
        """End the process where a log holds another record than its table has read last.

        A topic that was created anew may have as many records as the one before. A record that
        compaction has removed is not compared. Raises Transient.
        """
        offsets = {
            partition: offset
            for partition, (next_offset, _) in last_records.items()
            if partition in ranges
            and ranges[partition].begin <= (offset := next_offset - 1) < ranges[partition].end
        }
        for partition, record in (await self._client.first_records(offsets)).items():
            is_same = fingerprint(record.value) == last_records[partition].fingerprint
            if record.offset == offsets[partition] and not is_same:
                place = f"{partition.topic}:{partition.partition}"
                exit_process(
                    f"{place} holds another record than its table has read: it is read anew"
                )

    def _check(self, table: CompactedTable, partition: TopicPartition, log_range: LogRange) -> int:
        progress = table.progress(partition)
        lag = max(0, log_range.end - progress.position)
        now = time.monotonic()
        sign, since = self._signs.get(partition, (None, now))
        if sign != progress or progress.is_unreadable or not (lag or progress.is_applying):
            self._signs[partition] = progress, now
            return lag
        limit_s = LONGEST_CHANGE_S if progress.is_applying else STUCK_AFTER_S
        if now - since > limit_s:
            place = f"{partition.topic}:{partition.partition}"
            exit_process(f"the table no longer follows {place}")
        return lag
