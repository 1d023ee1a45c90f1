"""Counters that services keep beside rows, and the same counted from the rows alone.

Both sides of a statement are read in one snapshot, and a service changes both in one transaction: there
is no moment at which they may differ. Each answers with at most $1 rows (subject_id, status, kept,
counted), the last two as arrays in the order of the counters' names. Only what is open is counted.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.audit.store.clocks import FINISH_RUNS, OPEN_COMMAND, SIGN_RUNS
from shared.contracts.lifecycles.assignment import FINAL, REPORTED, SIGNED, State
from shared.runtime.sql import names

_RELEASED = names(FINAL)
_STANDING = "coalesce(a.suspended_from, a.state)"
_SIGNED = f"{_STANDING} IN {names(SIGNED)}"
_REPORTED = f"{_STANDING} IN {names(REPORTED)}"
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
"""What an assignment adds to a counter of this name."""
_TIER = tuple(name for name in _ASSIGNMENT if name != "owed")
_PARTS = tuple(name for name in _ASSIGNMENT if name not in ("delivered", "suspended"))


@dataclass(frozen=True, slots=True)
class Recount:
    """A table of counters: their names in the order of the arrays."""

    name: str
    counters: tuple[str, ...]
    sql: str


def _counts(names: tuple[str, ...]) -> str:
    counted = (f"count(*) FILTER (WHERE {_ASSIGNMENT[name]})" for name in names)
    return f"ARRAY[{', '.join(counted)}]::integer[]"


_KEPT_PARTS = ", ".join(f"coalesce((a.children ->> '{name}')::integer, 0)" for name in _PARTS)
_OPEN = f"SELECT command_id, status FROM command.command WHERE state IN {OPEN_COMMAND}"  # noqa: S608
_OPEN_ON_SCREENS = f"SELECT command_id, status FROM console.command WHERE state IN {OPEN_COMMAND}"  # noqa: S608

RECOUNTS = (
    Recount(
        "command.tier_count",
        _TIER,
        f"WITH open AS ({_OPEN}), kept AS (SELECT command_id, tier, status, "  # noqa: S608
        f"ARRAY[{', '.join(_TIER)}] AS n FROM command.tier_count JOIN open USING (command_id, status)), "
        f"counted AS (SELECT a.command_id, a.unit_tier AS tier, o.status, {_counts(_TIER)} AS n "
        "FROM open AS o JOIN command.assignment AS a USING (command_id) GROUP BY 1, 2, 3) "
        "SELECT command_id || ':' || tier AS subject_id, status, kept.n AS kept, "
        "counted.n AS counted FROM kept FULL JOIN counted USING (command_id, tier, status) "
        "WHERE kept.n IS DISTINCT FROM counted.n ORDER BY 1 LIMIT $1",
    ),
    Recount(
        "command.assignment.children",
        _PARTS,
        f"WITH open AS ({_OPEN}), kept AS (SELECT a.assignment_id, o.status, "  # noqa: S608
        f"ARRAY[{_KEPT_PARTS}] AS n FROM open AS o JOIN command.assignment AS a USING (command_id) "
        "WHERE a.children IS NOT NULL), counted AS (SELECT a.parent_assignment_id AS assignment_id, "
        f"o.status, {_counts(_PARTS)} AS n FROM open AS o JOIN command.assignment AS a "
        "USING (command_id) WHERE a.parent_assignment_id IS NOT NULL GROUP BY 1, 2) "
        "SELECT assignment_id AS subject_id, status, kept.n AS kept, counted.n AS counted "
        "FROM kept FULL JOIN counted USING (assignment_id, status) "
        "WHERE kept.n IS DISTINCT FROM counted.n ORDER BY 1 LIMIT $1",
    ),
    Recount(
        "console.assignment_count",
        ("assignments",),
        f"WITH open AS ({_OPEN_ON_SCREENS}), kept AS (SELECT command_id, town, unit_tier, state, "  # noqa: S608
        "signed, o.status, n FROM open AS o JOIN console.assignment_count USING (command_id) WHERE n <> 0), "
        "counted AS (SELECT a.command_id, left(a.unit, 9) AS town, a.unit_tier, a.state, "
        "a.signed_at IS NOT NULL AS signed, o.status, count(*)::integer AS n FROM open AS o "
        "JOIN console.assignment AS a USING (command_id) GROUP BY 1, 2, 3, 4, 5, 6) "
        "SELECT concat_ws(':', command_id, town, unit_tier, state, CASE WHEN signed THEN 'signed' END) "
        "AS subject_id, status, ARRAY[kept.n] AS kept, ARRAY[counted.n] AS counted FROM kept "
        "FULL JOIN counted USING (command_id, town, unit_tier, state, signed, status) "
        "WHERE kept.n IS DISTINCT FROM counted.n ORDER BY 1 LIMIT $1",
    ),
)
