"""Warnings of other agencies 外部预警: one source each, from when they take effect until they expire or the
agency takes them back or says another.

What a message follows is over, also when it comes only after it: messages of an agency are ordered by what
they refer to, not by their arrival.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.alerting.core.pool import Sighting
from shared.contracts.fields import DataGrade, Status
from shared.contracts.reports import ExternalWarning

_COUNT = frozenset({"Alert", "Update"})
_WITHDRAW = frozenset({"Cancel", "Error"})
_FOLLOW = _WITHDRAW | {"Update"}
UNSAID = timedelta(hours=24)
"""How long a warning counts whose agency does not say until when."""
LATE = timedelta(hours=72)
"""What the log takes later than this after its issue is no late message but a log of the past."""


@dataclass(frozen=True, slots=True)
class Warned:
    """What of a warning counts, from `starts_at` until before `ends_at`.

    Without a kind of event it is kept and supports nothing.
    """

    warning_id: str
    status: Status
    source_id: str
    cap_identifier: str
    event_type: str | None
    areas: tuple[str, ...]
    heard_at: datetime
    starts_at: datetime
    ends_at: datetime
    withdrawn: bool = False
    grade: DataGrade = DataGrade.GENERAL


def warned(
    event: ExternalWarning, heard_at: datetime, accepted_at: datetime | None = None
) -> Warned | None:
    """The warning, if the message is one: an alert or an update of it.

    `accepted_at` is when the log took it: what had expired by then is over before it comes. A log of the
    past goes by its own time alone.
    """
    if event.msg_type not in _COUNT:
        return None
    starts_at = max(heard_at, event.effective_at or heard_at)
    ends_at = event.expires_at or starts_at + UNSAID
    comes_late = accepted_at is not None and ends_at <= accepted_at <= heard_at + LATE
    return Warned(
        warning_id=event.id,
        status=event.status,
        source_id=event.source_id,
        cap_identifier=event.cap_identifier,
        event_type=event.event_type,
        areas=areas_of(event),
        heard_at=heard_at,
        starts_at=starts_at,
        ends_at=ends_at,
        withdrawn=comes_late,
        grade=event.data_grade,
    )


def areas_of(event: ExternalWarning) -> tuple[str, ...]:
    """What a warning is about; without areas, the unit it was received for."""
    return event.areas or (event.origin_unit,)


def withdraws(event: ExternalWarning, known: Warned) -> bool:
    """Whether a message ends this warning: those it follows, a withdrawal that names none all of its kind
    and source."""
    if event.msg_type not in _FOLLOW or known.withdrawn:
        return False
    if (event.source_id, event.status) != (known.source_id, known.status):
        return False
    if event.references:
        return known.warning_id in event.references or known.cap_identifier in event.references
    return event.msg_type in _WITHDRAW and event.event_type in (None, known.event_type)


def yet_to_come(event: ExternalWarning, known: Collection[str], heard_at: datetime) -> list[Warned]:
    """What a message follows and nobody has heard of: over before it comes."""
    if event.msg_type not in _FOLLOW:
        return []
    return [
        Warned(
            *(reference, event.status, event.source_id, reference, None, ()),
            *(heard_at, heard_at, heard_at),
            withdrawn=True,
        )
        for reference in event.references
        if reference not in known
    ]


def is_over(event: ExternalWarning, known: Warned | None) -> bool:
    """Whether what follows this message came before it."""
    theirs = (event.source_id, event.status)
    return known is not None and known.withdrawn and theirs == (known.source_id, known.status)


def sighting_of(known: Warned) -> Sighting | None:
    """A warning as a sighting of its agency, for as long as it counts."""
    if known.event_type is None:
        return None
    return Sighting(
        sighting_id=known.warning_id,
        record_id=known.warning_id,
        source=f"agency:{known.source_id}",
        kind="agency",
        event_type=known.event_type,
        places=known.areas,
        start=known.starts_at,
        end=known.ends_at,
        grade=known.grade,
    )
