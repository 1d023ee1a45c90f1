"""Which verbs of people a state takes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

State = TypeVar("State")
Event = TypeVar("Event")
Verb = TypeVar("Verb")


def verbs_by_state(
    transitions: Mapping[State, Mapping[Event, State]], causes: Mapping[Verb, Collection[Event]]
) -> dict[State, frozenset[Verb]]:
    """By state, the verbs of which it lists at least one event."""
    return {
        state: frozenset(verb for verb, events in causes.items() if set(events) & row.keys())
        for state, row in transitions.items()
    }
