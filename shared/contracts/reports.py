"""Human reports 事件报告 and warnings of other agencies 外部预警."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.envelope import Envelope
from shared.contracts.fields import EventType, Identifier, Level, Line, Position, Text, UnitId


class ReportKind(StrEnum):
    """初报, 续报, 终报."""

    INITIAL = "initial"
    FOLLOW_UP = "follow_up"
    FINAL = "final"


class ReporterRole(StrEnum):
    """Who reports; corroboration counts distinct kinds of source."""

    GRID_WORKER = "grid_worker"
    HOTLINE = "hotline"
    OFFICER = "officer"
    AGENCY = "agency"


class Report(Envelope):
    """What a person saw. `place` is the unit where it happened; text is hostile until escaped."""

    type: Literal["report"] = "report"
    incident_id: Identifier
    kind: ReportKind
    number: Annotated[int, Field(ge=1, le=999)] = 1
    event_type: EventType
    place: UnitId
    reporter_id: Identifier
    reporter_role: ReporterRole
    headline: Line
    text: Text = ""
    restricted: bool = False
    position: Position | None = None


class ExternalWarning(Envelope):
    """A warning issued by another agency, taken from CAP 1.2. `source_text` keeps the document."""

    type: Literal["external_warning"] = "external_warning"
    source_id: Identifier
    cap_identifier: Annotated[str, Field(min_length=1, max_length=200)]
    msg_type: Literal["Alert", "Update", "Cancel", "Ack", "Error"]
    event_type: EventType | None = None
    level: Level | None = None
    headline: Line
    source_text: Annotated[str, Field(max_length=60_000)] = ""
