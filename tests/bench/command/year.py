"""A generated year of commands in the console's read models: the supervision board's load.

Per ten million assignments 25,020 commands of four sizes, spread over 365 days; those of the last
day are open, in the same mixture. Of what is closed nine in ten are done, the rest returned or
withdrawn. Timers have fired for one assignment in twenty, and for one in five of what is open.
"""

from __future__ import annotations

from collections.abc import Callable

import asyncpg

from tests.bench.command.units import CITY_SIZE, city

MIXTURE = ((20, 75_000), (200, 9_100), (3_000, 1_500), (21_800, 100))
"""Commands of the year and recipients of each, for ten million assignments."""
OPEN = ((1, 75_000), (4, 9_100), (20, 1_500), (60, 100))
"""Open commands of each size, and recipients of each."""

_INDEXES = """
SELECT indexdef FROM pg_indexes WHERE schemaname = 'console'
AND tablename IN ('assignment', 'supervision') AND indexname NOT LIKE '%_pkey'
"""
_COMMANDS = """
INSERT INTO console.command (command_id, status, version, state, event_type, level, root,
    issuer_unit, title, instruction, recipients, sign_by, finish_by, occurred_at, data_grade,
    trace_id, sent_at)
SELECT 'cmd-' || n, 'Actual', 3, state, '11A01', 'red', root, '500000000000',
    '长江朱沱段水位超警：立即转移低洼地带人员',
    '按预案转移低洼地带人员，清点到户，完成后回报人数；道路中断的先报告。', size,
    at + interval '15 minutes', at + interval '45 minutes', at, 'general', 'trace-' || n, at
FROM year.command
"""
_ASSIGNMENTS = """
INSERT INTO console.assignment (assignment_id, command_id, alert_id, status, version, unit,
    unit_tier, role, state, level, event_type, title, instruction, issuer_unit, sign_by,
    finish_by, attempt, signed_at, reported_at, done_at, late, synthetic, reason, data_grade,
    trace_id, sent_at)
SELECT 'asg-' || md5(c.n || u.unit), 'cmd-' || c.n, NULL, 'Actual', 3,
    u.unit, u.tier, 'lead', CASE WHEN c.state = 'issued' THEN
        (ARRAY['delivered', 'delivered', 'signed', 'handling', 'reported'])[1 + (u.n * 7 + c.n) % 5]
        ELSE (CASE WHEN (u.n * 7 + c.n) % 10 < 9 THEN 'done' ELSE 'returned' END) END,
    'red', '11A01', '长江朱沱段水位超警：立即转移低洼地带人员',
    '按预案转移低洼地带人员，清点到户，完成后回报人数；道路中断的先报告。', '500000000000',
    c.at + interval '15 minutes', c.at + interval '45 minutes', 1,
    CASE WHEN (u.n * 7 + c.n) % 5 > 1 OR c.state <> 'issued' THEN c.at + interval '9 minutes' END,
    NULL, NULL, false, u.tier IN ('grid', 'microgrid'), '', 'general', 'trace-' || c.n, c.at
FROM year.command c JOIN year.unit u ON u.n > c.first AND u.n <= c.first + c.size
WHERE c.n BETWEEN $1 AND $2
"""
_SUPERVISION = """
INSERT INTO console.supervision SELECT assignment_id, 'sign', status,
    CASE WHEN n % 2 = 0 THEN 'escalated' ELSE 'reminded' END, CASE WHEN n % 2 = 0 THEN 3 ELSE 2 END,
    command_id, unit, (n % 3)::int, issuer_unit, 'B', sign_by, 0, level, title, data_grade, sent_at,
    unit_tier, state, sign_by, finish_by
FROM (SELECT a.*, ('x' || substr(md5(assignment_id), 1, 6))::bit(24)::int AS n
    FROM console.assignment a) AS a
WHERE CASE WHEN state IN ('delivered', 'signed', 'handling') THEN n % 5 = 0 ELSE n % 20 = 0 END
"""
_TALLY = """
INSERT INTO console.assignment_count
SELECT command_id, left(unit, 9), unit_tier, state, signed_at IS NOT NULL, count(*)
FROM console.assignment GROUP BY 1, 2, 3, 4, 5
"""


