"""Warnings of other agencies 外部预警: one source each, until the agency takes them back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.alerting.core.pool import Sighting
from shared.contracts.fields import DataGrade, Status
from shared.contracts.reports import ExternalWarning

_COUNT = frozenset({"Alert", "Update"})
_WITHDRAW = frozenset({"Cancel", "Error"})


@dataclass(frozen=True, slots=True)
class Warned:
    """What of a warning counts. Without a kind of event it is kept and supports nothing."""

    warning_id: str
    status: Status
    source_id: str
    cap_identifier: str
    event_type: str | None
    areas: tuple[str, ...]
    heard_at: datetime
    withdrawn: bool = False
    grade: DataGrade = DataGrade.GENERAL


def warned(event: ExternalWarning, heard_at: datetime) -> Warned | None:
    """The warning, if the message is one: an alert or an update of it."""
    if event.msg_type not in _COUNT:
        return None
    return Warned(
        warning_id=event.id,
        status=event.status,
        source_id=event.source_id,
        cap_identifier=event.cap_identifier,
        event_type=event.event_type,
        areas=areas_of(event),
        heard_at=heard_at,
        grade=event.data_grade,
    )


def areas_of(event: ExternalWarning) -> tuple[str, ...]:
    """What a warning is about; without areas, the unit it was received for."""
    return event.areas or (event.origin_unit,)


def withdraws(event: ExternalWarning, known: Warned) -> bool:
    """Whether a message takes this warning back: those it names, else all of its kind and source."""
    if event.msg_type not in _WITHDRAW or known.withdrawn:
        return False
    if (event.source_id, event.status) != (known.source_id, known.status):
        return False
    if event.references:
        return known.warning_id in event.references or known.cap_identifier in event.references
    return event.event_type in (None, known.event_type)


def sighting_of(known: Warned) -> Sighting | None:
    """A warning as a sighting of its agency, at the moment at which it was issued."""
    if known.event_type is None:
        return None
    return Sighting(
        sighting_id=known.warning_id,
        record_id=known.warning_id,
        source=f"agency:{known.source_id}",
        kind="agency",
        event_type=known.event_type,
        places=known.areas,
        start=known.heard_at,
        end=known.heard_at,
        grade=known.grade,
    )
