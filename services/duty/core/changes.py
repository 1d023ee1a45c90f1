"""A change of a duty plan: who may make it, and whether the plan can take it."""

from __future__ import annotations

from collections.abc import Mapping

from shared.contracts.dead_letter import Reason
from shared.contracts.duty import (
    DutyEntry,
    DutyRequest,
    Leave,
    Member,
    Override,
    Rotation,
    Shift,
    Swap,
)
from shared.contracts.fields import Status
from shared.contracts.ids import transition_id
from shared.contracts.units import is_within, tier_of

MOST_ENTRIES = 5_000
"""So many entries that still count one unit may have."""


class Refused(Exception):
    """The change cannot be made; nothing was changed."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def change(entries: Mapping[str, DutyEntry], request: DutyRequest, place: int) -> DutyEntry | None:
    """The entry's next version, None when it says so already. `entries`: the unit's, by id; `place`:
    its place in the order of changes.

    Raises Refused.
    """
    if request.status is not Status.ACTUAL:
        raise Refused(
            Reason.NOT_ALLOWED, f"people are really on duty: Actual, not {request.status}"
        )
    if not is_within(request.unit, request.origin_unit):
        raise Refused(
            Reason.NOT_ALLOWED, f"{request.origin_unit} does not plan the duty of {request.unit}"
        )
    before = entries.get(request.entry_id)
    if request.verb == "cancel":
        if before is None:
            raise Refused(Reason.UNKNOWN_SUBJECT, f"there is no entry {request.entry_id}")
        return None if before.cancelled else _next(request, before, place, cancelled=True)
    if request.rule is None:
        raise Refused(Reason.SCHEMA, "put needs a rule")
    if before is not None and (before.rule, before.cancelled) == (request.rule, False):
        return None
    if before is None and len(entries) >= MOST_ENTRIES:
        raise Refused(Reason.NOT_ALLOWED, f"{request.unit} has {MOST_ENTRIES} entries already")
    known = {
        entry.rule.officer.officer_id
        for entry in entries.values()
        if isinstance(entry.rule, Member) and not entry.cancelled
    }
    if strangers := sorted(_named(request) - known):
        raise Refused(
            Reason.UNKNOWN_SUBJECT, f"no member of {request.unit}: {', '.join(strangers)[:300]}"
        )
    return _next(request, before, place, cancelled=False)


def _named(request: DutyRequest) -> set[str]:
    """The officers a rule puts on or takes off; a member names himself."""
    match request.rule:
        case Rotation(members=members):
            return set(members)
        case Swap(officer_id=one, other_id=other):
            return {one, other}
        case Shift(officer_id=one) | Leave(officer_id=one):
            return {one}
        case Override(officer_id=one):
            return set() if one is None else {one}
        case _:
            return set()


def _next(
    request: DutyRequest, before: DutyEntry | None, place: int, *, cancelled: bool
) -> DutyEntry:
    version = 1 if before is None else before.version + 1
    rule = request.rule if not cancelled or before is None else before.rule
    assert rule is not None, "the caller has seen to it"
    return DutyEntry(
        id=transition_id(f"{request.unit}:{request.entry_id}", version),
        occurred_at=request.occurred_at,
        sent_at=request.sent_at,
        origin_unit=request.unit,
        tier=tier_of(request.unit),
        areas=(request.unit,),
        references=(request.id,),
        trace_id=request.trace_id or request.id,
        entry_id=request.entry_id,
        version=version,
        place=place,
        unit=request.unit,
        rule=rule,
        cancelled=cancelled,
        actor=request.officer_id,
    )
