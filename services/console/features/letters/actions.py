"""Acts of an operator on dead letters, as records."""

from __future__ import annotations

from datetime import datetime

from services.console.core.access import Viewer
from services.console.core.action_record import ActionRecord, head
from shared.contracts.fields import Status
from shared.contracts.ids import content_id
from shared.contracts.letter_acts import LetterAct, LetterVerb
from shared.contracts.topics import LETTER_ACTS
from shared.domain.letters.history import PlaceHistory
from shared.domain.letters.places import RefusedPlace


def letter_act(
    viewer: Viewer,
    place: RefusedPlace,
    verb: LetterVerb,
    reason: str,
    past: PlaceHistory | None,
    now: datetime,
) -> ActionRecord:
    """Return the record of an act on a refused record after its newest act `past`."""
    since = "" if past is None else past.act.at.isoformat()
    cause = {"status": Status.ACTUAL, "trace_id": None}
    act = LetterAct(
        id=content_id("lta", verb, viewer.officer_id, str(place), since),
        verb=verb,
        actor=viewer.officer_id,
        reason=reason,
        topic=place.topic,
        partition=place.partition,
        offsets=(place.offset,),
        **head(viewer, cause, (), (), now),
    )
    return ActionRecord(LETTER_ACTS, place.topic, act, viewer.officer_id)
