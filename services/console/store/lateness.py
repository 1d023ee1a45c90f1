"""The condition "overdue" in SQL, the one definition of every count, list and evaluation.

The timer service reports overdue assignments (table supervision); the console has no clock of its
own. The condition holds only until the step is taken, and only for the present attempt, since a
repeat has a later deadline. An assignment has two clocks, for signing and for finishing; it is
overdue once, by either of them.
"""

from __future__ import annotations

from shared.contracts.lifecycles import assignment
from shared.runtime.sql import names

UNSIGNED = f"state IN {names(assignment.UNSIGNED)}"
IN_WORK = f"state IN {names(assignment.IN_WORK)}"
_RUNS = f"(s.{UNSIGNED} OR (s.clock = 'finish' AND s.{IN_WORK}))"


def late(of: str) -> str:
    """Return the condition that firing `s` reports a missed deadline of assignment `of`."""
    return f"""s.kind <> 'due_soon' AND (
        (s.clock = 'sign' AND {of}.{UNSIGNED} AND s.due_at >= {of}.sign_by)
        OR (s.clock = 'finish' AND ({of}.{UNSIGNED} OR {of}.{IN_WORK})
            AND s.due_at >= {of}.finish_by))
    """


LATE = late("a")
"""The condition that firing `s` reports a missed deadline of its assignment `a`."""
PRESSING = f"({late('s')} OR (s.kind = 'due_soon' AND {_RUNS}))"
"""The condition that firing `s` (of `called`) reports a missed or near deadline."""

_ITS_ASSIGNMENT = """a.command_id = s.command_id AND a.unit = s.unit AND a.status = s.status
    AND a.assignment_id || '' = s.subject_id"""
"""The join of a firing with its assignment, by command and unit.

Rows of a command and unit lie together. Ids are hashes and lie anywhere in a year, so their index,
which `|| ''` hides from the planner, costs a read from disk for each row.
"""
_COLUMNS = """s.subject_id, s.clock, s.status, s.kind, s.gravity, s.command_id, s.unit, s.rung,
    s.target_unit, s.target_post, s.due_at, s.late_by_s, s.level, s.title, s.data_grade,
    s.sent_at"""


def called(within: str) -> str:
    """Return the firings `s` within a condition, with data of their assignments as of now.

    Triggers keep these data up to date (deploy/migrations/sql). A firing that came earlier than its
    assignment may have none; then they are joined here.
    """
    return f"""
        (SELECT {_COLUMNS}, s.unit_tier, s.state, s.sign_by, s.finish_by
        FROM console.supervision s WHERE {within} AND s.state IS NOT NULL
        UNION ALL
        SELECT {_COLUMNS}, a.unit_tier, a.state, a.sign_by, a.finish_by
        FROM console.supervision s JOIN console.assignment a ON {_ITS_ASSIGNMENT}
        WHERE {within} AND s.state IS NULL)
    """  # noqa: S608 - built of constants


def overdue(within: str) -> str:
    """Return the overdue assignments of `called`, each once, by whichever clock.

    `in_work` is true when the assignment is signed and its report is missed, and false when it is
    not even signed.
    """
    return f"""
        (SELECT DISTINCT s.subject_id, s.command_id, s.unit, s.unit_tier, s.{IN_WORK} AS in_work
        FROM {called(within)} AS s WHERE {late("s")})
    """  # noqa: S608 - built of constants
