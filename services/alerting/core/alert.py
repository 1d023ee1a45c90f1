"""An alert with its evidence, as the lifecycle sees it: immutable, complete, equal when equal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.alerting.core.authority import Requirement, requirement
from services.alerting.core.corroborate import Sighting
from services.alerting.core.score import score
from services.alerting.core.states import FINAL, INITIAL
from shared.contracts.alerts import AlertState, Signature
from shared.contracts.fields import LEVEL_ORDER, Level, Status
from shared.contracts.reports import ReporterRole, ReportKind


@dataclass(frozen=True, slots=True)
class Alarm:
    """The newest known state of an alarm that belongs to an alert.

    `raised_at` is when its episode began, `seen_at` its last sign of danger, `cleared_at` when it
    ended (None = it is on); all event time. One over several sources has no sensor.
    """

    alarm_id: str
    version: int
    sensor_id: str | None
    level: Level
    raised_at: datetime
    seen_at: datetime
    cleared_at: datetime | None = None

    @property
    def asks(self) -> bool:
        """Whether it asks for an alert: on, and above 提示."""
        return self.cleared_at is None and LEVEL_ORDER[self.level] >= LEVEL_ORDER[Level.BLUE]


@dataclass(frozen=True, slots=True)
class ReportSeen:
    """What of a report counts as evidence."""

    report_id: str
    incident_id: str
    kind: ReportKind
    reporter_id: str
    role: ReporterRole
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. `version` 0 is one that has not been opened yet.

    `level` is issued, `proposed_level` waits for a signature (None = lift), `asked_level` is what the
    evidence asks for: the three differ while a decision is due, or after a proposal was rejected.
    `round` counts proposals: signatures belong to one. `signed` are those of the present proposal,
    `issued_by` those that put the present level in force.
    """

    alert_id: str
    status: Status
    event_type: str
    scope: str
    place: str
    incident_id: str
    version: int = 0
    state: AlertState = INITIAL
    level: Level | None = None
    proposed_level: Level | None = None
    asked_level: Level | None = None
    round: int = 0
    issued_round: int = 0
    verified_by: str | None = None
    sources: int = 0
    kinds: int = 0
    headline: str = ""
    areas: tuple[str, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    reports: tuple[ReportSeen, ...] = ()
    signed: tuple[Signature, ...] = ()
    issued_by: tuple[Signature, ...] = ()

    @property
    def open(self) -> bool:
        """Whether anything can still happen to it."""
        return self.state not in FINAL

    @property
    def issued(self) -> bool:
        """Whether its level is in force."""
        return self.state is AlertState.ISSUED

    @property
    def needs(self) -> Requirement:
        """Whose signatures the present proposal needs."""
        return requirement(self.place, self.level, self.proposed_level)

    @property
    def score(self) -> int:
        """0 to 100, by what is proposed and by who has seen it."""
        return score(self.proposed_level, self.sources, self.kinds)

    @property
    def sightings(self) -> list[Sighting]:
        """Every moment at which a source saw the danger.

        An alarm over several sources is no source of its own; it counts while there is no other.
        """
        seen = [
            Sighting(f"sensor:{alarm.sensor_id}", "sensor", at)
            for alarm in self.alarms
            if alarm.sensor_id is not None
            for at in {alarm.raised_at, alarm.seen_at}
        ]
        seen += [
            Sighting(f"person:{report.reporter_id}", report.role, report.occurred_at)
            for report in self.reports
            if report.kind is not ReportKind.FINAL
        ]
        return seen or [
            Sighting("rules", "rule", at)
            for alarm in self.alarms
            for at in (alarm.raised_at, alarm.seen_at)
        ]

    def asked(self) -> Level | None:
        """The level that the evidence asks for now; None = nothing is left that asks for one.

        The highest alarm that is on decides. Without one, a report that no final report has ended
        holds the alert at blue. After the issue only a report newer than the last all-clear of the
        sensors does: otherwise the end of the alarms is a proposal to lift, which a person decides.
        """
        levels = [alarm.level for alarm in self.alarms if alarm.asks]
        if levels:
            return max(levels, key=LEVEL_ORDER.__getitem__)
        ended = {one.incident_id for one in self.reports if one.kind is ReportKind.FINAL}
        told = [one.occurred_at for one in self.reports if one.incident_id not in ended]
        cleared = [one.cleared_at for one in self.alarms if one.cleared_at is not None]
        if self.issued and cleared:
            told = [at for at in told if at > max(cleared)]
        return Level.BLUE if told else None
