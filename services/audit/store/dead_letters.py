"""The records that the dead letters of the last two days name, and dead letters per minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from services.audit.core.conservation.audited_record import Partition
from services.audit.core.conservation.provenance import SuspectRecord
from services.audit.core.findings.snapshot import LetterRate
from shared.contracts.dead_letter import Reason
from shared.contracts.topics import TOPICS
from shared.runtime.database import Transaction

_SERVICES = frozenset(spec.owner for spec in TOPICS.values())
_UNKNOWN = "unknown"
"""Any other name in a letter: whoever writes letters must not make rows without end."""

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


async def count(
    transaction: Transaction, letters: Iterable[tuple[DeadLetterKey, Reason, datetime]]
) -> None:
    """Count new letters by topic, service, reason and minute; delete counts that are too old."""
    counts: Counter[tuple[str, str, str, datetime]] = Counter()
    for (topic, _, _, writer), reason, at in letters:
        service = writer if writer in _SERVICES else _UNKNOWN
        counts[topic, service, reason.value, at.replace(second=0, microsecond=0)] += 1
    if counts:
        await transaction.connection.execute(
            "INSERT INTO audit.letter_count (topic, service, reason, minute, letters) "
            "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], "
            "$5::bigint[]) ON CONFLICT (minute, topic, service, reason) "
            "DO UPDATE SET letters = letter_count.letters + EXCLUDED.letters",
            *(list(column) for column in zip(*sorted(counts), strict=True)),
            [counts[key] for key in sorted(counts)],
        )
        await transaction.connection.execute(
            "DELETE FROM audit.letter_count WHERE minute < now() - interval '26 hours'"
        )


async def load_rates(transaction: Transaction) -> tuple[LetterRate, ...]:
    """Return the rates of the letters that have come within the last five minutes."""
    rows = await transaction.connection.fetch(
        "SELECT c.service, c.topic, c.reason, c.letters::bigint AS recent, coalesce(("
        "  SELECT sum(b.letters) FROM audit.letter_count AS b WHERE b.service = c.service "
        "  AND b.topic = c.topic AND b.reason = c.reason "
        "  AND b.minute >= now() - interval '25 hours' AND b.minute < now() - interval '1 hour'"
        "), 0)::float8 / 288 AS usual "
        "FROM (SELECT service, topic, reason, sum(letters) AS letters FROM audit.letter_count "
        "WHERE minute > now() - interval '6 minutes' GROUP BY service, topic, reason) AS c "
        "ORDER BY c.service, c.topic, c.reason"
    )
    return tuple(LetterRate(*row) for row in rows)


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
