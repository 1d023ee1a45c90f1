"""Suspect records: stored until they are explained or have left their topic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple

import asyncpg

from services.audit.core.conservation.audited_record import AuditedRecord, Partition
from services.audit.core.conservation.provenance import RecordFlaw, SuspectGroup, SuspectRecord
from shared.runtime.database import Transaction

_SUSPECT = "topic, part, record_offset, service, flaw, event_id, body_hash, value_hash, found_at"
_DELETE = (
    "WITH deleted AS (DELETE FROM audit.suspect AS s USING {source} "
    "WHERE s.topic = c.topic AND s.part = c.part AND {condition} RETURNING s.*), "
    "lost AS (SELECT service, topic, part, count(*) AS n FROM deleted WHERE flaw = 'lost' "
    "GROUP BY service, topic, part) "
    "UPDATE audit.reader_progress AS p SET lost = p.lost - lost.n, "
    "unchecked = p.unchecked + lost.n FROM lost "
    "WHERE p.service = lost.service AND p.topic = lost.topic AND p.part = lost.part"
)


async def add(
    transaction: Transaction,
    partition: Partition,
    service: str,
    flaw: RecordFlaw,
    records: Sequence[AuditedRecord],
) -> None:
    """Store records with a flaw; an existing suspect stays unchanged."""
    if not records:
        return
    await transaction.connection.execute(
        "INSERT INTO audit.suspect "
        "(topic, part, service, flaw, record_offset, event_id, body_hash, value_hash) "
        "SELECT $1, $2, $3, $4, * FROM unnest($5::bigint[], $6::text[], $7::bytea[], $8::bytea[]) "
        "ON CONFLICT DO NOTHING",
        *partition,
        service,
        flaw,
        [record.offset for record in records],
        [record.event_id for record in records],
        [record.body_hash for record in records],
        [record.value_hash for record in records],
    )


async def load_oldest(
    transaction: Transaction, limit: int
) -> tuple[tuple[SuspectRecord, ...], tuple[SuspectGroup, ...]]:
    """Return the oldest suspects, at most `limit` of each flaw, topic and service.

    The groups are flaws, topics and services with more than `limit` suspects.
    """
    rows = await transaction.connection.fetch(
        f"SELECT * FROM (SELECT {_SUSPECT}, "  # noqa: S608
        "row_number() OVER (flaws ORDER BY found_at, part, record_offset) AS number, "
        "count(*) OVER flaws AS records FROM audit.suspect "
        "WINDOW flaws AS (PARTITION BY flaw, topic, service)) AS s WHERE number <= $1 "
        "ORDER BY found_at, topic, part, record_offset",
        limit,
    )
    groups = {
        SuspectGroup(row["topic"], row["service"], RecordFlaw(row["flaw"]), row["records"])
        for row in rows
        if row["records"] > limit
    }
    return tuple(_suspect(row) for row in rows), tuple(sorted(groups, key=astuple))


async def load_for_review(transaction: Transaction, limit: int) -> list[SuspectRecord]:
    """Return suspects that may be explained by now, the longest not reviewed first."""
    rows = await transaction.connection.fetch(
        "WITH due AS (SELECT ctid FROM audit.suspect WHERE flaw <> $2 "  # noqa: S608
        "ORDER BY reviewed_at, topic, part, record_offset, service LIMIT $1) "
        "UPDATE audit.suspect SET reviewed_at = clock_timestamp() "
        f"WHERE ctid = ANY(ARRAY(SELECT ctid FROM due)) RETURNING {_SUSPECT}",
        limit,
        RecordFlaw.UNDECODABLE,
    )
    return [_suspect(row) for row in rows]


async def load_partitions(transaction: Transaction) -> list[Partition]:
    """Return the partitions that have suspects."""
    rows = await transaction.connection.fetch("SELECT DISTINCT topic, part FROM audit.suspect")
    return [(row["topic"], row["part"]) for row in rows]


async def delete(transaction: Transaction, suspects: Sequence[SuspectRecord]) -> None:
    """Delete explained suspects; a lost record counts as unchecked from then on."""
    if not suspects:
        return
    await transaction.connection.execute(
        _DELETE.format(
            source="unnest($1::text[], $2::int[], $3::bigint[], $4::text[]) "
            "AS c (topic, part, record_offset, service)",
            condition="s.record_offset = c.record_offset AND s.service = c.service",
        ),
        [suspect.partition[0] for suspect in suspects],
        [suspect.partition[1] for suspect in suspects],
        [suspect.offset for suspect in suspects],
        [suspect.service for suspect in suspects],
    )


async def delete_below(transaction: Transaction, begin_offsets: Mapping[Partition, int]) -> None:
    """Delete suspects whose record has left the topic, counted as in `delete`."""
    await transaction.connection.execute(
        _DELETE.format(
            source="unnest($1::text[], $2::int[], $3::bigint[]) AS c (topic, part, begin)",
            condition="s.record_offset < c.begin",
        ),
        [topic for topic, _ in begin_offsets],
        [part for _, part in begin_offsets],
        list(begin_offsets.values()),
    )


def _suspect(row: asyncpg.Record) -> SuspectRecord:
    return SuspectRecord(
        (row["topic"], row["part"]),
        row["record_offset"],
        row["service"],
        RecordFlaw(row["flaw"]),
        row["event_id"],
        row["body_hash"],
        row["value_hash"],
        row["found_at"],
    )
