"""The reporting of an incident, as immutable values. All times are times of the database.

No value depends on the order in which records were read: `levels_seen` has the earliest time of
each level, the end of an alert follows from its highest version, and reports are a set. An
obligation is computed from these values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from shared.contracts.fields import DataGrade, Level, ResponseMode, Status
from shared.contracts.lifecycles.report_duty import FINAL_OWED, PHONE_OWED, WRITTEN_OWED
from shared.contracts.reports import DutyState, Means, ReportFacts, ReportKind
from shared.domain.response_modes.effective import Effective


class ReportClock(StrEnum):
    """The deadlines of an obligation, with the names that supervision events use."""

    PHONE = "report_phone"
    WRITTEN = "report_written"
    FOLLOW_UP = "report_follow_up"
    FINAL = "report_final"


class LevelSeen(NamedTuple):
    """A level at which the alert was confirmed, or signed and issued (`issued`)."""

    level: Level
    issued: bool


class LevelLimits(NamedTuple):
    """The limits of a unit at a level, fixed when the level was seen, and their document.

    Of the first report by phone and in writing from the start of the obligation, between
    follow-ups, and of the final report. `skip`: the town also reports straight to the city.
    """

    limits_id: str
    limits_version: int
    phone: timedelta
    written: timedelta
    follow_up: timedelta
    final: timedelta
    skip: bool


class EndReason(StrEnum):
    """The end of an alert: a lifted alert 解除 asks for a final report, a void one for nothing."""

    LIFTED = "lifted"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class AlertReporting:
    """One alert, reduced to the fields that reporting needs. `version` is the newest version seen.

    `first_seen_at` is the time of the first version, `ended_at` the time of the end (None: no end).
    `modes_at_level` has the modes of the reporting units at the time when each level was seen,
    `limits_at_level` their limits then: a later mode or document changes no limit that was set.
    """

    alert_id: str
    status: Status
    incident_id: str
    version: int
    event_type: str
    place: str
    title: str
    trace_id: str
    first_seen_at: datetime
    levels_seen: Mapping[LevelSeen, datetime]
    modes_at_level: Mapping[LevelSeen, Mapping[str, Effective]]
    end_reason: EndReason | None = None
    ended_at: datetime | None = None
    reason: str = ""
    limits_at_level: Mapping[LevelSeen, Mapping[str, LevelLimits]] = field(default_factory=dict)
    data_grade: DataGrade = DataGrade.GENERAL
    """The highest grade of all versions of the alert: the title may come from an older version."""


@dataclass(frozen=True, slots=True)
class ReceivedReport:
    """An upward report that was received.

    The report counts from `received_at`, when Kafka accepted the record. `known_at` is when the
    service handled the record: the receiving unit could not know of the report before.
    """

    report_id: str
    status: Status
    incident_id: str
    kind: ReportKind
    number: int
    means: Means
    unit: str
    to_unit: str
    headline: str
    restricted: bool
    facts: ReportFacts
    received_at: datetime
    known_at: datetime


class ReportRoute(NamedTuple):
    """A reporting unit and the unit to which it reports."""

    unit: str
    to_unit: str
    skip_level: bool = False


class CreditedReport(NamedTuple):
    """A report that counts for an obligation; `late` when it came after the limit."""

    report_id: str
    late: bool


class ClockCalls(NamedTuple):
    """The number of calls of a clock for this due time."""

    due_at: datetime
    number: int


@dataclass(frozen=True, slots=True)
class Obligation:
    """The obligation of one unit to report an alert's incident to a unit above.

    `version` counts its states. `mode` is the strictest mode by which a limit was set; `limits_id`
    and `limits_version` name the document of the limit that is due first.
    """

    obligation_id: str
    alert_id: str
    status: Status
    incident_id: str
    unit: str
    to_unit: str
    skip_level: bool
    level: Level
    state: DutyState
    started_at: datetime
    mode: ResponseMode
    mode_version: int
    mode_unit: str | None
    phone_due: datetime
    written_due: datetime
    phone_at: datetime | None = None
    written_at: datetime | None = None
    follow_up_due: datetime | None = None
    follow_ups: int = 0
    follow_ups_late: int = 0
    final_due: datetime | None = None
    final_at: datetime | None = None
    reason: str = ""
    credited_reports: tuple[CreditedReport, ...] = ()
    limits_id: str | None = None
    limits_version: int | None = None
    version: int = 1
    calls: Mapping[ReportClock, ClockCalls] = field(default_factory=dict)

    def running_clocks(self) -> dict[ReportClock, datetime]:
        """Return the due time of each clock that runs now."""
        results: dict[ReportClock, datetime] = {}
        if self.state in PHONE_OWED:
            results[ReportClock.PHONE] = self.phone_due
        if self.state in WRITTEN_OWED:
            results[ReportClock.WRITTEN] = self.written_due
        if self.follow_up_due is not None:
            results[ReportClock.FOLLOW_UP] = self.follow_up_due
        if self.final_due is not None and self.state in FINAL_OWED:
            results[ReportClock.FINAL] = self.final_due
        return results
