"""Counting of assignments: per tier for one screen, per command and tier for the board.

Overdue is what the timer service said (supervision), never a clock of ours; it counts only while the
step it is about is missing and only for the present attempt (a repeat has a later deadline).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import asyncpg

from services.console.core.access import Span
from services.console.store.connections import Connection
from shared.contracts.fields import Tier

Rows = list[asyncpg.Record]

OPEN_COMMAND = "state IN ('issued', 'awaiting_check')"
"""What makes a command open, on a column `state`."""
_IN_WORK = "state IN ('signed', 'accepted', 'handling')"
_UNSIGNED = "a.state IN ('queued', 'delivered', 'returned')"


def _late(of: str) -> str:
    """That the firing `s` says a deadline is missed of the assignment whose columns `of` has."""
    waits = f"{of}.state IN ('queued', 'delivered')"
    return f"""s.kind <> 'due_soon' AND (
        (s.clock = 'sign' AND {waits} AND s.due_at >= {of}.sign_by)
        OR (s.clock = 'finish' AND ({waits} OR {of}.{_IN_WORK}) AND s.due_at >= {of}.finish_by))
    """


LATE = _late("a")
"""That the firing `s` says a deadline is missed of its assignment `a`."""


def _many(condition: str) -> str:
    return f"coalesce(sum(a.n) FILTER (WHERE {condition}), 0)::int"


_COUNTS = f"""
    {_many("true")} AS total,
    {
    _many('''a.state NOT IN ('queued', 'delivered') AND (a.signed
        OR a.state IN ('signed', 'accepted', 'handling', 'reported', 'checked', 'done'))''')
} AS signed,
    {_many("a.state IN ('reported', 'checked', 'done')")} AS reported,
    {_many("a.state = 'done'")} AS done,
    {_many("a.state = 'returned'")} AS returned,
    {_many(_UNSIGNED)} AS unsigned
"""
_ONE_BY_ONE = """
    SELECT command_id, unit_tier, state, signed_at IS NOT NULL AS signed, 1 AS n
    FROM console.assignment
    WHERE command_id = ANY($1::text[]) AND unit >= $2 AND unit < $3
"""
_TALLIED = """
    SELECT command_id, unit_tier, state, signed, n FROM console.tally
    WHERE command_id = ANY($1::text[]) AND town >= $2 AND town < $3
"""
_TOWN_DIGITS = 9
"""A span over so many digits at most holds whole towns, as tallies do; one over so many or more lies
within one town."""
_TALLIED_IN_TOWN = f"""
    c.command_id IN (SELECT t.command_id FROM console.tally t
        WHERE t.town = left($2, {_TOWN_DIGITS})) AND
"""  # noqa: S608 - built of constants
"""Of the commands `c`, those with an assignment anywhere in the town of the span that begins at $2."""
_ITS_ASSIGNMENT = (
    "a.command_id = s.command_id AND a.unit = s.unit AND a.assignment_id || '' = s.subject_id"
)
"""Found by command and unit, which lie together: ids are hashes and lie anywhere in a year, so their own
index (which `|| ''` keeps the planner from) costs a read from disk for each."""
_IN_SPAN = "s.unit >= $2 AND s.unit < $3"
_OF_CHILD = 's.command_id = $1 AND s.unit >= c.low COLLATE "C" AND s.unit < c.high COLLATE "C"'
_COLUMNS = """s.subject_id, s.clock, s.status, s.kind, s.gravity, s.command_id, s.unit, s.rung,
    s.target_unit, s.target_post, s.due_at, s.late_by_s, s.level, s.title, s.data_grade, s.sent_at"""


def _called(within: str) -> str:
    """The firings `s` for which `within` holds, with tier, state and deadlines of their assignments now.

    What a firing has of its assignment is kept up to date (deploy/migrations/sql); the few that came
    before their assignment was known may have nothing, there it is looked up.
    """
    return f"""
        (SELECT {_COLUMNS}, s.unit_tier, s.state, s.sign_by, s.finish_by
        FROM console.supervision s WHERE {within} AND s.state IS NOT NULL
        UNION ALL
        SELECT {_COLUMNS}, a.unit_tier, a.state, a.sign_by, a.finish_by
        FROM console.supervision s JOIN console.assignment a ON {_ITS_ASSIGNMENT}
        WHERE {within} AND s.state IS NULL)
    """  # noqa: S608 - built of constants


_OF_COMMANDS = _called(f"s.command_id = ANY($1::text[]) AND {_IN_SPAN}")
_LATE_COUNTS = f"""
    SELECT s.command_id, s.unit_tier,
        count(*) FILTER (WHERE s.clock = 'sign') AS sign_overdue,
        count(*) FILTER (WHERE s.clock = 'finish') AS finish_overdue,
        count(*) FILTER (WHERE s.{_IN_WORK}) AS late_in_work
    FROM {_OF_COMMANDS} AS s WHERE {_late("s")} GROUP BY s.command_id, s.unit_tier
