"""An alert with its evidence, as the lifecycle sees it: immutable, complete, equal when equal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.alerting.core.authority import Requirement, requirement
from services.alerting.core.corroborate import WINDOW, Sighting, Support, support
from services.alerting.core.score import score
from services.alerting.core.states import INITIAL
from shared.contracts.alerts import AlertState, Assessment, Debt, Signature, Stance
from shared.contracts.fields import LEVEL_ORDER, DataGrade, Level, Status, Tier, highest_grade
from shared.contracts.lifecycles.alert import OPEN_OR_MERGED
from shared.contracts.reports import ReporterRole, ReportKind
from shared.contracts.units import tier_of
from shared.domain.response_modes.effective import UNDECIDED, Effective

_TIERS = tuple(Tier)


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
    home: str = ""
    """The alert it was grouped into; a merge moves it to another one, and leaves this as it is."""

    @property
    def asks(self) -> bool:
        """Whether it asks for an alert: on, and above 提示."""
        return self.cleared_at is None and LEVEL_ORDER[self.level] >= LEVEL_ORDER[Level.BLUE]


@dataclass(frozen=True, slots=True)
class ReportSeen:
    """What of a report counts as evidence. `echo`: it reports upward what the alert knew already, so it
    holds the alert as any report does, but is no sighting."""

    report_id: str
    incident_id: str
    kind: ReportKind
    reporter_id: str
    role: ReporterRole
    occurred_at: datetime
    home: str = ""
    echo: bool = False


@dataclass(frozen=True, slots=True)
class Flap:
    """While it raises and clears too often, the alert stays at `level`; `until` is database time, by `mode`."""

    level: Level
    until: datetime
    mode: Effective = UNDECIDED


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. `version` 0 is one that has not been opened yet.

    `level` is issued, `proposed_level` waits for a signature (None = lift), `asked_level` is what the
    evidence asks for: the three differ while a decision is due, or after a proposal was rejected.
    `round` counts proposals: signatures belong to one. `signed` are those of the present proposal,
    `issued_by` those that put the present level in force. `merged` are all alerts whose evidence is
    here, each with the one it was merged into; `merged_from` is the state an alert was merged in.
    `grade` is the highest of all evidence there has been; it never falls, as the words may stay.
    """

    alert_id: str
    status: Status
    event_type: str
    scope: str
    place: str
    incident_id: str
    grade: DataGrade = DataGrade.GENERAL
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
    proposed_until: datetime | None = None
    expires_at: datetime | None = None
    debt: Debt | None = None
    positions: tuple[Stance, ...] = ()
    flap: Flap | None = None
    merged_into: str | None = None
    merged_from: AlertState | None = None
    merged: tuple[tuple[str, str], ...] = ()

    @property
    def open_or_merged(self) -> bool:
        """Whether anything can still happen to it."""
        return self.state in OPEN_OR_MERGED

    @property
    def issued(self) -> bool:
        """Whether its level is in force."""
        return self.state is AlertState.ISSUED

    @property
    def pending(self) -> bool:
        """Whether there is something to sign: a level, its end, or more time for it."""
        more_time = self.proposed_until is not None
        return not self.issued or self.proposed_level is not self.level or more_time

    @property
    def needs(self) -> Requirement:
        """Whose signatures the present proposal needs."""
        return requirement(self.place, self.level, self.proposed_level)

    @property
    def leading(self) -> Assessment | None:
        """Per scale, what the highest body that says something about it holds; the newest of equals."""
        ranked = sorted(
            self.positions,
            key=lambda position: (
                -_TIERS.index(tier_of(position.unit)),
                position.at,
                position.unit,
            ),
        )
        results: dict[str, Any] = {}
        for stance in ranked:
            results |= stance.assessment.model_dump(exclude_none=True)
        return Assessment(**results) if results else None

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
            if report.kind is not ReportKind.FINAL and not report.echo
        ]
        return seen or [
            Sighting("rules", "rule", at)
            for alarm in self.alarms
            for at in (alarm.raised_at, alarm.seen_at)
        ]

    @property
    def support(self) -> Support:
        """How many sources that do not depend on each other have seen it.

        In a storm an alert has many alarms, and this is asked with each: where one window holds
        every moment, counting the sources is enough.
        """
        sensors = [alarm for alarm in self.alarms if alarm.sensor_id is not None]
        people = [
            report
            for report in self.reports
            if report.kind is not ReportKind.FINAL and not report.echo
        ]
        moments = {
            *(alarm.raised_at for alarm in sensors),
            *(alarm.seen_at for alarm in sensors),
            *(report.occurred_at for report in people),
        }
        if not moments or max(moments) - min(moments) > WINDOW:
            return support(self.sightings)
        return Support(
            len({alarm.sensor_id for alarm in sensors})
            + len({person.reporter_id for person in people}),
            bool(sensors) + len({person.role for person in people}),
        )

    def asked(self) -> Level | None:
        """The level that is asked for now; None = nothing is left that asks for one.

        While it flaps, it does not fall below the level at which it does.
        """
        result = self._asked_by_evidence()
        if self.flap is None or (result and LEVEL_ORDER[result] >= LEVEL_ORDER[self.flap.level]):
            return result
        return self.flap.level

    def _asked_by_evidence(self) -> Level | None:
        """What the evidence asks for.

        The highest alarm that is on decides. Without one, a report that no final report has ended
        holds the alert at blue. After the issue only a report newer than the last all-clear of the
        sensors does: otherwise the end of the alarms is a proposal to lift, which a person decides.
        """
        on = {alarm.level for alarm in self.alarms if alarm.cleared_at is None}
        highest = max(on, key=LEVEL_ORDER.__getitem__, default=Level.NOTICE)
        if highest is not Level.NOTICE:
            return highest
        ended = {report.incident_id for report in self.reports if report.kind is ReportKind.FINAL}
        datetimes = [
            report.occurred_at for report in self.reports if report.incident_id not in ended
        ]
        cleared = [alarm.cleared_at for alarm in self.alarms if alarm.cleared_at is not None]
        if self.issued and cleared:
            datetimes = [at for at in datetimes if at > max(cleared)]
        return Level.BLUE if datetimes else None


def graded(alert: Alert, grade: DataGrade) -> Alert:
    """The alert with evidence of this grade in it."""
    highest = highest_grade(alert.grade, grade)
    return alert if highest is alert.grade else replace(alert, grade=highest)
