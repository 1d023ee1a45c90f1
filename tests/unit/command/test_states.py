"""The two tables: complete, with no way out of the end, and an illegal event changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from services.command.core.assignments import states
from services.command.core.assignments.states import (
    FINISH_RUNS,
    RANK,
    SIGN_RUNS,
    AssignmentTrigger,
    IllegalStep,
    State,
)
from services.command.core.commands import states as lifecycle

MACHINES: list[tuple[Any, Any]] = [
    (states, AssignmentTrigger),
    (lifecycle, lifecycle.CommandTrigger),
]


@pytest.mark.parametrize(("machine", "triggers"), MACHINES)
def test_the_table_lists_every_state_and_leads_to_known_ones(machine: Any, triggers: Any) -> None:
    assert set(machine.TRANSITIONS) == set(machine.State)
    assert {end for row in machine.TRANSITIONS.values() for end in row.values()} <= set(
        machine.State
    )


@pytest.mark.parametrize(("machine", "triggers"), MACHINES)
def test_nothing_leaves_a_final_state_and_every_state_can_be_reached(
    machine: Any, triggers: Any
) -> None:
    assert all(not machine.TRANSITIONS[state] for state in machine.FINAL)
    reached: set[Any] = {machine.INITIAL}
    before: set[Any] = set()
    while reached != before:
        before = set(reached)
        reached |= {end for state in before for end in machine.TRANSITIONS[state].values()}
    assert reached == set(machine.State)


@pytest.mark.parametrize(("machine", "triggers"), MACHINES)
def test_every_pair_outside_the_table_is_refused(machine: Any, triggers: Any) -> None:
    for state in machine.State:
        for event in triggers:
            if event in machine.TRANSITIONS[state]:
                assert machine.step(state, event) is machine.TRANSITIONS[state][event]
            else:
                with pytest.raises(IllegalStep):
                    machine.step(state, event)


def test_the_handler_cannot_close_what_was_not_checked() -> None:
    ends = {state for state, row in states.TRANSITIONS.items() if AssignmentTrigger.CLOSE in row}
    assert ends == {State.CHECKED}


def test_a_clock_runs_only_before_the_step_it_waits_for() -> None:
    assert all(RANK[SIGN_RUN] < RANK[State.SIGNED] for SIGN_RUN in SIGN_RUNS)
    assert all(RANK[FINISH_RUN] < RANK[State.REPORTED] for FINISH_RUN in FINISH_RUNS)
    assert SIGN_RUNS <= FINISH_RUNS
