"""The records that the dead letters of the last two days name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from services.audit.core.conservation.audited_record import Partition
from services.audit.core.conservation.provenance import SuspectRecord
from shared.runtime.database import Transaction

DeadLetterKey = tuple[str, int, int, str]
"""Topic, partition and offset of the refused record, and the service that refuses it."""


async def save(transaction: Transaction, letters: Iterable[DeadLetterKey]) -> list[DeadLetterKey]:
    """Store dead letters and return the new ones."""
    rows = sorted(set(letters))
    if not rows:
        return []
    new = await transaction.connection.fetch(
        "INSERT INTO audit.dead_letter (topic, part, record_offset, service) "
        "SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::text[]) "
        "ON CONFLICT DO NOTHING RETURNING topic, part, record_offset, service",
        *(list(column) for column in zip(*rows, strict=True)),
    )
    return sorted((row[0], row[1], row[2], row[3]) for row in new)


async def load_refused_offsets(
    transaction: Transaction, ranges: Mapping[Partition, tuple[int, int]]
) -> dict[tuple[str, Partition], set[int]]:
    """Return the refused offsets within [low, high) of each partition, by service and partition."""
    if not ranges:
        return {}
    rows = await transaction.connection.fetch(
        "SELECT l.topic, l.part, l.record_offset, l.service FROM audit.dead_letter AS l "
        "JOIN unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[]) "
        "AS r (topic, part, low, high) ON l.topic = r.topic AND l.part = r.part "
        "AND l.record_offset >= r.low AND l.record_offset < r.high",
        [topic for topic, _ in ranges],
        [part for _, part in ranges],
        [low for low, _ in ranges.values()],
        [high for _, high in ranges.values()],
    )
    offsets: dict[tuple[str, Partition], set[int]] = {}
    for row in rows:
        key = (row["service"], (row["topic"], row["part"]))
        offsets.setdefault(key, set()).add(row["record_offset"])
    return offsets


async def load_refusing_services(
    transaction: Transaction, suspects: Sequence[SuspectRecord]
) -> dict[tuple[Partition, int], set[str]]:
    """Return the services whose dead letters name these records, by partition and offset."""
    rows = await transaction.connection.fetch(
        "SELECT l.topic, l.part, l.record_offset, l.service FROM audit.dead_letter AS l "
        "JOIN unnest($1::text[], $2::int[], $3::bigint[]) AS s (topic, part, record_offset) "
        "USING (topic, part, record_offset)",
        [suspect.partition[0] for suspect in suspects],
        [suspect.partition[1] for suspect in suspects],
        [suspect.offset for suspect in suspects],
    )
    services: dict[tuple[Partition, int], set[str]] = {}
    for row in rows:
        key = ((row["topic"], row["part"]), row["record_offset"])
        services.setdefault(key, set()).add(row["service"])
    return services
