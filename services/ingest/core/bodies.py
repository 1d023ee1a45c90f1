"""What a sender writes. Narrower than the contracts: ingest itself fills who, when and which tier."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.contracts.fields import (
    Contract,
    EventType,
    Finite,
    Identifier,
    Instant,
    Line,
    Metric,
    SensorId,
    Status,
    Text,
    UnitId,
)
from shared.contracts.readings import Datum, UnitOfMeasure
from shared.contracts.reports import ReporterRole, ReportKind

BATCH_LIMIT = 1000
"""Most readings in one batch."""


class ReadingBody(Contract):
    """One reading. `id` is the source's own key: sending it again is harmless."""

    id: Identifier
    sensor_id: SensorId
    metric: Metric
    value: Finite
    unit: UnitOfMeasure
    datum: Datum | None = None
    occurred_at: Instant
    status: Status = Status.ACTUAL
    synthetic: bool = False


class BatchBody(Contract):
    """Up to 1000 readings, accepted or refused as a whole."""

    readings: Annotated[list[ReadingBody], Field(min_length=1, max_length=BATCH_LIMIT)]


class ReportBody(Contract):
    """What a person saw, written down by an app, a hotline or an agency."""

    id: Identifier
    incident_id: Identifier
    kind: ReportKind
    number: Annotated[int, Field(ge=1, le=999)] = 1
    event_type: EventType
    place: UnitId
    reporter_id: Identifier
    reporter_role: ReporterRole
    headline: Line
    text: Text = ""
    occurred_at: Instant
    status: Status = Status.ACTUAL
    restricted: bool = False
