"""Laws of every state machine, whatever its subject.

A table registers in docs/make_state_diagrams.py with its owner's module, which has its TRANSITIONS,
INITIAL and FINAL, step and IllegalStep.
"""

from __future__ import annotations

import copy
import importlib
from enum import StrEnum
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs.make_state_diagrams import MACHINES, table, title


@pytest.fixture(params=MACHINES, ids=title)
def machine(request: pytest.FixtureRequest) -> ModuleType:
    return importlib.import_module(MACHINES[request.param])


def states_of(machine: ModuleType) -> list[Any]:
    kind: type[StrEnum] = type(machine.INITIAL)
    return list(kind)


def events_of(machine: ModuleType) -> list[Any]:
    kinds: set[type[StrEnum]] = {
        type(event) for row in machine.TRANSITIONS.values() for event in row
    }
    assert len(kinds) == 1, f"one enumeration of events, not {kinds}"
    return list(kinds.pop())


def reachable(machine: ModuleType, start: Any) -> set[Any]:
    result, waiting = {start}, [start]
    while waiting:
        for target in machine.TRANSITIONS[waiting.pop()].values():
            if target not in result:
                result.add(target)
                waiting.append(target)
    return result


@pytest.mark.parametrize("name", MACHINES)
def test_the_owner_steps_by_the_table(name: str) -> None:
    owner = importlib.import_module(MACHINES[name])
    for part in ("TRANSITIONS", "INITIAL", "FINAL"):
        assert getattr(owner, part) is getattr(table(name), part)


def test_states_and_events_are_closed_sets(machine: ModuleType) -> None:
    assert isinstance(machine.INITIAL, StrEnum)
    assert all(isinstance(event, StrEnum) for event in events_of(machine))
    assert isinstance(machine.FINAL, frozenset)


def test_the_table_is_closed(machine: ModuleType) -> None:
    states = set(states_of(machine))
    assert set(machine.TRANSITIONS) == states, "every state has a row"
    targets = {target for row in machine.TRANSITIONS.values() for target in row.values()}
    assert targets <= states, "every target has a row"
    assert states >= machine.FINAL


def test_every_event_happens_somewhere(machine: ModuleType) -> None:
    used = {event for row in machine.TRANSITIONS.values() for event in row}
    assert used == set(events_of(machine))


def test_every_state_is_reachable(machine: ModuleType) -> None:
    assert reachable(machine, machine.INITIAL) == set(states_of(machine))


def test_exactly_the_final_states_are_never_left(machine: ModuleType) -> None:
    unchanging = {
        state for state, row in machine.TRANSITIONS.items() if set(row.values()) <= {state}
    }
    assert unchanging == machine.FINAL


def test_every_state_can_come_to_an_end(machine: ModuleType) -> None:
    for state in states_of(machine):
        assert reachable(machine, state) & machine.FINAL, f"{state} leads nowhere"


def test_a_step_follows_the_table_and_an_illegal_one_is_refused_and_changes_nothing(
    machine: ModuleType,
) -> None:
    table = copy.deepcopy(machine.TRANSITIONS)
    for state in states_of(machine):
        for event in events_of(machine):
            if event in machine.TRANSITIONS[state]:
                assert machine.step(state, event) is machine.TRANSITIONS[state][event]
            else:
                with pytest.raises(machine.IllegalStep):
                    machine.step(state, event)
    assert table == machine.TRANSITIONS


@pytest.mark.parametrize("name", MACHINES)
@given(data=st.data())
def test_no_sequence_of_events_leaves_the_table(name: str, data: st.DataObject) -> None:
    machine = importlib.import_module(MACHINES[name])
    state = machine.INITIAL
    for event in data.draw(st.lists(st.sampled_from(events_of(machine)), max_size=20)):
        before = state
        try:
            state = machine.step(state, event)
        except machine.IllegalStep:
            assert state is before
        else:
            assert before not in machine.FINAL or state is before
        assert state in machine.TRANSITIONS
