"""Floors of fan-out and steps: the time of database and broker alone for the same work.

Tables of our own with the columns and indexes of the real ones, rows and records of the real width,
nothing of the product's code. Timers, counters and the command itself are not in them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import asyncpg

from deploy.local.topics import new_topic
from shared.contracts.assignments import Acknowledgement
from shared.contracts.topics import ACKNOWLEDGEMENTS, ASSIGNMENTS
from tests.bench.log import recreate, write

BATCH = 500
TOPIC = replace(ASSIGNMENTS, name="bench.floor")
_TABLES = ("assignment", "outbox", "inbox")
_UNPUBLISHED = ("event_id", "topic", "part", "key", "value")


async def prepare(database: asyncpg.Connection, bootstrap: str) -> None:
    """Make the tables and the topic, empty."""
    await recreate(bootstrap, [new_topic(TOPIC)])
    await database.execute("DROP SCHEMA IF EXISTS bench CASCADE; CREATE SCHEMA bench")
    for table in _TABLES:
        await database.execute(f"CREATE TABLE bench.{table} (LIKE command.{table} INCLUDING ALL)")
    await database.execute("ALTER TABLE bench.assignment SET (fillfactor = 50)")


async def fan_out(
    database: asyncpg.Connection, bootstrap: str, command: str, values: Sequence[bytes]
) -> float:
    """Seconds to COPY a command's rows, COPY its outbox rows, and publish its records."""
    rows = await database.fetch("SELECT * FROM command.assignment WHERE command_id = $1", command)
    columns, plain = list(rows[0].keys()), [tuple(row.values()) for row in rows]
    keys = [row["unit"] for row in rows]
    outgoing = [
        (f"evt-floor-{number:022d}", ASSIGNMENTS.name, 0, keys[number], value)
        for number, value in enumerate(values)
    ]
    records = [(key.encode(), value) for key, value in zip(keys, values, strict=True)]
    await database.execute("TRUNCATE bench.assignment, bench.outbox")
    began = time.perf_counter()
    async with database.transaction():
        await database.copy_records_to_table(
            "assignment", schema_name="bench", columns=columns, records=plain
        )
        await database.copy_records_to_table(
            "outbox", schema_name="bench", columns=_UNPUBLISHED, records=outgoing
        )
    await write(bootstrap, TOPIC.name, TOPIC.partitions, records)
    return time.perf_counter() - began


async def acknowledgements(
    database: asyncpg.Connection, acts: Sequence[Acknowledgement], values: Sequence[bytes]
) -> float:
    """Seconds per step: batches of 500 through inbox, conditional update and outbox.

    The acts are signatures under one command, all of whose assignments are in the table; they come
    in the order in which the service had them. In the order of the ids Postgres finds rows a fifth
    faster.
    """
    await database.execute("TRUNCATE bench.assignment, bench.outbox, bench.inbox")
    await database.execute(
        "INSERT INTO bench.assignment SELECT * FROM command.assignment "
        "WHERE command_id = $1 ORDER BY assignment_id",
        acts[0].command_id,
    )
    await database.execute(
        "UPDATE bench.assignment SET state = 'delivered', version = 1, signed_at = NULL"
    )
    await database.execute("VACUUM ANALYZE bench.assignment")
    began = time.perf_counter()
    for at in range(0, len(acts), BATCH):
        part = acts[at : at + BATCH]
        names = [acknowledgement.assignment_id for acknowledgement in part]
        async with database.transaction():
            fresh = await database.fetch(
                "INSERT INTO bench.inbox (topic, event_id, body_hash) "
                "SELECT $3, * FROM unnest($1::text[], $2::bytea[]) "
                "ON CONFLICT (event_id, topic) DO NOTHING RETURNING event_id",
                names,
                [b"0123456789abcdef"] * len(part),
                ACKNOWLEDGEMENTS.name,
            )
            moved = await database.fetch(
                "UPDATE bench.assignment SET state = 'signed', version = version + 1, "
                "signed_at = now() WHERE assignment_id = ANY($1::text[]) "
                "AND state = 'delivered' RETURNING assignment_id",
                [row["event_id"] for row in fresh],
            )
            await database.execute(
                "INSERT INTO bench.outbox (event_id, topic, part, key, value) "
                "SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::bytea[]) "
                "ON CONFLICT (event_id) DO NOTHING",
                [row["assignment_id"] for row in moved],
                [ASSIGNMENTS.name] * len(moved),
                [0] * len(moved),
                [acknowledgement.unit for acknowledgement in part],
                [values[(at + n) % len(values)] for n in range(len(moved))],
            )
    return (time.perf_counter() - began) / len(acts)
