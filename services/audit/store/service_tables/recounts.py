"""Counters that services store beside rows, and the sums of the rows themselves.

A service changes both sides in a single transaction and a statement reads both in a single
snapshot: the sides may never differ. Each statement returns at most $1 rows (subject_id, status,
stored, counted), the last two columns as arrays in the order of the counters' names. Only open
commands are counted.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.audit.store.service_tables.timer_rules import FINISH_RUNS, OPEN_COMMAND, SIGN_RUNS
from shared.contracts.lifecycles.assignment import FINAL, REPORTED, SIGNED, State
from shared.runtime.sql import names

_RELEASED = names(FINAL)
_STATE = "coalesce(a.suspended_from, a.state)"
_SIGNED = f"{_STATE} IN {names(SIGNED)}"
_REPORTED = f"{_STATE} IN {names(REPORTED)}"
_OVERDUE = (
    f"(a.sign_overdue AND a.state IN {SIGN_RUNS}) "
    f"OR (a.finish_overdue AND a.state IN {FINISH_RUNS})"
)
_ASSIGNMENT = {
    "total": "true",
    "delivered": f"a.state <> '{State.QUEUED}'",
    "signed": _SIGNED,
    "reported": _REPORTED,
    "done": f"a.state = '{State.DONE}'",
    "returned": f"a.state = '{State.RETURNED}'",
    "overdue": _OVERDUE,
    "suspended": f"a.state = '{State.SUSPENDED}'",
    "released": f"a.state IN {_RELEASED}",
    "owed": f"a.mandatory AND a.state <> '{State.DONE}' AND a.state NOT IN {_RELEASED}",
}
"""The condition under which an assignment is counted by a counter of this name."""
_TIER = tuple(name for name in _ASSIGNMENT if name != "owed")
_PARTS = tuple(name for name in _ASSIGNMENT if name not in ("delivered", "suspended"))


@dataclass(frozen=True, slots=True)
class Recount:
    """A table of counters. `counters` are their names in the order of the arrays."""

    name: str
    counters: tuple[str, ...]
    sql: str


def _counts(names: tuple[str, ...]) -> str:
    counted = (f"count(*) FILTER (WHERE {_ASSIGNMENT[name]})" for name in names)
    return f"ARRAY[{', '.join(counted)}]::integer[]"


_STORED_PARTS = ", ".join(f"coalesce((a.children ->> '{name}')::integer, 0)" for name in _PARTS)
_OPEN = (
    "SELECT command_id, status FROM command.command "  # noqa: S608
    f"WHERE state IN {OPEN_COMMAND}"
)
_OPEN_ON_CONSOLE = (
    "SELECT command_id, status FROM console.command "  # noqa: S608
    f"WHERE state IN {OPEN_COMMAND}"
)

RECOUNTS = (
    Recount(
        "command.tier_count",
        _TIER,
        f"WITH open AS ({_OPEN}), stored AS (SELECT command_id, tier, status, "  # noqa: S608
        f"ARRAY[{', '.join(_TIER)}] AS n FROM command.tier_count "
        "JOIN open USING (command_id, status)), "
        f"counted AS (SELECT a.command_id, a.unit_tier AS tier, o.status, {_counts(_TIER)} AS n "
        "FROM open AS o JOIN command.assignment AS a USING (command_id) GROUP BY 1, 2, 3) "
        "SELECT command_id || ':' || tier AS subject_id, status, stored.n AS stored, "
        "counted.n AS counted FROM stored FULL JOIN counted USING (command_id, tier, status) "
        "WHERE stored.n IS DISTINCT FROM counted.n ORDER BY 1 LIMIT $1",
    ),
    Recount(
        "command.assignment.children",
        _PARTS,
        f"WITH open AS ({_OPEN}), stored AS (SELECT a.assignment_id, o.status, "  # noqa: S608
        f"ARRAY[{_STORED_PARTS}] AS n FROM open AS o "
        "JOIN command.assignment AS a USING (command_id) WHERE a.children IS NOT NULL), "
        "counted AS (SELECT a.parent_assignment_id AS assignment_id, "
        f"o.status, {_counts(_PARTS)} AS n FROM open AS o JOIN command.assignment AS a "
        "USING (command_id) WHERE a.parent_assignment_id IS NOT NULL GROUP BY 1, 2) "
        "SELECT assignment_id AS subject_id, status, stored.n AS stored, counted.n AS counted "
        "FROM stored FULL JOIN counted USING (assignment_id, status) "
        "WHERE stored.n IS DISTINCT FROM counted.n ORDER BY 1 LIMIT $1",
    ),
    Recount(
        "console.assignment_count",
        ("assignments",),
        f"WITH open AS ({_OPEN_ON_CONSOLE}), stored AS ("  # noqa: S608
        "SELECT command_id, town, unit_tier, state, signed, o.status, n "
        "FROM open AS o JOIN console.assignment_count USING (command_id) WHERE n <> 0), "
        "counted AS (SELECT a.command_id, left(a.unit, 9) AS town, a.unit_tier, a.state, "
        "a.signed_at IS NOT NULL AS signed, o.status, count(*)::integer AS n FROM open AS o "
        "JOIN console.assignment AS a USING (command_id) GROUP BY 1, 2, 3, 4, 5, 6) "
        "SELECT concat_ws(':', command_id, town, unit_tier, state, "
        "CASE WHEN signed THEN 'signed' END) AS subject_id, status, ARRAY[stored.n] AS stored, "
        "ARRAY[counted.n] AS counted FROM stored "
        "FULL JOIN counted USING (command_id, town, unit_tier, state, signed, status) "
        "WHERE stored.n IS DISTINCT FROM counted.n ORDER BY 1 LIMIT $1",
    ),
)
