"""Records whose handling met a bug of ours: bounded tries, then a dead letter, within a limit.

Tries and letters are counted in Postgres, so that a restart neither forgives nor forgets. When a
bug makes more letters per minute than the limit, the partition of the next failed record is blocked
instead: a bad version must not drain a topic into the dead letters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import structlog
from aiokafka import ConsumerRecord, TopicPartition

from shared.contracts.dead_letter import Reason
from shared.contracts.fields import cleaned
from shared.runtime.database import Database, Transaction
from shared.runtime.dead_letters import MOST_BUG_LETTERS
from shared.runtime.errors import BlockedPartition, Reject, Transient

log = structlog.get_logger("fenghuo.failed_records")

MOST_TRIES = 3
"""A record is a dead letter when so many tries have met a bug."""


class FailedRecords:
    """The failed records of one consumer group in the partitions of this process."""

    def __init__(self, database: Database, group: str) -> None:
        self._database = database
        self._group = group
        self._offsets: defaultdict[TopicPartition, set[int]] = defaultdict(set)

    def contains(self, record: ConsumerRecord) -> bool:
        """Return whether a record has failed and is not settled: it is handled by itself."""
        return record.offset in self._offsets.get(_partition(record), ())

    async def restore(self, transaction: Transaction, partitions: Iterable[TopicPartition]) -> None:
        """Load the failed records of these partitions."""
        assigned = set(partitions)
        rows = await transaction.connection.fetch(
            "SELECT topic, part, record_offset "  # noqa: S608 - our own names
            f"FROM {transaction.schema}.failed_record WHERE grp = $1",
            self._group,
        )
        for topic, part, offset in rows:
            partition = TopicPartition(topic, part)
            if partition in assigned:
                self._offsets[partition].add(offset)

    def release(self, partitions: Iterable[TopicPartition]) -> None:
        """Forget partitions that belong to another process."""
        for partition in partitions:
            self._offsets.pop(partition, None)

    async def note(self, record: ConsumerRecord, reject: Reject) -> None:
        """Note that a record has failed by itself; raises Transient while another try is due."""
        partition = _partition(record)
        async with self._database.transaction() as transaction:
            tries: int = await transaction.connection.fetchval(
                f"INSERT INTO {transaction.schema}.failed_record AS f "  # noqa: S608
                "(grp, topic, part, record_offset, tries, error) VALUES ($1, $2, $3, $4, 1, $5) "
                "ON CONFLICT (grp, topic, part, record_offset) DO UPDATE "
                "SET tries = f.tries + 1, error = EXCLUDED.error, failed_at = now() "
                "RETURNING tries",
                self._group,
                *partition,
                record.offset,
                cleaned(reject.detail),
            )
        self._offsets[partition].add(record.offset)
        if tries < MOST_TRIES:
            place = f"{record.topic}:{record.partition}@{record.offset}"
            raise Transient(f"try {tries} of {MOST_TRIES} of {place} has met a bug")

    async def settle(
        self, transaction: Transaction, records: Sequence[ConsumerRecord], refused: int
    ) -> None:
        """Delete the failed records among these, which are handled, or refused because of a bug.

        `refused` are the letters that name a bug. Raises BlockedPartition when these are too many.
        """
        failed = [record for record in records if self.contains(record)]
        if not failed:
            return
        if refused and not await self._has_room(transaction, refused):
            raise BlockedPartition(_partition(failed[0]), failed[0].offset)
        await transaction.connection.execute(
            f"DELETE FROM {transaction.schema}.failed_record AS f "  # noqa: S608 - our own names
            "USING unnest($2::text[], $3::int[], $4::bigint[]) AS s(topic, part, record_offset) "
            "WHERE f.grp = $1 AND f.topic = s.topic AND f.part = s.part "
            "AND f.record_offset = s.record_offset",
            self._group,
            [record.topic for record in failed],
            [record.partition for record in failed],
            [record.offset for record in failed],
        )

    def forget(self, records: Sequence[ConsumerRecord]) -> None:
        """Forget records whose transaction has committed."""
        for record in records:
            if offsets := self._offsets.get(_partition(record)):
                offsets.discard(record.offset)

    async def _has_room(self, transaction: Transaction, letters: int) -> bool:
        """Count letters of a minute; return False when there are too many of them."""
        count: int = await transaction.connection.fetchval(
            f"INSERT INTO {transaction.schema}.bug_letters AS c (reason, since, n) "  # noqa: S608
            "VALUES ($1, now(), $2) ON CONFLICT (reason) DO UPDATE SET "
            "n = EXCLUDED.n + CASE WHEN now() - c.since < '1 minute' THEN c.n ELSE 0 END, "
            "since = CASE WHEN now() - c.since < '1 minute' THEN c.since ELSE now() END "
            "RETURNING n",
            Reason.HANDLER_ERROR,
            letters,
        )
        return count <= MOST_BUG_LETTERS


def _partition(record: ConsumerRecord) -> TopicPartition:
    return TopicPartition(record.topic, record.partition)
