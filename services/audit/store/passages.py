"""The SQL of conservation: where readers stand, what they remember, and the auditor's own books of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, fields
from datetime import datetime, timedelta

import asyncpg

from services.audit.core.conservation import Fact, Passage, Place
from services.audit.core.provenance import Crowd, Flaw, Suspect
from services.audit.store.queries import SERVICES
from shared.runtime.database import Transaction

_COLUMNS = tuple("ends_at" if field.name == "end" else field.name for field in fields(Passage))
_TYPES = ("text", "text", "int", *("bigint",) * (len(_COLUMNS) - 3))


async def stored_offsets(work: Transaction) -> dict[tuple[str, Place], int]:
    """Where every service with an inbox stands."""
    union = " UNION ALL ".join(
        f"SELECT '{SERVICE}' AS service, topic, part, next_offset FROM {SERVICE}.consumer_offset"  # noqa: S608
        for SERVICE in SERVICES
    )
    rows = await work.connection.fetch(union)
    return {(r["service"], (r["topic"], r["part"])): r["next_offset"] for r in rows}


async def unpublished(work: Transaction) -> dict[str, datetime]:
    """When the oldest outbox row of each service that has one was made."""
    union = " UNION ALL ".join(
        f"SELECT '{SERVICE}' AS service, min(created_at) AS oldest FROM {SERVICE}.outbox"  # noqa: S608
        for SERVICE in SERVICES
    )
    rows = await work.connection.fetch(union)
    return {row["service"]: row["oldest"] for row in rows if row["oldest"] is not None}


async def load(work: Transaction) -> dict[tuple[str, Place], Passage]:
    """All passages."""
    rows = await work.connection.fetch(f"SELECT {', '.join(_COLUMNS)} FROM audit.passage")  # noqa: S608
    passages = [Passage(*row.values()) for row in rows]
    return {(passage.service, passage.place): passage for passage in passages}


async def save(work: Transaction, passages: Sequence[Passage]) -> None:
    """Write these passages; one statement."""
    if not passages:
        return
    sets = ", ".join(f"{COLUMN} = EXCLUDED.{COLUMN}" for COLUMN in _COLUMNS[4:])
    arrays = ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(_TYPES, 1))
    await work.connection.execute(
        f"INSERT INTO audit.passage ({', '.join(_COLUMNS)}) SELECT * FROM unnest({arrays}) "  # noqa: S608
        f"ON CONFLICT (service, topic, part) DO UPDATE SET {sets}",
        *(list(column) for column in zip(*map(astuple, passages), strict=True)),
    )


async def followed(work: Transaction) -> dict[Place, int]:
    """Up to where records have been judged by their origin."""
    rows = await work.connection.fetch("SELECT topic, part, next_offset FROM audit.followed")
    return {(row["topic"], row["part"]): row["next_offset"] for row in rows}


async def follow(work: Transaction, reached: Mapping[Place, int]) -> None:
    """Move on."""
    if not reached:
        return
    await work.connection.execute(
        "INSERT INTO audit.followed SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[]) "
        "ON CONFLICT (topic, part) DO UPDATE SET next_offset = EXCLUDED.next_offset",
        [topic for topic, _ in reached],
        [part for _, part in reached],
        list(reached.values()),
    )


async def remembered(
    work: Transaction, service: str, event_ids: Sequence[str]
) -> dict[str, dict[str, bytes]]:
    """Body by topic and id in a service's inbox."""
    rows = await work.connection.fetch(
        f"SELECT topic, event_id, body_hash FROM {service}.inbox "  # noqa: S608
        "WHERE event_id = ANY($1::text[])",
        list(event_ids),
    )
    results: dict[str, dict[str, bytes]] = {}
    for row in rows:
        results.setdefault(row["topic"], {})[row["event_id"]] = row["body_hash"]
    return results


