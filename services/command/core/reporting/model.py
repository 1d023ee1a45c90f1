"""What is known of an incident's reporting, as immutable values. All times are the database's.

Nothing here depends on the order in which records were read: `heard` keeps the earliest moment per
level, an alert's standing is its highest version, reports are a set. A duty is judged from that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from shared.contracts.fields import DataGrade, Level, ResponseMode, Status
from shared.contracts.lifecycles.report_duty import FINAL_OWED, PHONE_OWED, WRITTEN_OWED
from shared.contracts.reports import DutyState, Means, ReportFacts, ReportKind
from shared.domain.response_modes.effective import Effective


class Clock(StrEnum):
    """The deadlines of a duty, as supervision events name them."""

    PHONE = "report_phone"
    WRITTEN = "report_written"
    FOLLOW_UP = "report_follow_up"
    FINAL = "report_final"


class Heard(NamedTuple):
    """A level at which the alert was confirmed, or signed and issued (`issued`)."""

    level: Level
    issued: bool


class Over(StrEnum):
    """How an alert came to its end: lifted 解除 asks for a final report, void for nothing."""

    LIFTED = "lifted"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Case:
    """One alert as far as reporting about it goes. `version` is the newest one heard.

    `since` is when any version was heard first, `over_at` when its end was (None = it stands).
    `modes`: what held for the units that report when each level was heard.
    """

    alert_id: str
    status: Status
    incident_id: str
    version: int
    event_type: str
    place: str
    title: str
    trace_id: str
    since: datetime
    heard: Mapping[Heard, datetime]
    modes: Mapping[Heard, Mapping[str, Effective]]
    over: Over | None = None
    over_at: datetime | None = None
    reason: str = ""
    data_grade: DataGrade = DataGrade.GENERAL
    """The highest that any version of the alert had: its title may be of an older one."""


@dataclass(frozen=True, slots=True)
class Told:
    """An upward report that was received."""

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


class Route(NamedTuple):
    """Who reports to whom."""

    unit: str
    to_unit: str
    skip_level: bool = False


class Counted(NamedTuple):
    """A report that counted for a duty, `late` when after its limit."""

    report_id: str
    late: bool


class Calls(NamedTuple):
    """How often a clock has fired for this due time."""

    due_at: datetime
    number: int


@dataclass(frozen=True, slots=True)
class Duty:
    """One unit's duty to report an alert's incident to a unit above. `version` counts its states.

    `mode` is the strictest that any of its limits was given by.
    """

    duty_id: str
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
    counted: tuple[Counted, ...] = ()
    version: int = 1
    calls: Mapping[Clock, Calls] = field(default_factory=dict)

    def running(self) -> dict[Clock, datetime]:
        """The clocks that run now, with when each is due."""
        results: dict[Clock, datetime] = {}
        if self.state in PHONE_OWED:
            results[Clock.PHONE] = self.phone_due
        if self.state in WRITTEN_OWED:
            results[Clock.WRITTEN] = self.written_due
        if self.follow_up_due is not None:
            results[Clock.FOLLOW_UP] = self.follow_up_due
        if self.final_due is not None and self.state in FINAL_OWED:
            results[Clock.FINAL] = self.final_due
        return results
