"""The tables of the inbox: the stored offset of each partition, and the handled event ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from aiokafka import TopicPartition

from shared.runtime.database import Transaction
from shared.runtime.errors import LostOwnership
from shared.runtime.inbound_messages import DecodedRecord
from shared.runtime.stored_offsets import StoredOffset

EventKey = tuple[str, str]
"""A topic and an event id."""


class NewRecords(NamedTuple):
    """Records whose event id is new; repeats with the same content; ids that came with another."""

    new: list[DecodedRecord]
    repeats: list[DecodedRecord]
    conflicts: list[DecodedRecord]


async def load_offset(
    transaction: Transaction, group: str, partition: TopicPartition
) -> StoredOffset:
    """Return the stored offset of a partition; a new partition gets a row with 0."""
    row = await transaction.connection.fetchrow(
        f"INSERT INTO {transaction.schema}.consumer_offset "  # noqa: S608 - our own names
        "(grp, topic, part, next_offset) VALUES ($1, $2, $3, 0) ON CONFLICT (grp, topic, part) "
        "DO UPDATE SET grp = EXCLUDED.grp RETURNING next_offset, last_hash",
        group,
        partition.topic,
        partition.partition,
    )
    assert row is not None
    return StoredOffset(*row)


async def load_offsets(transaction: Transaction, group: str) -> dict[TopicPartition, int]:
    """Return the stored next offsets of a group, whichever process owns the partition."""
    rows = await transaction.connection.fetch(
        "SELECT topic, part, next_offset "  # noqa: S608 - our own names
        f"FROM {transaction.schema}.consumer_offset WHERE grp = $1",
        group,
    )
    return {TopicPartition(topic, part): offset for topic, part, offset in rows}


async def advance_offsets(
    transaction: Transaction,
    group: str,
    stored: Mapping[TopicPartition, StoredOffset],
    ends: Mapping[TopicPartition, StoredOffset],
) -> None:
    """Move the offsets from `stored` to `ends`; raises LostOwnership where another is stored.

    A row is also written where the two are equal, so that a stale owner changes nothing.
    """
    moved = await transaction.connection.fetch(
        f"UPDATE {transaction.schema}.consumer_offset AS o "  # noqa: S608 - our own names
        "SET next_offset = n.next_offset, last_hash = n.last_hash "
        "FROM unnest($2::text[], $3::int[], $4::bigint[], $5::text[], $6::bigint[]) "
        "AS n(topic, part, next_offset, last_hash, stored) WHERE o.grp = $1 AND o.topic = n.topic "
        "AND o.part = n.part AND o.next_offset = n.stored RETURNING o.topic, o.part",
        group,
        [partition.topic for partition in ends],
        [partition.partition for partition in ends],
        [end.next_offset for end in ends.values()],
        [end.fingerprint for end in ends.values()],
        [stored[partition].next_offset for partition in ends],
    )
    for partition in ends.keys() - {TopicPartition(*row) for row in moved}:
        raise LostOwnership(f"{partition} is no longer at {stored[partition].next_offset}")


async def insert_new(transaction: Transaction, records: Sequence[DecodedRecord]) -> NewRecords:
    """Insert the event ids and sort the records into new ones, repeats and conflicts."""
    first_of_key: dict[EventKey, DecodedRecord] = {}
    repeated = [
        record for record in records if first_of_key.setdefault(_key(record), record) is not record
    ]
    if not first_of_key:
        return NewRecords([], [], [])
    rows = await transaction.connection.fetch(
        f"INSERT INTO {transaction.schema}.inbox (topic, event_id, body_hash) "  # noqa: S608
        "SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[]) "
        "ON CONFLICT (event_id, topic) DO NOTHING RETURNING topic, event_id",
        *_columns(first_of_key),
        [record.digest for record in first_of_key.values()],
    )
    new_keys = {(row[0], row[1]) for row in rows}
    known_keys = [key for key in first_of_key if key not in new_keys]
    digests: dict[EventKey, bytes] = {}
    if known_keys:
        rows = await transaction.connection.fetch(
            f"SELECT topic, event_id, body_hash FROM {transaction.schema}.inbox "  # noqa: S608
            "JOIN unnest($1::text[], $2::text[]) AS s(topic, event_id) USING (topic, event_id)",
            *_columns(known_keys),
        )
        digests = {(row[0], row[1]): row[2] for row in rows}
        repeated += [first_of_key[key] for key in known_keys]
    repeats: list[DecodedRecord] = []
    conflicts: list[DecodedRecord] = []
    for record in repeated:
        key = _key(record)
        equal = record.digest == digests.get(key, first_of_key[key].digest)
        (repeats if equal else conflicts).append(record)
    new = [record for key, record in first_of_key.items() if key in new_keys]
    return NewRecords(new, repeats, conflicts)


def _key(record: DecodedRecord) -> EventKey:
    return record.record.topic, record.message.id


def _columns(keys: Iterable[EventKey]) -> tuple[list[str], list[str]]:
    """Return the topics and the ids."""
    pairs = list(keys)
    return [topic for topic, _ in pairs], [event_id for _, event_id in pairs]
