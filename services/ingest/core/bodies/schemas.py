"""The fields of JSON bodies. Contracts have more: ingest adds unit, tier and `sent_at`."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from shared.contracts.fields import (
    Contract,
    DataGrade,
    DoorStatus,
    EventType,
    Finite,
    Identifier,
    Line,
    Metric,
    Position,
    SensorId,
    Status,
    Text,
    UnitId,
)
from shared.contracts.readings import Datum, UnitOfMeasure
from shared.contracts.reports import ReporterRole, ReportFacts, ReportKind

BATCH_LIMIT = 1000
"""The most readings in one batch."""


SourceKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:\-]{0,63}$")]
"""A source's own id of a record; with the prefix of the source it is an Identifier."""
Moment = AwareDatetime
"""A time with its zone; its limits are those of services.ingest.core.times."""


class ReadingBody(Contract):
    """One reading. `id` is the source's own id: sending the reading again is harmless.

    `data_grade`: for sources that may set it; the others' records have the grade of the source.
    """

    id: SourceKey
    sensor_id: SensorId
    metric: Metric
    value: Finite
    unit: UnitOfMeasure
    datum: Datum | None = None
    occurred_at: Moment
    status: Status = Status.ACTUAL
    synthetic: bool = False
    data_grade: DataGrade | None = None


class BatchBody(Contract):
    """Up to 1000 readings, each accepted or refused by itself."""

    readings: Annotated[list[ReadingBody], Field(min_length=1, max_length=BATCH_LIMIT)]


class ReportBody(Contract):
    """The observation of a person, sent by an app, a hotline or an agency. `id` as in a reading.

    `position`: where the person saw it; rules with a radius count reports by it. `facts`: figures
    and circumstances so far. `data_grade` as in a reading.
    """

    id: SourceKey
    incident_id: Identifier
    kind: ReportKind
    number: Annotated[int, Field(ge=1, le=999)] = 1
    event_type: EventType
    place: UnitId
    reporter_id: Identifier
    reporter_role: ReporterRole
    headline: Line
    text: Text = ""
    occurred_at: Moment
    status: DoorStatus = Status.ACTUAL
    restricted: bool = False
    position: Position | None = None
    facts: ReportFacts | None = None
    data_grade: DataGrade | None = None
