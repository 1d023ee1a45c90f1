"""Encoders for many records of one command: shared fields are serialised once (json_template.py).

Records of one command and transaction differ in ids, units, officer and event time. The remaining
fields follow from tier and state; those of supervision events from the clock and the rung.
"""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter

from pydantic_core import to_json

from services.command.core.assignments.events import assignment_event
from services.command.core.assignments.model import Assignment
from services.command.core.cause import Cause, references
from services.command.core.commands.model import Command
from services.command.core.supervision.events import (
    skipped_rungs,
    supervision_event,
    supervision_id,
)
from services.command.core.supervision.firing import SupervisionCall
from services.command.fastpath.json_template import (
    compile_template,
    encoded,
    encoded_list,
    render,
)
from shared.contracts.assignments import AssignmentEvent
from shared.contracts.ids import transition_id
from shared.contracts.units import tier_of

_VARYING = ("assignment_id", "unit", "parent_unit", "actor")
"""Fields of an assignment that differ from record to record."""
_shared_fields = attrgetter(
    *(name for name in Assignment.__struct_fields__ if name not in _VARYING)
)
_varying_fields = attrgetter(*_VARYING)
_GAPS = ("id", "occurred_at", "origin_unit", "references", *_VARYING)

_call_fields = attrgetter(
    "clock", "rung", "due_at", "late_by_s", "skipped", "limits_id", "limits_version"
)
_mode_fields = attrgetter("mode", "mode_version", "mode_unit")
_CALL_GAPS = ("id", "references", "supervision_id", "subject_id", "unit", "target_unit")


class EventEncoder:
    """Encodes assignment records that begin as copies of `template` (assignment_template).

    Without `fast` the contract serialises every record.
    """

    def __init__(self, template: AssignmentEvent, *, fast: bool = True) -> None:
        self._template = template
        self._fast = fast
        self._kinds: dict[object, bytes | None] = {}
        self._latest: dict[object, tuple[object, bytes]] = {}

    def encode(self, assignment: Assignment, cause: Cause) -> tuple[str, bytes]:
        """Return the event id and the wire form of the assignment's present state."""
        if not self._fast:
            event = assignment_event(self._template, assignment, cause)
            return event.id, event.to_wire()
        assignment_id, unit, parent, actor = _varying_fields(assignment)
        shared = _shared_fields(assignment)
        group = tier_of(cause.unit), parent is None, actor is None, assignment.unit_tier
        event_id = transition_id(assignment_id, assignment.version)
        # Records of a tier are mostly alike: a comparison with the last one is cheaper than a hash.
        latest = self._latest.get(group)
        if latest is not None and latest[0] == shared:
            template = latest[1]
        else:
            kind = shared, group
            compiled = self._kinds.get(kind)
            if compiled is None:
                event = assignment_event(self._template, assignment, cause)
                # The second record of a kind compiles the template: many kinds have one record
                # only.
                is_second = kind in self._kinds
                self._kinds[kind] = compile_template(event, _GAPS) if is_second else None
                return event_id, event.to_wire()
            template = compiled
            self._latest[group] = shared, template
        values: tuple[bytes, ...] = (
            encoded(event_id),
            to_json(cause.occurred_at),
            encoded(cause.unit),
            encoded_list(references(assignment_id, assignment.version, cause)),
            encoded(assignment_id),
            encoded(unit),
        )
        if parent is not None:
            values += (encoded(parent),)
        if actor is not None:
            values += (encoded(actor),)
        return event_id, render(template, values)


class CallEncoder:
    """Encodes the supervision events of one command and transaction, whose time is `now`.

    Without `fast` the contract serialises every record.
    """

    def __init__(self, command: Command, now: datetime, *, fast: bool = True) -> None:
        self._command = command
        self._now = now
        self._fast = fast
        self._kinds: dict[object, bytes | None] = {}
        self._latest: dict[object, tuple[object, bytes]] = {}
        self._assignment: Assignment | None = None
        self._state_id = ""

    def encode(self, assignment: Assignment, call: SupervisionCall) -> tuple[str, bytes]:
        """Return the event id and the wire form of one call."""
        if not self._fast:
            event = supervision_event(self._command, assignment, call, self._now)
            return event.id, event.to_wire()
        target, post = call.target
        shared = _call_fields(call), post, _mode_fields(assignment)
        # As above: calls of a kind are mostly alike, and the hash of a time is expensive.
        latest = self._latest.get(call.kind)
        if latest is not None and latest[0] == shared:
            template = latest[1]
        else:
            kind = call.kind, shared
            compiled = self._kinds.get(kind)
            if compiled is None:
                event = supervision_event(self._command, assignment, call, self._now)
                is_second = kind in self._kinds
                self._kinds[kind] = compile_template(event, _CALL_GAPS) if is_second else None
                return event.id, event.to_wire()
            template = compiled
            self._latest[call.kind] = shared, template
        event_id = supervision_id(assignment, call)
        values = (
            encoded(event_id),
            encoded_list((self._id_of_state(assignment), *skipped_rungs(call))),
            encoded(event_id),
            encoded(assignment.assignment_id),
            encoded(assignment.unit),
            encoded(target),
        )
        return event_id, render(template, values)

    def _id_of_state(self, assignment: Assignment) -> str:
        """Return the id of the assignment's state; calls about one assignment are consecutive."""
        if self._assignment is not assignment:
            self._assignment = assignment
            self._state_id = transition_id(assignment.assignment_id, assignment.version)
        return self._state_id