async def acts(work: Transaction, event_ids: Sequence[str]) -> dict[str, bytes]:
    """Hash of the bytes by id of people's acts, as the console first recorded them."""
    rows = await work.connection.fetch(
        "SELECT id, sha256(value) AS wire FROM console.action WHERE id = ANY($1::text[])",
        list(event_ids),
    )
    return {row["id"]: row["wire"] for row in rows}


Letter = tuple[str, int, int, str]
"""Topic, partition and offset of the record that a dead letter refuses, and the service that does."""


async def keep_letters(work: Transaction, letters: Iterable[Letter]) -> list[Letter]:
    """Keep dead letters, those that are new are returned; forget those of two days ago."""
    rows = sorted(set(letters))
    if not rows:
        return []
    new = await work.connection.fetch(
        "INSERT INTO audit.letter (topic, part, record_offset, service) "
        "SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::text[]) "
        "ON CONFLICT DO NOTHING RETURNING topic, part, record_offset, service",
        *(list(column) for column in zip(*rows, strict=True)),
    )
    await work.connection.execute(
        "DELETE FROM audit.letter WHERE seen_at < now() - interval '2 days'"
    )
    return sorted((row[0], row[1], row[2], row[3]) for row in new)


async def letters(
    work: Transaction, ranges: Mapping[Place, tuple[int, int]]
) -> dict[tuple[str, Place], set[int]]:
    """Offsets that dead letters name, by service and place, within [low, high) of each place."""
    if not ranges:
        return {}
    rows = await work.connection.fetch(
        "SELECT l.topic, l.part, l.record_offset, l.service FROM audit.letter AS l "
        "JOIN unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[]) "
        "AS r (topic, part, low, high) ON l.topic = r.topic AND l.part = r.part "
        "AND l.record_offset >= r.low AND l.record_offset < r.high",
        [topic for topic, _ in ranges],
        [part for _, part in ranges],
        [low for low, _ in ranges.values()],
        [high for _, high in ranges.values()],
    )
    results: dict[tuple[str, Place], set[int]] = {}
    for row in rows:
        key = (row["service"], (row["topic"], row["part"]))
        results.setdefault(key, set()).add(row["record_offset"])
    return results


async def refused(
    work: Transaction, suspected: Sequence[Suspect]
) -> dict[tuple[Place, int], set[str]]:
    """The services whose dead letters name these records."""
    rows = await work.connection.fetch(
        "SELECT l.topic, l.part, l.record_offset, l.service FROM audit.letter AS l "
        "JOIN unnest($1::text[], $2::int[], $3::bigint[]) AS s (topic, part, record_offset) "
        "USING (topic, part, record_offset)",
        [one.place[0] for one in suspected],
        [one.place[1] for one in suspected],
        [one.offset for one in suspected],
    )
    results: dict[tuple[Place, int], set[str]] = {}
    for row in rows:
        key = ((row["topic"], row["part"]), row["record_offset"])
        results.setdefault(key, set()).add(row["service"])
    return results


async def suspect(
    work: Transaction, place: Place, service: str, flaw: Flaw, facts: Sequence[Fact]
) -> None:
    """Keep records that are not as they should be; one that is known already stays as it is."""
    if not facts:
        return
    await work.connection.execute(
        "INSERT INTO audit.suspect "
        "(topic, part, service, flaw, record_offset, event_id, digest, wire) "
        "SELECT $1, $2, $3, $4, * FROM unnest($5::bigint[], $6::text[], $7::bytea[], $8::bytea[]) "
        "ON CONFLICT DO NOTHING",
        *place,
        service,
        flaw,
        [fact.offset for fact in facts],
        [fact.event_id for fact in facts],
        [fact.digest for fact in facts],
        [fact.wire for fact in facts],
    )


