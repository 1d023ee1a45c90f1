"""Pattern (ii): one Postgres transaction per batch holds offset, dedupe, state, timers and outbox.

The stored offset is advanced by compare-and-set, so a stale owner's write fails as a whole; event ids
in the inbox make a repeat harmless wherever it comes from (docs/adr/0003).
So what is urgent may be applied before its turn: the offset stays, and when its turn comes it is known
(docs/adr/0016).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import msgspec
import structlog
from aiokafka import ConsumerRecord, TopicPartition

from shared.contracts.dead_letter import Reason
from shared.contracts.topics import TOPICS
from shared.runtime.database import Database, Transaction, is_environment
from shared.runtime.dead_letters import DeadLetters
from shared.runtime.decoding import decode
from shared.runtime.errors import LostOwnership, Reject, Transient
from shared.runtime.metrics import RuntimeMetrics

log = structlog.get_logger("fenghuo.inbox")


class Incoming(msgspec.Struct, frozen=True):
    """A fresh, decoded record. `accepted_ms` is Kafka's record time in ms since 1970. `early`: it has
    overtaken others, which are yet to come."""

    message: Any
    topic: str
    partition: int
    offset: int
    accepted_ms: int
    early: bool = False


@dataclass(frozen=True, slots=True)
class First:
    """Which messages go before their turn: those that `holds` says it of. The bytes of each of them
    contain one of `marks`, so that only few records are decoded to find them."""

    marks: tuple[bytes, ...]
    holds: Callable[[Any], bool]


Apply = Callable[[Transaction, Sequence[Incoming]], Awaitable[None]]
"""Handles fresh messages in order. Raise Reject for one that can never be handled: the batch is
rolled back and done again record by record, so that only the offender goes to the dead letters."""

Quick = Callable[[bytes], tuple[Any, bytes] | None]
"""Reads a value of the plainest form: what is in it, as good as its contract's model, and `body_digest` of
that; None when it is not plain, and the contract has to say what it is."""

Refused = list[tuple[ConsumerRecord, Reject]]
Read = tuple[ConsumerRecord, Any, bytes]
"""A record, what is in it, and the digest of that."""
_RESENT = {"sent_at", "trace_id"}
_READ_AT_ONCE = 50
"""Records read before the transaction beside gets its turn: half a millisecond."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """Records of one transaction: what is in those that could be decoded, with its digest."""

    records: Sequence[ConsumerRecord]
    read: Sequence[Read]
    refused: Refused


@dataclass(frozen=True, slots=True)
class _Turn:
    """A batch on its way. `entered`: its ids are in the inbox, or it has failed."""

    task: asyncio.Task[None]
    entered: asyncio.Event


class InboxWorker:
    """A Worker (shared.runtime.batches) whose state is Postgres."""

    def __init__(
        self,
        database: Database,
        group: str,
        apply: Apply,
        dead_letters: DeadLetters,
        metrics: RuntimeMetrics,
        *,
        piece: int = 10_000,
        first: First | None = None,
        quick: Mapping[str, Quick] | None = None,
    ) -> None:
        self._first = first
        self._quick = quick or {}
        self._database = database
        self._piece = piece
        self._group = group
        self._apply = apply
        self._dead_letters = dead_letters
        self._metrics = metrics
        self._stored: dict[TopicPartition, int] = {}
        self._early: dict[TopicPartition, set[int]] = defaultdict(set)

    async def restore(self, assigned: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The stored next offset of each partition; a row is made for a new one."""
        schema = self._database.schema
        async with self._database.transaction() as work:
            for partition in assigned:
                self._stored[partition] = await work.connection.fetchval(
                    f"INSERT INTO {schema}.consumer_offset (grp, topic, part, next_offset) "  # noqa: S608
                    "VALUES ($1, $2, $3, 0) ON CONFLICT (grp, topic, part) "
                    "DO UPDATE SET grp = EXCLUDED.grp RETURNING next_offset",
                    self._group,
                    partition.topic,
                    partition.partition,
                )
        return {tp: offset for tp, offset in self._stored.items() if tp in assigned and offset > 0}

    async def release(self, revoked: Sequence[TopicPartition]) -> None:
        """Everything is in the database already."""
        for partition in revoked:
            self._stored.pop(partition, None)
            self._early.pop(partition, None)

    def urgent(self, record: ConsumerRecord) -> bool:
        """Whether a record is to go before its turn."""
        first, value = self._first, record.value
        if first is None or value is None or not any(mark in value for mark in first.marks):
            return False
        try:
            return first.holds(decode(TOPICS[record.topic].model, record))
        except Reject:
            return False

    async def overtake(self, records: list[ConsumerRecord]) -> None:
        """Apply these before their turn and leave the offsets. What is refused waits for its turn."""
        batch = await self._read(records)
        if not batch.read:
            return
        try:
            await self._apply_early(batch.read)
        except _Spoilt as spoilt:
            log.warning("overtaking_halved", records=len(batch.read), error=str(spoilt))
            sound = [record for record, _, _ in batch.read]
            if len(sound) > 1:
                middle = len(sound) // 2
                await self.overtake(sound[:middle])
                await self.overtake(sound[middle:])

    async def handle(self, records: list[ConsumerRecord]) -> None:
        """Apply records in order, `piece` of them a transaction, the next of which is begun beside it.

        Beside it, records are read and their ids put into the inbox, no more; all else waits until the one
        before has committed, and falls with one that failed. The records are then given once more.
        """
        todo = [record for record in records if record.offset >= self._stored[_partition(record)]]
        pieces = [todo[at : at + self._piece] for at in range(0, len(todo), self._piece)]
        turn, ahead = (self._begin(pieces[0]) if pieces else None), None
        try:
            for piece, following in zip(pieces, [*pieces[1:], None], strict=True):
                assert turn is not None
                ahead = self._begin(following, turn) if following else None
                try:
                    await turn.task
                except _Spoilt as spoilt:
                    # Ids that are in both would make the halves wait for what waits for them.
                    await _given_up(ahead)
                    await self._halve(piece, spoilt)
                    ahead = self._begin(following) if following else None
                turn, ahead = ahead, None
        finally:
            await _given_up(turn, ahead)

    def _begin(self, records: Sequence[ConsumerRecord], before: _Turn | None = None) -> _Turn:
        entered = asyncio.Event()
        work = self._read_and_transact(records, before, entered)
        return _Turn(asyncio.create_task(work), entered)

    async def _read_and_transact(
        self, records: Sequence[ConsumerRecord], before: _Turn | None, entered: asyncio.Event
    ) -> None:
        try:
            await self._transact(await self._read(records), before, entered)
        finally:
            entered.set()

    async def _halve(self, records: Sequence[ConsumerRecord], spoilt: _Spoilt) -> None:
        """Apply one half after the other, until the record that spoils them is alone."""
        alone = len(records) == 1
        if alone and not spoilt.raced:
            await self._transact(_Batch(records, [], [(records[0], spoilt.reject)]))
            return
        log.warning("batch_halved", records=len(records), error=str(spoilt))
        middle = len(records) // 2
        for half in (records,) if alone else (records[:middle], records[middle:]):
            try:
                await self._transact(await self._read(half))
            except _Spoilt as again:
                again.raced = again.raced and not alone
                await self._halve(half, again)

    async def _read(self, records: Sequence[ConsumerRecord]) -> _Batch:
        """Decode records, in turns with whatever else there is to do: it needs nothing but time."""
        read: list[Read] = []
        refused: Refused = []
        for number, record in enumerate(records, 1):
            reader = self._quick.get(record.topic)
            plain = reader(record.value) if reader is not None and record.value else None
            if plain is not None:
                read.append((record, *plain))
            else:
                try:
                    message = decode(TOPICS[record.topic].model, record)
                    read.append((record, message, body_digest(message)))
                except Reject as why:
                    refused.append((record, why))
            if number % _READ_AT_ONCE == 0:
                await self._database.right_of_way.free()
        return _Batch(records, read, refused)

    async def _transact(
        self, batch: _Batch, before: _Turn | None = None, entered: asyncio.Event | None = None
    ) -> None:
        """Apply a batch as one transaction, once the one `before` it has committed."""
        refused = list(batch.refused)
        ends = {_partition(record): record.offset + 1 for record in batch.records}
        if before is not None:
            await before.entered.wait()
        async with self._database.transaction() as work:
            fresh = await self._fresh(work, self._in_turn(batch.read), refused)
            if entered is not None:
                entered.set()
            if before is not None:
                await work.wait_for(asyncio.wait({before.task}))
                before.task.result()
                await work.is_now()
            await self._advance(work, ends)
            await self._apply_fresh(work, fresh)
            # Before the commit: were they sent after it, a crash between would lose them.
            if refused:
                await work.wait_for(self._dead_letters.send(refused))
        self._stored.update(ends)
        for partition, end in ends.items():
            if early := self._early.get(partition):
                self._early[partition] = {one for one in early if one >= end}
        bugs = sum(why.reason is Reason.HANDLER_ERROR for _, why in refused)
        self._dead_letters.account(len(batch.records), bugs)

    async def _apply_early(self, read: Sequence[Read]) -> None:
        refused: Refused = []
        partitions = {_partition(record) for record, _, _ in read}
        async with self._database.transaction() as work:
            await self._advance(
                work, {partition: self._stored[partition] for partition in sorted(partitions)}
            )
            fresh = await self._fresh(work, read, refused)
            await self._apply_fresh(
                work, [msgspec.structs.replace(incoming, early=True) for incoming in fresh]
            )
        later = {id(record) for record, _ in refused}
        for record, _, _ in read:
            if id(record) not in later:
                self._early[_partition(record)].add(record.offset)
                self._metrics.early.labels(record.topic).inc()

    def _in_turn(self, read: Sequence[Read]) -> Sequence[Read]:
        """Without those that have been applied before their turn."""
        if not any(self._early.values()):
            return read
        return [one for one in read if one[0].offset not in self._early[_partition(one[0])]]

    async def _apply_fresh(self, work: Transaction, fresh: Sequence[Incoming]) -> None:
        if not fresh:
            return
        try:
            await self._apply(work, fresh)
            # What cannot be queued is the fault of the records that it follows from.
            await work.flush()
        except Reject as why:
            raise _Spoilt(why) from why
        except (Transient, LostOwnership):
            raise
        except Exception as bug:
            if is_environment(bug):
                raise
            log.exception("handler_error", records=len(fresh))
            raise _Spoilt(
                Reject(Reason.HANDLER_ERROR, repr(bug)),
                raced=isinstance(bug, asyncpg.IntegrityConstraintViolationError),
            ) from bug

    async def _advance(self, work: Transaction, ends: Mapping[TopicPartition, int]) -> None:
        """Move the offsets from where they were stored to `ends`; also where that is the same, so that
        a stale owner changes nothing."""
        moved = await work.connection.fetch(
            f"UPDATE {work.schema}.consumer_offset AS o SET next_offset = n.next_offset "  # noqa: S608
            "FROM unnest($2::text[], $3::int[], $4::bigint[], $5::bigint[]) "
            "AS n(topic, part, next_offset, stored) WHERE o.grp = $1 AND o.topic = n.topic "
            "AND o.part = n.part AND o.next_offset = n.stored RETURNING o.topic, o.part",
            self._group,
            [partition.topic for partition in ends],
            [partition.partition for partition in ends],
            list(ends.values()),
            [self._stored[partition] for partition in ends],
        )
        for partition in ends.keys() - {TopicPartition(*row) for row in moved}:
            raise LostOwnership(f"{partition} is no longer at {self._stored[partition]}")

    async def _fresh(
        self, work: Transaction, read: Sequence[Read], refused: Refused
    ) -> list[Incoming]:
        """Drop repeats; an id of the topic seen with another body is a conflict, each copy of it."""
        first: dict[tuple[str, str], Read] = {}
        known = [one for one in read if first.setdefault((one[0].topic, one[1].id), one) is not one]
        if not first:
            return []
        new = await work.connection.fetch(
            f"INSERT INTO {work.schema}.inbox (topic, event_id, body_hash) "  # noqa: S608
            "SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[]) "
            "ON CONFLICT (event_id, topic) DO NOTHING RETURNING topic, event_id",
            *_columns(first),
            [digest for _, _, digest in first.values()],
        )
        fresh = {(row[0], row[1]) for row in new}
        seen = [key for key in first if key not in fresh]
        bodies: dict[tuple[str, str], bytes] = {}
        if seen:
            rows = await work.connection.fetch(
                f"SELECT topic, event_id, body_hash FROM {work.schema}.inbox "  # noqa: S608
                "JOIN unnest($1::text[], $2::text[]) AS s(topic, event_id) USING (topic, event_id)",
                *_columns(seen),
            )
            bodies = {(row[0], row[1]): row[2] for row in rows}
            known += [first[key] for key in seen]
        for record, message, digest in known:
            key = record.topic, message.id
            if digest != bodies.get(key, first[key][2]):
                refused.append((record, _conflict(message.id)))
            else:
                self._metrics.duplicates.labels(record.topic).inc()
        return [
            Incoming(message, record.topic, record.partition, record.offset, record.timestamp)
            for key, (record, message, _) in first.items()
            if key in fresh
        ]


class _Spoilt(Exception):
    """The transaction is rolled back because of one record; `raced`: perhaps because of another
    transaction, which is over now, so that it is worth another try."""

    def __init__(self, reject: Reject, *, raced: bool = False) -> None:
        super().__init__(str(reject))
        self.reject = reject
        self.raced = raced


async def _given_up(*turns: _Turn | None) -> None:
    """Let what has been begun and is not wanted fall; one that is done stays as it is."""
    tasks = [turn.task for turn in turns if turn is not None]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _columns(keys: Iterable[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """Topics and ids."""
    pairs = list(keys)
    return [topic for topic, _ in pairs], [event_id for _, event_id in pairs]


def _partition(record: ConsumerRecord) -> TopicPartition:
    return TopicPartition(record.topic, record.partition)


def body_digest(message: Any) -> bytes:
    """Hash of a message without what a re-send may change: the time of sending, the trace id."""
    raw = message.__pydantic_serializer__.to_json(message, exclude=_RESENT, exclude_none=True)
    return hashlib.sha256(raw).digest()[:16]


def _conflict(event_id: str) -> Reject:
    return Reject(Reason.ID_CONFLICT, f"id {event_id} was seen before with another body")
