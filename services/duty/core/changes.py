"""A change of a duty plan: the right to make the change, and the checks of the plan."""

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
"""The most entries in force of one unit."""


class RefusedChange(Exception):
    """The change is refused; nothing was changed."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def change(entries: Mapping[str, DutyEntry], request: DutyRequest, place: int) -> DutyEntry | None:
    """Return the next version of the entry, None when the request changes nothing.

    `entries` are those of the unit by id; `place` is the place in the order of changes.

    Raises RefusedChange.
    """
    if request.status is not Status.ACTUAL:
        raise RefusedChange(
            Reason.NOT_ALLOWED, f"people are really on duty: Actual, not {request.status}"
        )
    if not is_within(request.unit, request.origin_unit):
        raise RefusedChange(
            Reason.NOT_ALLOWED, f"{request.origin_unit} does not plan the duty of {request.unit}"
        )
    previous = entries.get(request.entry_id)
    if request.verb == "cancel":
        if previous is None:
            raise RefusedChange(Reason.UNKNOWN_SUBJECT, f"there is no entry {request.entry_id}")
        return None if previous.cancelled else _next(request, previous, place, cancelled=True)
    if request.rule is None:
        raise RefusedChange(Reason.SCHEMA, "put needs a rule")
    if previous is not None and (previous.rule, previous.cancelled) == (request.rule, False):
        return None
    if previous is None and len(entries) >= MOST_ENTRIES:
        raise RefusedChange(
            Reason.NOT_ALLOWED, f"{request.unit} has {MOST_ENTRIES} entries already"
        )
    members = {
        entry.rule.officer.officer_id
        for entry in entries.values()
        if isinstance(entry.rule, Member) and not entry.cancelled
    }
    if strangers := sorted(_named_officers(request) - members):
        raise RefusedChange(
            Reason.UNKNOWN_SUBJECT, f"no member of {request.unit}: {', '.join(strangers)[:300]}"
        )
    return _next(request, previous, place, cancelled=False)


def _named_officers(request: DutyRequest) -> set[str]:
    """Return the officers that a rule names; the entry of a member needs no other."""
    match request.rule:
        case Rotation(members=members):
            return set(members)
        case Swap(officer_id=officer, other_id=partner):
            return {officer, partner}
        case Shift(officer_id=officer) | Leave(officer_id=officer):
            return {officer}
        case Override(officer_id=holder):
            return set() if holder is None else {holder}
        case _:
            return set()


def _next(
    request: DutyRequest, previous: DutyEntry | None, place: int, *, cancelled: bool
) -> DutyEntry:
    version = 1 if previous is None else previous.version + 1
    rule = request.rule if not cancelled or previous is None else previous.rule
    assert rule is not None, "a request without a rule was refused"
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