async def suspects(work: Transaction, each: int) -> tuple[tuple[Suspect, ...], tuple[Crowd, ...]]:
    """The oldest suspects, at most `each` of a flaw, topic and service; and those that have more."""
    rows = await work.connection.fetch(
        f"SELECT * FROM (SELECT {_SUSPECT}, row_number() OVER (kin ORDER BY found_at, part, "  # noqa: S608
        "record_offset) AS number, count(*) OVER kin AS records FROM audit.suspect "
        "WINDOW kin AS (PARTITION BY flaw, topic, service)) AS s WHERE number <= $1 "
        "ORDER BY found_at, topic, part, record_offset",
        each,
    )
    crowds = {
        Crowd(row["topic"], row["service"], Flaw(row["flaw"]), row["records"])
        for row in rows
        if row["records"] > each
    }
    return tuple(_suspect(row) for row in rows), tuple(sorted(crowds, key=astuple))


async def due_for_review(work: Transaction, limit: int) -> list[Suspect]:
    """Suspects that may have been put right, and were not looked at for the longest time."""
    rows = await work.connection.fetch(
        f"WITH due AS (SELECT ctid FROM audit.suspect WHERE flaw <> $2 "  # noqa: S608
        "ORDER BY reviewed_at, topic, part, record_offset, service LIMIT $1) "
        f"UPDATE audit.suspect SET reviewed_at = clock_timestamp() "
        f"WHERE ctid = ANY(ARRAY(SELECT ctid FROM due)) RETURNING {_SUSPECT}",
        limit,
        Flaw.UNDECODABLE,
    )
    return [_suspect(row) for row in rows]


async def suspected(work: Transaction) -> list[Place]:
    """The places that have suspects."""
    rows = await work.connection.fetch("SELECT DISTINCT topic, part FROM audit.suspect")
    return [(row["topic"], row["part"]) for row in rows]


async def clear(work: Transaction, cleared: Sequence[Suspect]) -> None:
    """Forget suspects that are in order now; what was lost counts as unchecked from then on."""
    if not cleared:
        return
    await work.connection.execute(
        _FORGET.format(
            given="unnest($1::text[], $2::int[], $3::bigint[], $4::text[]) "
            "AS c (topic, part, record_offset, service)",
            which="s.record_offset = c.record_offset AND s.service = c.service",
        ),
        [one.place[0] for one in cleared],
        [one.place[1] for one in cleared],
        [one.offset for one in cleared],
        [one.service for one in cleared],
    )


async def clear_before(work: Transaction, begins: Mapping[Place, int]) -> None:
    """Forget suspects whose record has left its topic, in the same way."""
    await work.connection.execute(
        _FORGET.format(
            given="unnest($1::text[], $2::int[], $3::bigint[]) AS c (topic, part, begin)",
            which="s.record_offset < c.begin",
        ),
        [topic for topic, _ in begins],
        [part for _, part in begins],
        list(begins.values()),
    )


_SUSPECT = "topic, part, record_offset, service, flaw, event_id, digest, wire, found_at"
_FORGET = (
    "WITH gone AS (DELETE FROM audit.suspect AS s USING {given} "
    "WHERE s.topic = c.topic AND s.part = c.part AND {which} RETURNING s.*), "
    "lost AS (SELECT service, topic, part, count(*) AS n FROM gone WHERE flaw = 'lost' "
    "GROUP BY service, topic, part) "
    "UPDATE audit.passage AS p SET lost = p.lost - lost.n, unchecked = p.unchecked + lost.n "
    "FROM lost WHERE p.service = lost.service AND p.topic = lost.topic AND p.part = lost.part"
)


def _suspect(row: asyncpg.Record) -> Suspect:
    return Suspect(
        (row["topic"], row["part"]),
        row["record_offset"],
        row["service"],
        Flaw(row["flaw"]),
        row["event_id"],
        row["digest"],
        row["wire"],
        row["found_at"],
    )


def settled_since(work: Transaction, memory: timedelta) -> int:
    """Kafka's time in ms before which a table may have forgotten a record rightly."""
    return int((work.now - memory).timestamp() * 1000)
