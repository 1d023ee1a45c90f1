"""The wire form of a whole fan-out: what its records share is printed once.

The records of one command differ in ids and units, and in what follows from their tier. So one record
per kind of recipient is printed by its contract, with marks in place of what differs, and cut at the
marks; a record is then the pieces with the values between them, byte for byte what `to_wire` gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from operator import attrgetter

from services.command.core.model import Assignment
from services.command.core.records import Cause, assignment_event
from shared.contracts.commands import AssignmentEvent
from shared.contracts.ids import transition_id

_MARKED = ("id", "assignment_id", "unit", "parent_unit")
"""What differs from record to record, in the order in which it is printed."""
_shared_by = attrgetter(*(field.name for field in fields(Assignment) if field.name not in _MARKED))


def _mark(name: str) -> str:
    # No text of a contract holds NUL, and no value between quotes can look like this printed.
    return f"\x00{name}"


_CUTS = [f'"\\u0000{name}"'.encode() for name in _MARKED]


def print_new(
    template: AssignmentEvent, assignments: Iterable[Assignment], cause: Cause
) -> Iterator[tuple[str, str, bytes]]:
    """(event id, unit, wire form) of the first record of each assignment.

    Ids and unit ids need no escaping: their grammar (shared.contracts.fields) leaves no room for it.
    """
    pieces: dict[object, list[bytes]] = {}
    for one in assignments:
        kind = (_shared_by(one), one.parent_unit is None)
        found = pieces.get(kind)
        if found is None:
            found = pieces[kind] = _cut(assignment_event(template, one, cause))
        event_id = transition_id(one.assignment_id, one.version)
        values = [event_id, one.assignment_id, one.unit]
        if one.parent_unit is not None:
            values.append(one.parent_unit)
        parts = [found[0]]
        for value, piece in zip(values, found[1:], strict=True):
            parts.append(b'"%b"%b' % (value.encode(), piece))
        yield event_id, one.unit, b"".join(parts)


def _cut(event: AssignmentEvent) -> list[bytes]:
    marked = {name: _mark(name) for name in _MARKED if getattr(event, name) is not None}
    rest = event.model_copy(update=marked).to_wire()
    pieces = []
    for cut in _CUTS[: len(marked)]:
        piece, _, rest = rest.partition(cut)
        pieces.append(piece)
    return [*pieces, rest]
