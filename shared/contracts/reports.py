"""Human reports 事件报告, the duty to send them upward 上报, and warnings of other agencies 外部预警."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from shared.contracts.envelope import Envelope
from shared.contracts.fields import (
    Clean,
    Contract,
    Count,
    EventType,
    Identifier,
    Instant,
    Level,
    Line,
    Position,
    ResponseMode,
    RuleId,
    Text,
    UnitId,
    Version,
    is_sensitive,
)
from shared.contracts.modes import ModeVersion


class ReportKind(StrEnum):
    """初报, 续报, 终报, 补报."""

    INITIAL = "initial"
    FOLLOW_UP = "follow_up"
    FINAL = "final"
    SUPPLEMENT = "supplement"


class ReporterRole(StrEnum):
    """The role of a reporter; corroboration counts distinct kinds of source."""

    GRID_WORKER = "grid_worker"
    HOTLINE = "hotline"
    OFFICER = "officer"
    AGENCY = "agency"


class Means(StrEnum):
    """The means of a report: 电话 (noted by the caller or by the person called) or 书面."""

    PHONE = "phone"
    WRITTEN = "written"


class Trend(StrEnum):
    """The tendency of the event in the reporter's view."""

    RISING = "rising"
    STEADY = "steady"
    FALLING = "falling"
    OVER = "over"


MOST_AREAS = 4096
"""Divisions that one warning may name: more than a document of 256 KiB holds."""
MOST_REFERENCES = 1024
"""Messages that one warning may follow."""
LONGEST_DOCUMENT = 262_144
"""Characters of a document: as many as 256 KiB can hold."""

Persons = Annotated[int, Field(strict=True, ge=0, le=10_000_000)]
Cny = Annotated[int, Field(strict=True, ge=0, le=10**13)]


class ReportFacts(Contract):
    """The statutory contents of a report (docs/sources.md S6, S7).

    What is absent is not said again.

    `property_loss_cny` in yuan; counts are totals so far, not additions.
    """

    received_at: Instant | None = None
    event_at: Instant | None = None
    place_text: Line | None = None
    nature: Line | None = None
    scope: Line | None = None
    dead: Persons | None = None
    injured: Persons | None = None
    missing: Persons | None = None
    trapped: Persons | None = None
    evacuated: Persons | None = None
    property_loss_cny: Cny | None = None
    trend: Trend | None = None
    leaders: Line | None = None
    measures: Text | None = None
    advice: Text | None = None


class Report(Envelope):
    """A person's report. `place` is the unit of the event; text is hostile until escaped.

    An upward report 上报 names `means`, `from_unit` and `to_unit` (one tier up, or further: 越级);
    `follows` is the report before it. A report of an app or a hotline has none of these. A report
    of a sensitive event is restricted, whatever its writer says. `warning_id` is the warning of
    another agency because of which an officer reports.
    """

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
    restricted: Annotated[bool, Field(validate_default=True)] = False
    position: Position | None = None
    means: Means | None = None
    from_unit: UnitId | None = None
    to_unit: UnitId | None = None
    follows: Identifier | None = None
    warning_id: Identifier | None = None
    facts: ReportFacts | None = None

    @field_validator("restricted")
    @classmethod
    def _restrict_sensitive(cls, restricted: bool, info: ValidationInfo) -> bool:
        return restricted or is_sensitive(info.data.get("event_type", ""))


class DutyState(StrEnum):
    """The states of a unit's duty to report upward.

    owed 待报, phoned 已电话报告, written 已书面报告, closing 待终报, done 已终报, ended 终止.
    """

    OWED = "owed"
    PHONED = "phoned"
    WRITTEN = "written"
    CLOSING = "closing"
    DONE = "done"
    ENDED = "ended"


class CountedReport(Contract):
    """A report that counted for a duty; `late` after its limit."""

    report_id: Identifier
    late: bool


class ReportDuty(Envelope):
    """The `version`-th state of one unit's duty to report an alert's incident to `to_unit`,
    complete.

    A limit is missed when its `_at` is not before its `_due`. `follow_up_due` and `final_due` are
    present while their limits run. `reason` explains an end without a final report; `counted` are
    the newest counted reports, the oldest first; `mode` is the strictest mode behind the limits,
    `limits_id` and `limits_version` the document of the one that is due first.
    """

    type: Literal["report_duty"] = "report_duty"
    duty_id: Identifier
    version: Version
    alert_id: Identifier
    incident_id: Identifier
    event_type: EventType
    place: UnitId
    unit: UnitId
    to_unit: UnitId
    skip_level: bool = False
    level: Level
    title: Line
    state: DutyState
    mode: ResponseMode = ResponseMode.NORMAL
    mode_version: ModeVersion = 0
    mode_unit: UnitId | None = None
    limits_id: RuleId | None = None
    limits_version: Version | None = None
    started_at: Instant
    phone_due: Instant
    phone_at: Instant | None = None
    written_due: Instant
    written_at: Instant | None = None
    follow_up_due: Instant | None = None
    follow_ups: Count = 0
    follow_ups_late: Count = 0
    final_due: Instant | None = None
    final_at: Instant | None = None
    reason: Text = ""
    counted: Annotated[tuple[CountedReport, ...], Field(max_length=200)] = ()

    def running(self) -> dict[str, Instant]:
        """The clocks that run, by the name that supervision gives them, and when each is due."""
        first = self.state is DutyState.OWED
        return {
            clock: due
            for clock, runs, due in (
                ("report_phone", first, self.phone_due),
                ("report_written", first or self.state is DutyState.PHONED, self.written_due),
                ("report_follow_up", self.state is DutyState.WRITTEN, self.follow_up_due),
                ("report_final", self.state is DutyState.CLOSING, self.final_due),
            )
            if runs and due is not None
        }


class ExternalWarning(Envelope):
    """A warning of another agency, taken from CAP 1.2. `source_text` keeps the document.

    The warning is in force from `effective_at` (absent: from its issue) until before `expires_at`
    (absent: no end is stated). `sender_name`, `description` and `instruction` are the agency's own
    words, cut where they are too long. `signed`: the document carries an XML signature; the
    signature is not verified and is no reason for trust.
    """

    type: Literal["external_warning"] = "external_warning"
    areas: Annotated[tuple[UnitId, ...], Field(max_length=MOST_AREAS)] = ()
    references: Annotated[tuple[Identifier, ...], Field(max_length=MOST_REFERENCES)] = ()
    source_id: Identifier
    cap_identifier: Line
    msg_type: Literal["Alert", "Update", "Cancel", "Ack", "Error"]
    event_type: EventType | None = None
    level: Level | None = None
    effective_at: Instant | None = None
    expires_at: Instant | None = None
    headline: Line
    sender_name: Line | None = None
    description: Text = ""
    instruction: Text = ""
    signed: bool = False
    source_text: Annotated[str, Field(max_length=LONGEST_DOCUMENT), Clean] = ""
