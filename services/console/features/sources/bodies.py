"""The bodies of requests that change a source."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from services.console.web.actions import Body
from shared.contracts.fields import DataGrade, Identifier, Line, UnitId
from shared.contracts.sources import (
    MOST_PER_MINUTE,
    PlaceChoice,
    SensorChoice,
    SourceDoor,
    SourceId,
)

Reason = Annotated[Line, Field(min_length=1)]
RecordId = Annotated[
    Identifier | None,
    Field(description="`record_id` of the source that was read; the newest one without it."),
]


class SourceLimits(Body):
    """The name, the owner and all limits of a source; what is not named is not allowed."""

    name: Annotated[Line, Field(min_length=1)]
    owner: UnitId
    doors: Annotated[tuple[SourceDoor, ...], Field(max_length=8)] = ()
    sensors: Annotated[tuple[SensorChoice, ...], Field(max_length=1_000)] = ()
    places: Annotated[tuple[PlaceChoice, ...], Field(max_length=200)] = ()
    per_minute: Annotated[int, Field(ge=1, le=MOST_PER_MINUTE)] | None = None
    grade: DataGrade = DataGrade.GENERAL
    sets_grade: bool = False


class NewSourceBody(Body):
    """A new source, or one that has ended and begins again, with its first key."""

    source: SourceId
    limits: SourceLimits
    reason: Reason


class LimitsBody(Body):
    """Other limits of a source; the keys stay."""

    limits: SourceLimits
    reason: Reason
    record_id: RecordId = None


class RotationBody(Body):
    """A further key; the keys before it end `overlap_h` hours later."""

    overlap_h: Annotated[float, Field(ge=0, le=720)] = 24.0
    reason: Reason
    record_id: RecordId = None


class RevocationBody(Body):
    """The end of a source with all keys, or of the keys before the newest one alone."""

    older_keys_only: bool = False
    reason: Reason
    record_id: RecordId = None