async def is_there(database: asyncpg.Connection, assignments: int) -> bool:
    """Return True when a complete year of this size has been generated before."""
    if not await database.fetchval("SELECT to_regclass('year.done') IS NOT NULL"):
        return False
    size: int | None = await database.fetchval("SELECT assignments FROM year.done")
    return size == assignments


async def generate(
    database: asyncpg.Connection, assignments: int, say: Callable[[str], None]
) -> None:
    """Fill the read models; minutes for ten million. Indexes are built afterwards."""
    await database.execute(
        "SET maintenance_work_mem = '1GB'; SET synchronous_commit = off;"
        "DROP SCHEMA IF EXISTS year CASCADE; CREATE SCHEMA year;"
        "TRUNCATE console.command, console.assignment, console.supervision, "
        "console.assignment_count;"
        "ALTER TABLE console.assignment DISABLE TRIGGER USER;"
        "ALTER TABLE console.supervision DISABLE TRIGGER USER;"
        "ALTER TABLE console.assignment DROP CONSTRAINT IF EXISTS assignment_pkey;"
        'CREATE TABLE year.unit (n int PRIMARY KEY, unit text COLLATE "C", tier text);'
        "CREATE TABLE year.command (n int PRIMARY KEY, size int, first int, root text, state text, "
        "at timestamptz)"
    )
    units = sorted((unit_entry.unit, str(unit_entry.tier)) for unit_entry in city())[1:]
    await database.copy_records_to_table(
        "unit",
        schema_name="year",
        records=[(n, unit, tier) for n, (unit, tier) in enumerate(units, start=1)],
    )
    share = assignments / 10_000_000
    number = 0
    for (count, size), (still_open, _) in zip(MIXTURE, OPEN, strict=True):
        command_count = max(still_open, round(count * share))
        await database.execute(
            "INSERT INTO year.command SELECT $1::int + k, $2::int, f.first, "
            "CASE WHEN $2 = $4::int THEN '500000000000' ELSE u.unit END, "
            "CASE WHEN k <= $3::int THEN 'issued' ELSE 'closed' END, "
            "CASE WHEN k <= $3 THEN now() - k * interval '10 minutes' "
            "ELSE now() - interval '1 day' - k * interval '364 days' / $5::int END "
            "FROM generate_series(1, $5::int) AS k, "
            "LATERAL (SELECT (k::bigint * 7919 % ($4::int - $2::int + 1))::int AS first) AS f "
            "JOIN year.unit u ON u.n = f.first + 1",
            number,
            size,
            still_open,
            CITY_SIZE,
            command_count,
        )
        number += command_count
    await database.execute(_COMMANDS)
    indexes = [row["indexdef"] for row in await database.fetch(_INDEXES)]
    for row in await database.fetch(_INDEXES.replace("indexdef", "indexname")):
        await database.execute(f"DROP INDEX console.{row['indexname']}")
    for first in range(1, number + 1, 500):
        await database.execute(_ASSIGNMENTS, first, first + 499, timeout=600)
    say("generated; indexes ...")
    await database.execute(_SUPERVISION, timeout=1_800)
    await database.execute(_TALLY, timeout=1_800)
    for table in ("assignment", "supervision"):
        await database.execute(f"ALTER TABLE console.{table} ENABLE TRIGGER USER")
    await database.execute(
        "ALTER TABLE console.assignment ADD PRIMARY KEY (assignment_id)", timeout=1_800
    )
    for definition in indexes:
        await database.execute(definition, timeout=1_800)
    await database.execute("VACUUM ANALYZE", timeout=1_800)
    await database.execute("CREATE TABLE year.done (assignments int)")
    await database.execute("INSERT INTO year.done VALUES ($1)", assignments)


async def recount(
    database: asyncpg.Connection, command_id: str, low: str, high: str
) -> dict[tuple[str, str], int]:
    """Assignments of a command within a range of units, by tier and state, counted one by one."""
    results: dict[tuple[str, str], int] = {}
    rows = await database.fetch(
        "SELECT unit, unit_tier, state FROM console.assignment WHERE command_id = $1", command_id
    )
    for row in rows:
        if low <= row["unit"] < high:
            key = row["unit_tier"], row["state"]
            results[key] = results.get(key, 0) + 1
    return results