"""  # noqa: S608 - built of constants


_MISSING = f"""
    SELECT a.assignment_id, a.unit, a.unit_tier, a.state, a.sign_by, a.finish_by, a.reason,
        called.kind, called.rung, called.target_unit, called.target_post
    FROM (
        SELECT assignment_id FROM (
            (SELECT a.assignment_id, a.unit FROM console.assignment a
                WHERE $6 AND a.command_id = $1 AND a.unit >= $2 AND a.unit < $3
                    AND a.unit_tier = $4 AND {_UNSIGNED} ORDER BY a.unit LIMIT $5)
            UNION ALL
            (SELECT s.subject_id, s.unit FROM {_called(f"s.command_id = $1 AND {_IN_SPAN}")} AS s
                WHERE $7 AND s.unit_tier = $4 AND s.{_IN_WORK} AND {_late("s")}
                ORDER BY s.unit, s.subject_id LIMIT $5)
        ) AS missing ORDER BY unit LIMIT $5
    ) AS shown JOIN console.assignment a USING (assignment_id)
    LEFT JOIN LATERAL (
        SELECT s.* FROM console.supervision s WHERE s.subject_id = a.assignment_id AND {LATE}
        ORDER BY s.gravity DESC, s.due_at, s.clock LIMIT 1
    ) AS called ON true
    ORDER BY a.unit
