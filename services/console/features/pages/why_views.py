"""Reasons for a call: an officer was called about a matter, or was not, and who was called before.

The calls are those of the records of pages and answers; nothing here is decided a second time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from services.console.core.access import Viewer
from services.console.core.masking import DataClass, opens
from services.console.core.names import UnitNames
from services.console.core.record import Json, OutgoingRecord
from shared.contracts.pages import AnswerVerb
from shared.contracts.units import lineage

_FINAL_VERBS = frozenset({AnswerVerb.COMING, AnswerVerb.CANNOT, AnswerVerb.HAND_OVER})


class CallReason(StrEnum):
    """A reason for a call to an officer about a matter, or for none; a closed set.

    Called: `first` as the first in order, `escalated` after others did not answer, `handed_over` by
    another officer, `repeated` as no answer came to the call before. Not called: `uncalled` as all,
    `settled` before their turn, `waiting` for their turn, `no_post` in the roster now, `outside` of
    the units on the way up from the place.
    """

    FIRST = "first"
    ESCALATED = "escalated"
    HANDED_OVER = "handed_over"
    REPEATED = "repeated"
    UNCALLED = "uncalled"
    SETTLED = "settled"
    WAITING = "waiting"
    NO_POST = "no_post"
    OUTSIDE = "outside"


def reason_of(
    viewer: Viewer,
    place: str,
    calls: Sequence[OutgoingRecord],
    *,
    has_post: bool,
) -> CallReason:
    """Return the reason; `calls` are those of the matter in order of time."""
    own = [call for call in calls if call["officer_id"] == viewer.officer_id]
    if own:
        return _reason_of_call(own[-1], calls)
    if not calls:
        return CallReason.UNCALLED
    if viewer.unit not in lineage(place):
        return CallReason.OUTSIDE
    if not has_post:
        return CallReason.NO_POST
    is_settled = any(call["verb"] == AnswerVerb.COMING for call in calls)
    return CallReason.SETTLED if is_settled else CallReason.WAITING


def _reason_of_call(call: OutgoingRecord, calls: Sequence[OutgoingRecord]) -> CallReason:
    earlier = [item for item in calls if item["called_at"] < call["called_at"]]
    strangers = [item for item in earlier if item["officer_id"] != call["officer_id"]]
    if strangers and strangers[-1]["verb"] == AnswerVerb.HAND_OVER:
        return CallReason.HANDED_OVER
    if call["round"] > 1:
        return CallReason.REPEATED
    return CallReason.ESCALATED if call["rung"] > 0 and strangers else CallReason.FIRST


def why_view(
    viewer: Viewer,
    matter: OutgoingRecord,
    calls: Sequence[OutgoingRecord],
    people: Mapping[str, str],
    names: UnitNames,
    *,
    has_post: bool,
) -> Json:
    """Return the reason for the viewer, and all calls about the matter, in names and in order."""
    return {
        "reason": reason_of(viewer, matter["place"], calls, has_post=has_post),
        "place_name": names.unit(matter["place"]),
        "level": matter["level"],
        "status": matter["status"],
        "calls": [_call_view(viewer, call, people, names) for call in calls],
    }


def _call_view(
    viewer: Viewer, call: OutgoingRecord, people: Mapping[str, str], names: UnitNames
) -> Json:
    is_open = opens(viewer, call["unit"], DataClass.NAME)
    answered = call["verb"] in _FINAL_VERBS
    answered_at: datetime | None = call["answered_at"] if answered else None
    return {
        "page_id": call["page_id"],
        "own": call["officer_id"] == viewer.officer_id,
        "officer_name": people.get(call["officer_id"]) if is_open else None,
        "unit_name": names.unit(call["unit"]),
        "post": call["post"],
        "channel": call["channel"],
        "round": call["round"],
        "rung": call["rung"],
        "state": call["state"],
        "called_at": call["called_at"],
        "answer": call["verb"] if answered else None,
        "answered_at": answered_at,
    }
