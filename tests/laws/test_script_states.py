"""The scripts of the console hold no list of states: the data of the page brings each set."""

import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from services.console.features.cases.case import CaseState
from services.console.features.screens.state_sets import STATE_SETS
from shared.contracts.alerts import AlertState
from shared.contracts.assignments import AssignmentState
from shared.contracts.commands import CommandState
from shared.contracts.lifecycles import alert, assignment, page
from shared.contracts.modes import ProposalState
from shared.contracts.pages import PageState
from shared.contracts.reports import DutyState
from shared.domain.letters.history import LetterState

SCRIPTS = Path(__file__).resolve().parents[2] / "services" / "console" / "static" / "js"
LIFECYCLES: tuple[type[StrEnum], ...] = (
    AlertState,
    AssignmentState,
    CaseState,
    CommandState,
    DutyState,
    LetterState,
    PageState,
    ProposalState,
)
EXPECTED = {
    "alert": {"undecided": alert.OPEN - {AlertState.ISSUED}},
    "assignment": {"all": frozenset(AssignmentState), "unsigned": assignment.UNSIGNED},
    "page": {"unanswered": page.WAITING},
    "case": {"all": frozenset(CaseState)},
    "letter": {"all": frozenset(LetterState)},
}
LIST = re.compile(r"\[([^\[\]]*)\]")
TEXT = re.compile(r'"([^"]*)"')
COMPARISONS = re.compile(
    r"""\bstate\s*[!=]==\s*"(\w+)"\s*(?:\|\||&&)\s*(?:[\w.]+\.)?state\s*[!=]==\s*"(\w+)\""""
)


def copies(script: str) -> Iterator[set[str]]:
    """Yield each list of a script, and each chain of comparisons, that consists of states alone."""
    candidates = [set(TEXT.findall(values)) for values in LIST.findall(script)]
    candidates += [set(pair) for pair in COMPARISONS.findall(script)]
    for words in candidates:
        if len(words) > 1 and any(words <= set(states) for states in LIFECYCLES):
            yield words


def test_the_sets_of_the_pages_are_those_of_the_owners() -> None:
    sets_of_pages = {
        lifecycle: {name: frozenset(states) for name, states in sets.items()}
        for lifecycle, sets in STATE_SETS.items()
    }
    assert sets_of_pages == EXPECTED


def test_no_script_holds_a_list_of_states() -> None:
    scripts = sorted(SCRIPTS.rglob("*.js"))
    assert len(scripts) > 40
    for script in scripts:
        assert list(copies(script.read_text(encoding="utf-8"))) == [], script.name


@pytest.mark.parametrize(
    "copy",
    [
        'const OPEN_PAGES = new Set(["queued", "sent", "delivered", "read"]);',
        'const STATES = [\n  "open",\n  "closed",\n  "evaluated",\n];',
        'const unsigned = item.state === "delivered" || item.state === "queued";',
    ],
)
def test_a_copied_list_is_noticed(copy: str) -> None:
    assert list(copies(copy))
