"""The wire form of many records of one command: what they share is printed once (stencil.py).

The records of one command and transaction differ in ids, units, who acted and when; the rest follows
from tier and state, of supervision from the clock and the rung.
"""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter

from pydantic_core import to_json

from services.command.core.model import Assignment, Command
from services.command.core.records import (
    Cause,
    assignment_event,
    references,
    skipped,
    supervision_event,
    supervision_id,
)
from services.command.core.stencil import cut, fill, printed, printed_list
from services.command.core.supervision import Call
from shared.contracts.commands import AssignmentEvent
from shared.contracts.ids import transition_id
from shared.contracts.units import tier_of

_OWN = ("assignment_id", "unit", "parent_unit", "actor")
"""Fields of an assignment that differ from record to record."""
_shared_by = attrgetter(*(name for name in Assignment.__struct_fields__ if name not in _OWN))
_own_of = attrgetter(*_OWN)
_GAPS = ("id", "occurred_at", "origin_unit", "references", *_OWN)

_call_shared_by = attrgetter("clock", "rung", "due_at", "late_by_s", "skipped")
_mode_of = attrgetter("mode", "mode_version", "mode_unit")
_CALL_GAPS = ("id", "references", "supervision_id", "subject_id", "unit", "target_unit")


class Printer:
    """Prints assignment records that begin as copies of `template` (assignment_template)."""

    def __init__(self, template: AssignmentEvent) -> None:
        self._template = template
        self._kinds: dict[object, bytes | None] = {}
        self._latest: dict[object, tuple[object, bytes]] = {}

    def print(self, assignment: Assignment, cause: Cause) -> tuple[str, bytes]:
        """(event id, wire form) of the assignment's present state."""
        assignment_id, unit, parent, actor = _own_of(assignment)
        shared = _shared_by(assignment)
        where = tier_of(cause.unit), parent is None, actor is None, assignment.unit_tier
        event_id = transition_id(assignment_id, assignment.version)
        # Records of a tier are mostly alike: comparing with the one before is cheaper than hashing.
        latest = self._latest.get(where)
        if latest is not None and latest[0] == shared:
            stencil = latest[1]
        else:
            kind = shared, where
            known = self._kinds.get(kind)
            if known is None:
                event = assignment_event(self._template, assignment, cause)
                # Cut when a second one comes: many kinds have one record only.
                self._kinds[kind] = cut(event, _GAPS) if kind in self._kinds else None
                return event_id, event.to_wire()
            stencil = known
            self._latest[where] = shared, stencil
        values: tuple[bytes, ...] = (
            printed(event_id),
            to_json(cause.occurred_at),
            printed(cause.unit),
            printed_list(references(assignment_id, assignment.version, cause)),
            printed(assignment_id),
            printed(unit),
        )
        if parent is not None:
            values += (printed(parent),)
        if actor is not None:
            values += (printed(actor),)
        return event_id, fill(stencil, values)


class CallPrinter:
    """Prints the supervision events of one command and transaction, whose time is `now`."""

    def __init__(self, command: Command, now: datetime) -> None:
        self._command = command
        self._now = now
        self._kinds: dict[object, bytes | None] = {}
        self._latest: dict[object, tuple[object, bytes]] = {}
        self._about: Assignment | None = None
        self._state = ""

    def print(self, assignment: Assignment, call: Call) -> tuple[str, bytes]:
        """(event id, wire form) of one call of a timer."""
        target, post = call.target
        shared = _call_shared_by(call), post, _mode_of(assignment)
        # As above: calls of a kind are mostly alike, and a time is dear to hash.
        latest = self._latest.get(call.kind)
        if latest is not None and latest[0] == shared:
            stencil = latest[1]
        else:
            kind = call.kind, shared
            known = self._kinds.get(kind)
            if known is None:
                event = supervision_event(self._command, assignment, call, self._now)
                self._kinds[kind] = cut(event, _CALL_GAPS) if kind in self._kinds else None
                return event.id, event.to_wire()
            stencil = known
            self._latest[call.kind] = shared, stencil
        event_id = supervision_id(assignment, call)
        values = (
            printed(event_id),
            printed_list((self._state_of(assignment), *skipped(call))),
            printed(event_id),
            printed(assignment.assignment_id),
            printed(assignment.unit),
            printed(target),
        )
        return event_id, fill(stencil, values)

    def _state_of(self, assignment: Assignment) -> str:
        """The id of the state a call is about; several calls about one come one after the other."""
        if self._about is not assignment:
            self._about, self._state = (
                assignment,
                transition_id(assignment.assignment_id, assignment.version),
            )
        return self._state
