"""The wire form of many records of one command: what they share is printed once.

The records of one command and transaction differ in ids, units, who acted and when; the rest follows
from tier and state. So of each kind one record is printed by its contract with marks in place of what
differs, and cut at the marks; every other record of the kind is those pieces with its own values in
between, byte for byte what `to_wire` gives.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from operator import attrgetter

from pydantic_core import to_json

from services.command.core.model import Assignment
from services.command.core.records import Cause, assignment_event, references
from shared.contracts.commands import AssignmentEvent
from shared.contracts.ids import transition_id
from shared.contracts.units import tier_of

_OWN = ("assignment_id", "unit", "parent_unit", "actor")
"""Fields of an assignment that differ from record to record."""
_shared_by = attrgetter(*(field.name for field in fields(Assignment) if field.name not in _OWN))
_own_of = attrgetter(*_OWN)

# What is put in place of a value, and how it is printed. No text of a contract holds NUL, and no other
# moment is the year 1, so nothing else is printed like a mark.
_TEXTS = ("id", "origin_unit", *_OWN)
_MARKS = {name: f"\x00{name}" for name in _TEXTS}
_CUTS = {name: f'"\\u0000{name}"'.encode() for name in _TEXTS}
_NEVER = datetime(1, 1, 1, tzinfo=UTC)
_CUTS["occurred_at"] = to_json(_NEVER)
_CUTS["references"] = b'["\\u0000references"]'


class Printer:
    """Prints assignment records that begin as copies of `template` (assignment_template)."""

    def __init__(self, template: AssignmentEvent) -> None:
        self._template = template
        self._kinds: dict[object, list[bytes] | None] = {}

    def print(self, one: Assignment, cause: Cause) -> tuple[str, bytes]:
        """(event id, wire form) of the assignment's present state.

        Ids and unit ids need no escaping: their grammar (shared.contracts.fields) has no room for it.
        """
        assignment_id, unit, parent, actor = _own_of(one)
        tier = tier_of(cause.unit)
        kind = (_shared_by(one), tier, parent is None, actor is None)
        event_id = transition_id(assignment_id, one.version)
        pieces = self._kinds.get(kind)
        if pieces is None:
            event = assignment_event(self._template, one, cause)
            # Cut when a second one comes: many kinds have one record only.
            self._kinds[kind] = _cut(event) if kind in self._kinds else None
            return event_id, event.to_wire()
        values = [
            b'"%b"' % event_id.encode(),
            to_json(cause.occurred_at),
            b'"%b"' % cause.unit.encode(),
            b'["%b"]' % '","'.join(references(assignment_id, one.version, cause)).encode(),
            b'"%b"' % assignment_id.encode(),
            b'"%b"' % unit.encode(),
        ]
        if parent is not None:
            values.append(b'"%b"' % parent.encode())
        if actor is not None:
            values.append(b'"%b"' % actor.encode())
        parts = [pieces[0]]
        for value, piece in zip(values, pieces[1:], strict=True):
            parts += (value, piece)
        return event_id, b"".join(parts)


def _cut(event: AssignmentEvent) -> list[bytes]:
    """The record's wire form without what differs, in the order in which it is printed."""
    marks = {name: mark for name, mark in _MARKS.items() if getattr(event, name) is not None}
    marked = event.model_copy(
        update={**marks, "occurred_at": _NEVER, "references": ("\x00references",)}
    )
    rest = marked.to_wire()
    pieces = []
    for name in AssignmentEvent.model_fields:
        if name in marks or name in ("occurred_at", "references"):
            piece, _, rest = rest.partition(_CUTS[name])
            pieces.append(piece)
    return [*pieces, rest]
