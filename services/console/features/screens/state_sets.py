"""Sets of states that the scripts of the pages need, taken from their owners.

A script holds no list of states of its own: it reads these from the data of its page
(`services/console/static/js/types/page.d.ts`, StateSets).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

from services.console.features.cases.case import CaseState
from shared.contracts.alerts import AlertState
from shared.contracts.assignments import AssignmentState
from shared.contracts.lifecycles import alert, assignment, page
from shared.contracts.pages import PageState
from shared.domain.letters.history import LetterState


def _ordered(states: type[StrEnum], members: Collection[StrEnum] | None = None) -> list[str]:
    """Return the values of `members`, of all states without them, in the order of the enum."""
    return [state.value for state in states if members is None or state in members]


STATE_SETS: Mapping[str, Mapping[str, list[str]]] = {
    "alert": {"undecided": _ordered(AlertState, alert.OPEN - {AlertState.ISSUED})},
    "assignment": {
        "all": _ordered(AssignmentState),
        "unsigned": _ordered(AssignmentState, assignment.UNSIGNED),
    },
    "page": {"unanswered": _ordered(PageState, page.WAITING)},
    "case": {"all": _ordered(CaseState)},
    "letter": {"all": _ordered(LetterState)},
}
"""By lifecycle and name of the set. `undecided` alerts wait for people and are not in force."""
