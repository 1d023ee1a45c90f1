"""An alert with its evidence: immutable, complete, and equal to any alert with equal content."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.alerting.core.alerts.authority import SignatureRequirement, requirement
from services.alerting.core.alerts.score import score
from services.alerting.core.alerts.source_count import (
    WINDOW,
    Observation,
    SourceCount,
    count_sources,
)
from services.alerting.core.alerts.states import INITIAL
from shared.contracts.alerts import AlertState, Assessment, Debt, Signature, Stance
from shared.contracts.fields import LEVEL_ORDER, DataGrade, Level, Status, Tier, highest_grade
from shared.contracts.lifecycles.alert import OPEN_OR_MERGED
from shared.contracts.reports import ReporterRole, ReportKind
from shared.contracts.units import tier_of
from shared.contracts.wordings import AlertWording
from shared.domain.response_modes.effective import UNDECIDED, Effective

_TIERS = tuple(Tier)


@dataclass(frozen=True, slots=True)
class AlarmEvidence:
    """The part of an alarm's newest state that its alert needs; in a storm an alert has many.

    `raised_at` is when the episode began, `last_danger_at` the last sign of danger, and
    `cleared_at` the end (None: the alarm is on); all are event time. An alarm over several sources
    has no sensor.
    """

    alarm_id: str
    version: int
    sensor_id: str | None
    level: Level
    raised_at: datetime
    last_danger_at: datetime
    cleared_at: datetime | None = None
    origin_alert_id: str = ""
    """The alert into which the alarm was grouped; a merge moves the alarm and leaves this id."""

    @property
    def asks_for_alert(self) -> bool:
        """Return whether the alarm is on and above advice 提示."""
        return self.cleared_at is None and LEVEL_ORDER[self.level] >= LEVEL_ORDER[Level.BLUE]


@dataclass(frozen=True, slots=True)
class ReportEvidence:
    """The part of a report that counts as evidence.

    `repeats_known`: the report passes upward an incident that the alert contained already. Such a
    report keeps the alert open as any report does, but is no further source. `warning_id`: an
    officer reports because of a warning of another agency, which is the source.
    """

    report_id: str
    incident_id: str
    kind: ReportKind
    reporter_id: str
    role: ReporterRole
    occurred_at: datetime
    origin_alert_id: str = ""
    repeats_known: bool = False
    warning_id: str | None = None

    @property
    def source(self) -> str:
        """Return the source: the warning behind the report, else the reporter."""
        if self.warning_id is not None:
            return f"warning:{self.warning_id}"
        return f"person:{self.reporter_id}"


@dataclass(frozen=True, slots=True)
class FlappingState:
    """While its alarms flap, an alert stays at least at `level` until `until` (database time).

    The response mode `mode` determined the length of the quiet period.
    """

    level: Level
    until: datetime
    mode: Effective = UNDECIDED


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. Version 0 is an alert that has not been opened yet.

    `level` is in force, `proposed_level` waits for signatures (None: to be lifted), and
    `requested_level` is the level that the evidence requests: the three differ while a decision is
    due, or after a proposal was rejected. `round` counts proposals; a signature belongs to one
    round. `signatures` are those of the present proposal, `issuing_signatures` those that put the
    present level in force. `pending_ratification` is set while the gate has not decided about an
    emergency authorisation. `merged_alerts` are all alerts whose evidence is here, each with the
    alert into which it was merged; `state_before_merge` is the state in which this alert was
    merged. `wording` are the words of the present proposal, `issued_wording` those in force.
    `grade` is the highest grade of all evidence so far; it never falls, since the words may stay.
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
    requested_level: Level | None = None
    round: int = 0
    issued_round: int = 0
    verified_by: str | None = None
    sources: int = 0
    kinds: int = 0
    headline: str = ""
    areas: tuple[str, ...] = ()
    alarms: tuple[AlarmEvidence, ...] = ()
    reports: tuple[ReportEvidence, ...] = ()
    signatures: tuple[Signature, ...] = ()
    issuing_signatures: tuple[Signature, ...] = ()
    proposed_until: datetime | None = None
    expires_at: datetime | None = None
    pending_ratification: Debt | None = None
    positions: tuple[Stance, ...] = ()
    wording: AlertWording | None = None
    issued_wording: AlertWording | None = None
    flapping: FlappingState | None = None
    merged_into: str | None = None
    state_before_merge: AlertState | None = None
    merged_alerts: tuple[tuple[str, str], ...] = ()

    @property
    def is_open_or_merged(self) -> bool:
        """Return whether a further event can change the alert."""
        return self.state in OPEN_OR_MERGED

    @property
    def is_issued(self) -> bool:
        """Return whether the level is in force."""
        return self.state is AlertState.ISSUED

    @property
    def is_pending(self) -> bool:
        """Return whether there is a proposal to sign: a level, its end, more time, other words."""
        more_time = self.proposed_until is not None
        is_other_level = self.proposed_level is not self.level
        return not self.is_issued or is_other_level or more_time or self.has_other_words

    @property
    def has_other_words(self) -> bool:
        """Return whether the words of the proposal are not those in force."""
        return self.wording is not None and self.wording != self.issued_wording

    @property
    def requirement(self) -> SignatureRequirement:
        """Return the unit and the number of signatures that the present proposal needs."""
        return requirement(self.place, self.level, self.proposed_level)

    @property
    def leading_assessment(self) -> Assessment | None:
        """Return, per scale, the assessment of the highest body; the newest of equal bodies."""
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
    def began_at(self) -> datetime | None:
        """Return the begin of the oldest evidence; None without evidence."""
        moments = [alarm.raised_at for alarm in self.alarms]
        moments += [report.occurred_at for report in self.reports]
        return min(moments, default=None)

    @property
    def score(self) -> int:
        """Return 0 to 100, from the proposed level and the sources."""
        return score(self.proposed_level, self.sources, self.kinds)

    @property
    def observations(self) -> list[Observation]:
        """Return every moment at which a source observed the danger.

        An alarm over several sources is no source by itself; it counts while there is no other.
        """
        observations = [
            Observation(f"sensor:{alarm.sensor_id}", "sensor", at)
            for alarm in self.alarms
            if alarm.sensor_id is not None
            for at in {alarm.raised_at, alarm.last_danger_at}
        ]
        observations += [
            Observation(report.source, report.role, report.occurred_at)
            for report in self.reports
            if _is_observation(report)
        ]
        return observations or [
            Observation("rules", "rule", at)
            for alarm in self.alarms
            for at in (alarm.raised_at, alarm.last_danger_at)
        ]

    @property
    def source_count(self) -> SourceCount:
        """Return the number of distinct sources of the evidence in any one window.

        In a storm an alert has thousands of alarms and changes with each of them: where one window
        contains every moment, counting the sources is enough.
        """
        sensors = [alarm for alarm in self.alarms if alarm.sensor_id is not None]
        people = [report for report in self.reports if _is_observation(report)]
        moments = {
            *(alarm.raised_at for alarm in sensors),
            *(alarm.last_danger_at for alarm in sensors),
            *(report.occurred_at for report in people),
        }
        if not moments or max(moments) - min(moments) > WINDOW:
            return count_sources(self.observations)
        return SourceCount(
            len({alarm.sensor_id for alarm in sensors}) + len({person.source for person in people}),
            bool(sensors) + len({person.role for person in people}),
        )

    def compute_requested_level(self) -> Level | None:
        """Return the level that is requested now; None: no evidence requests an alert any more.

        While the alert flaps, the result is not below the level of the flapping.
        """
        level = self._level_of_evidence()
        if self.flapping is None or (
            level and LEVEL_ORDER[level] >= LEVEL_ORDER[self.flapping.level]
        ):
            return level
        return self.flapping.level

    def _level_of_evidence(self) -> Level | None:
        """Return the level that the evidence requests.

        The highest alarm that is on decides. Without such an alarm, a report that no final report
        has ended keeps the alert at blue. After the issue only a report newer than the last
        all-clear of the sensors does: otherwise the end of the alarms is a proposal to lift, which
        a person decides.
        """
        levels = {alarm.level for alarm in self.alarms if alarm.cleared_at is None}
        highest = max(levels, key=LEVEL_ORDER.__getitem__, default=Level.NOTICE)
        if highest is not Level.NOTICE:
            return highest
        ended = {report.incident_id for report in self.reports if report.kind is ReportKind.FINAL}
        moments = [report.occurred_at for report in self.reports if report.incident_id not in ended]
        cleared = [alarm.cleared_at for alarm in self.alarms if alarm.cleared_at is not None]
        if self.is_issued and cleared:
            moments = [moment for moment in moments if moment > max(cleared)]
        return Level.BLUE if moments else None


def with_grade(alert: Alert, grade: DataGrade) -> Alert:
    """Return the alert after evidence of this grade has joined."""
    highest = highest_grade(alert.grade, grade)
    return alert if highest is alert.grade else replace(alert, grade=highest)


def _is_observation(report: ReportEvidence) -> bool:
    return report.kind is not ReportKind.FINAL and not report.repeats_known
