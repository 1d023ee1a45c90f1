"""What is overdue, in SQL: the one definition that every counter, list and evaluation uses.

Overdue is what the timer service said (supervision), never a clock of ours; it holds only while the
step it is about is missing and only for the present attempt (a repeat has a later deadline). An
assignment has two clocks, for signing and for finishing; it is overdue once, by whichever of them.
"""

from __future__ import annotations

from shared.contracts.lifecycles import assignment
from shared.runtime.sql import names

UNSIGNED = f"state IN {names(assignment.UNSIGNED)}"
IN_WORK = f"state IN {names(assignment.IN_WORK)}"
_RUNS = f"(s.{UNSIGNED} OR (s.clock = 'finish' AND s.{IN_WORK}))"


def late(of: str) -> str:
    """That the firing `s` says a deadline is missed of the assignment whose columns `of` has."""
    return f"""s.kind <> 'due_soon' AND (
        (s.clock = 'sign' AND {of}.{UNSIGNED} AND s.due_at >= {of}.sign_by)
        OR (s.clock = 'finish' AND ({of}.{UNSIGNED} OR {of}.{IN_WORK}) AND s.due_at >= {of}.finish_by))
    """


LATE = late("a")
"""That the firing `s` says a deadline is missed of its assignment `a`."""
PRESSING = f"({late('s')} OR (s.kind = 'due_soon' AND {_RUNS}))"
"""That the firing `s` (of `called`) says a deadline is missed or near."""

_ITS_ASSIGNMENT = """a.command_id = s.command_id AND a.unit = s.unit AND a.status = s.status
    AND a.assignment_id || '' = s.subject_id"""
"""Found by command and unit, which lie together: ids are hashes and lie anywhere in a year, so
their own index (which `|| ''` keeps the planner from) costs a read from disk for each.
"""
_COLUMNS = """s.subject_id, s.clock, s.status, s.kind, s.gravity, s.command_id, s.unit, s.rung,
    s.target_unit, s.target_post, s.due_at, s.late_by_s, s.level, s.title, s.data_grade, s.sent_at"""


def called(within: str) -> str:
    """The firings `s` for which `within` holds, with tier, state and deadlines of their assignments
    now.

    What a firing has of its assignment is kept up to date (deploy/migrations/sql); the few that
    came before their assignment was known may have nothing, there it is looked up.
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
    """The overdue assignments of `called`, each once however many of its clocks have fired.

    `in_work` tells the two kinds apart: signed and its report missed, or not even signed.
    """
    return f"""
        (SELECT DISTINCT s.subject_id, s.command_id, s.unit, s.unit_tier, s.{IN_WORK} AS in_work
        FROM {called(within)} AS s WHERE {late("s")})
    """  # noqa: S608 - built of constants
