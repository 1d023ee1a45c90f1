"""The tables of the inbox: the stored offset of each partition, and the handled event ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from aiokafka import TopicPartition

from shared.contracts.dead_letter import REPLAY_HEADER, Reason
from shared.contracts.fields import cleaned
from shared.runtime.database import Transaction
from shared.runtime.errors import LostOwnership, Reject
from shared.runtime.inbound_messages import DecodedRecord, is_of_canary
from shared.runtime.stored_offsets import StoredOffset

EventKey = tuple[str, str]
"""A topic and an event id."""
RefusedMessage = tuple[DecodedRecord, Reject]


class NewRecords(NamedTuple):
    """Records with a new event id, repeats with the same content, conflicts of content.

    `refused` are repeats of a refused message, with its refusal.
    """

    new: list[DecodedRecord]
    repeats: list[DecodedRecord]
    conflicts: list[DecodedRecord]
    refused: list[RefusedMessage]


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


async def load_offsets(transaction: Transaction, group: str) -> dict[TopicPartition, StoredOffset]:
    """Return the stored offsets of a group, whichever process owns the partition."""
    rows = await transaction.connection.fetch(
        "SELECT topic, part, next_offset, last_hash "  # noqa: S608 - our own names
        f"FROM {transaction.schema}.consumer_offset WHERE grp = $1",
        group,
    )
    return {TopicPartition(topic, part): StoredOffset(*offset) for topic, part, *offset in rows}


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
    for record in records:
        first_of_key.setdefault(key_of(record), record)
    if not first_of_key:
        return NewRecords([], [], [], [])
    rows = await transaction.connection.fetch(
        f"INSERT INTO {transaction.schema}.inbox "  # noqa: S608
        "(topic, event_id, body_hash, of_canary) "
        "SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::boolean[]) "
        "ON CONFLICT (event_id, topic) DO NOTHING RETURNING topic, event_id",
        *_columns(first_of_key),
        [record.digest for record in first_of_key.values()],
        [is_of_canary(record.message) for record in first_of_key.values()],
    )
    new_keys = {(row[0], row[1]) for row in rows}
    known_keys = [key for key in first_of_key if key not in new_keys]
    digests: dict[EventKey, bytes] = {}
    refusals: dict[EventKey, Reject] = {}
    if known_keys:
        rows = await transaction.connection.fetch(
            "SELECT topic, event_id, body_hash, refused_for, refused_detail "  # noqa: S608
            f"FROM {transaction.schema}.inbox "
            "JOIN unnest($1::text[], $2::text[]) AS s(topic, event_id) USING (topic, event_id)",
            *_columns(known_keys),
        )
        digests = {(row[0], row[1]): row[2] for row in rows}
        refusals = {(row[0], row[1]): Reject(Reason(row[3]), row[4]) for row in rows if row[3]}
    result = NewRecords([], [], [], [])
    new = {key: first_of_key[key] for key in new_keys}
    for record in records:
        key = key_of(record)
        if new.get(key) is record:
            continue
        if key in refusals and _is_replay(record):
            del refusals[key]
            digests[key] = record.digest
            new[key] = record
        elif record.digest != digests.get(key, first_of_key[key].digest):
            result.conflicts.append(record)
        elif key in refusals:
            result.refused.append((record, refusals[key]))
        else:
            result.repeats.append(record)
    await _replace_refused(transaction, [new[key] for key in new.keys() - new_keys])
    result.new.extend(record for record in records if new.get(key_of(record)) is record)
    return result


def _is_replay(decoded: DecodedRecord) -> bool:
    """Return whether a person has sent a refused record again, perhaps with a corrected body.

    The record is decided again, and its body is the body of the id from then on.
    """
    return any(name == REPLAY_HEADER for name, _ in decoded.record.headers)


async def _replace_refused(transaction: Transaction, records: Sequence[DecodedRecord]) -> None:
    """Store the bodies of replayed records, whose ids are refused no longer."""
    if records:
        await transaction.connection.execute(
            f"UPDATE {transaction.schema}.inbox AS i "  # noqa: S608 - our own names
            "SET refused_for = NULL, refused_detail = NULL, body_hash = r.body_hash "
            "FROM unnest($1::text[], $2::text[], $3::bytea[]) AS r(topic, event_id, body_hash) "
            "WHERE i.topic = r.topic AND i.event_id = r.event_id",
            *_columns(key_of(record) for record in records),
            [record.digest for record in records],
        )


async def save_refusals(transaction: Transaction, refused: Sequence[RefusedMessage]) -> None:
    """Store the refusal of each of these messages beside its event id."""
    if refused:
        await transaction.connection.execute(
            f"UPDATE {transaction.schema}.inbox AS i "  # noqa: S608 - our own names
            "SET refused_for = r.reason, refused_detail = r.detail "
            "FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) "
            "AS r(topic, event_id, reason, detail) "
            "WHERE i.topic = r.topic AND i.event_id = r.event_id",
            *_columns(key_of(record) for record, _ in refused),
            [reject.reason for _, reject in refused],
            [cleaned(reject.detail) for _, reject in refused],
        )


async def delete_ids(transaction: Transaction, records: Sequence[DecodedRecord]) -> None:
    """Delete the event ids of these records, which are new the next time."""
    if records:
        await transaction.connection.execute(
            f"DELETE FROM {transaction.schema}.inbox AS i "  # noqa: S608 - our own names
            "USING unnest($1::text[], $2::text[]) AS r(topic, event_id) "
            "WHERE i.topic = r.topic AND i.event_id = r.event_id",
            *_columns(key_of(record) for record in records),
        )


def key_of(record: DecodedRecord) -> EventKey:
    """Return the topic and the event id of a record."""
    return record.record.topic, record.message.id


def _columns(keys: Iterable[EventKey]) -> tuple[list[str], list[str]]:
    """Return the topics and the ids."""
    pairs = list(keys)
    return [topic for topic, _ in pairs], [event_id for _, event_id in pairs]