"""  # noqa: S608
"""Of one tier ($4), by unit; $6 and $7 tell whether anyone is unsigned, and late with what he signed."""


async def open_command_ids(connection: Connection, status: str) -> list[str]:
    """Every command that is not closed or revoked."""
    rows = await connection.fetch(
        f"SELECT command_id FROM console.command WHERE status = $1 AND {OPEN_COMMAND}",  # noqa: S608
        status,
    )
    return [row["command_id"] for row in rows]


async def by_command_and_tier(connection: Connection, commands: Sequence[str], span: Span) -> Rows:
    """Counts per command and tier within a subtree; what was taken away does not count.

    From a town upward they are summed from what is tallied per town: a city's screen would count a
    hundred thousand rows each time. `unsigned` (or returned) and `late_in_work` together are missing.
    """
    source = _TALLIED if len(span.low) <= _TOWN_DIGITS else _ONE_BY_ONE
    rows: Rows = await connection.fetch(
        f"""
        WITH counted AS (
            SELECT a.command_id, a.unit_tier, {_COUNTS} FROM ({source}) AS a
            WHERE a.state NOT IN ('reassigned', 'recalled')
            GROUP BY a.command_id, a.unit_tier HAVING sum(a.n) > 0
        ), late AS ({_LATE_COUNTS})
        SELECT counted.*, coalesce(sign_overdue, 0) AS sign_overdue,
            coalesce(finish_overdue, 0) AS finish_overdue,
            coalesce(late_in_work, 0) AS late_in_work
        FROM counted LEFT JOIN late USING (command_id, unit_tier)
        """,  # noqa: S608
        list(commands),
        span.low,
        span.high,
    )
    return rows


async def by_child(connection: Connection, command_id: str, children: Mapping[str, Span]) -> Rows:
    """Counts of one command for each of these units with all that lies below it, as `child`."""
    rows: Rows = await connection.fetch(
        f"""
        WITH child AS (
            SELECT * FROM unnest($2::text[], $3::text[], $4::text[]) AS c(child, low, high)
        ), counted AS (
            SELECT a.child, {_COUNTS} FROM (
                SELECT c.child, one.state, one.signed_at IS NOT NULL AS signed, 1 AS n
                FROM child c JOIN console.assignment one ON one.command_id = $1
                    AND one.unit >= c.low COLLATE "C" AND one.unit < c.high COLLATE "C"
            ) AS a WHERE a.state NOT IN ('reassigned', 'recalled') GROUP BY a.child
        ), late AS (
            SELECT c.child,
                count(*) FILTER (WHERE s.clock = 'sign') AS sign_overdue,
                count(*) FILTER (WHERE s.clock = 'finish') AS finish_overdue
            FROM child c, LATERAL {_called(_OF_CHILD)} AS s WHERE {_late("s")} GROUP BY c.child
        )
        SELECT counted.*, coalesce(sign_overdue, 0) AS sign_overdue,
            coalesce(finish_overdue, 0) AS finish_overdue
        FROM counted LEFT JOIN late USING (child) ORDER BY child COLLATE "C"
        """,  # noqa: S608
        command_id,
        list(children),
        [span.low for span in children.values()],
        [span.high for span in children.values()],
    )
    return rows


async def recent_commands(
    connection: Connection, span: Span, status: str, *, only_open: bool, limit: int
) -> Rows:
    """Commands that concern a subtree (its roots, its orders, units in it), the open ones first.

    The open ones and the newest of the others are looked for apart, each by its own index: the second
    search ends when it has enough and does not walk through the year. Few commands concern a town, so
    there the walk is long: what is tallied tells which commands are worth a look at their assignments.
    """
    in_town = len(span.low) >= _TOWN_DIGITS
    tallied = _TALLIED_IN_TOWN if in_town else ""
    probed = "OFFSET 0" if in_town else ""  # keeps the planner from hashing the town's assignments
    concerns = f"""
        (root >= $2 AND root < $3) OR (issuer_unit >= $2 AND issuer_unit < $3)
        OR ({tallied} EXISTS (SELECT 1 FROM console.assignment a
            WHERE a.command_id = c.command_id AND a.unit >= $2 AND a.unit < $3 {probed}))
    """  # noqa: S608 - built of constants
    newest = "ORDER BY sent_at DESC, command_id LIMIT $5"
    rows: Rows = await connection.fetch(
        f"""
        SELECT * FROM (
            (SELECT c.*, true AS is_open FROM console.command c
                WHERE status = $1 AND {OPEN_COMMAND} AND ({concerns}) {newest})
            UNION ALL
            (SELECT c.*, false FROM console.command c
                WHERE NOT $4 AND status = $1 AND NOT ({OPEN_COMMAND}) AND ({concerns}) {newest})
        ) AS found ORDER BY is_open DESC, sent_at DESC, command_id LIMIT $5
        """,  # noqa: S608
        status,
        span.low,
        span.high,
        only_open,
        limit,
    )
    return rows


async def command(connection: Connection, command_id: str) -> asyncpg.Record | None:
    """One command."""
    return await connection.fetchrow(
        "SELECT * FROM console.command WHERE command_id = $1", command_id
    )


async def received(connection: Connection, commands: Sequence[str], span: Span) -> set[str]:
    """Those of these commands of which a unit of the subtree has, or had, an assignment."""
    rows = await connection.fetch(
        "SELECT command_id FROM unnest($1::text[]) AS c(command_id) WHERE EXISTS (SELECT 1 "
        "FROM console.assignment a WHERE a.command_id = c.command_id AND a.unit >= $2 AND a.unit < $3)",
        list(commands),
        span.low,
        span.high,
    )
    return {row["command_id"] for row in rows}


async def missing(
    connection: Connection,
    command_id: str,
    span: Span,
    counted: Iterable[asyncpg.Record],
    limit: int,
) -> list[asyncpg.Record]:
    """Assignments of a command that are unsigned, returned or late, the higher tiers first.

    `counted` is what `by_command_and_tier` says of the same command and span. Tier by tier until there
    are enough: sorting everyone who is missing takes a city's screen a third of a second.
    """
    found: list[asyncpg.Record] = []
    tiers = {row["unit_tier"]: row for row in counted if row["unsigned"] or row["late_in_work"]}
    for tier in Tier:
        if tier in tiers and len(found) < limit:
            found += await connection.fetch(
                _MISSING,
                command_id,
                span.low,
                span.high,
                tier,
                limit - len(found),
                tiers[tier]["unsigned"] > 0,
                tiers[tier]["late_in_work"] > 0,
            )
    return found


async def supervised(connection: Connection, span: Span, status: str, limit: int) -> Rows:
    """Open assignments a timer has fired for, the gravest and highest rung first."""
    is_open = f"ARRAY(SELECT command_id FROM console.command WHERE {OPEN_COMMAND})"  # noqa: S608
    rows: Rows = await connection.fetch(
        f"""
        SELECT s.* FROM {_called(f"s.command_id = ANY({is_open}) AND {_IN_SPAN}")} AS s
        WHERE s.status = $1
          AND ({_late("s")} OR (s.kind = 'due_soon' AND (
            (s.clock = 'sign' AND s.state IN ('queued', 'delivered')) OR
            (s.clock = 'finish' AND s.state IN ('queued', 'delivered', 'signed', 'accepted',
                'handling')))))
        ORDER BY s.gravity DESC, s.due_at, s.subject_id LIMIT $4
        """,  # noqa: S608
        status,
        span.low,
        span.high,
        limit,
    )
    return rows
