"""The load plan of a transaction: all rows for the messages or timers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from services.alerting.core.alarms.flapping import WINDOW, FlappingKey, flapping_key
from services.alerting.core.alarms.scopes import Region, region_of, regions_concerned
from services.alerting.core.alarms.snapshot import AlarmSnapshot, snapshot_of
from services.alerting.core.alerts.grouping import GroupKey, group_key
from services.alerting.core.multi_source.episode import EpisodeKey
from services.alerting.core.multi_source.evidence_query import EvidenceQuery
from services.alerting.core.multi_source.external_warnings import (
    WarningState,
    ends_warning,
)
from services.alerting.core.multi_source.rule_registry import MultiSourceRules
from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import AlertDecision, DecisionVerb
from shared.contracts.fields import Status, Tier
from shared.contracts.reports import ExternalWarning, Report
from shared.contracts.rules import RuleDefinition
from shared.contracts.units import tier_of
from shared.domain.agency_warnings import areas_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
REGROUPING_VERBS = frozenset({DecisionVerb.MERGE, DecisionVerb.UNMERGE, DecisionVerb.SPLIT})
"""Decisions that concern two alerts."""


@dataclass
class LoadPlan:
    """The messages and ids of a transaction; the handlers' load functions fill it.

    `until` is the event time up to which episodes may expire. `waiting_alarm_ids` are alarms to be
    routed again. Where evidence may move between alerts (`regrouped_alert_ids`), the regions of the
    alerts are locked too: no process may add evidence during the move.
    """

    alarms: list[AlarmEvent] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    warnings: list[ExternalWarning] = field(default_factory=list)
    rules: list[RuleDefinition] = field(default_factory=list)
    alert_ids: set[str] = field(default_factory=set)
    regrouped_alert_ids: set[str] = field(default_factory=set)
    silence_ids: set[str] = field(default_factory=set)
    waiting_alarm_ids: set[str] = field(default_factory=set)
    episode_keys: set[EpisodeKey] = field(default_factory=set)
    regions: set[Region] = field(default_factory=set)
    cities: set[Region] = field(default_factory=set)
    until: datetime = EPOCH
    _warned_areas: set[tuple[Status, str, str]] = field(default_factory=set)

    def need_alarm(self, event: AlarmEvent, until: datetime) -> None:
        """Need the rows of an alarm, its alert, and its region up to event time `until`."""
        self.alarms.append(event)
        self.regions.add(region_of(event.status, event.place))
        self.until = max(self.until, until)

    def need_report(self, event: Report, until: datetime) -> None:
        """Need the open alert of a report, and its region up to event time `until`."""
        self.reports.append(event)
        self.regions.add(region_of(event.status, event.place))
        self.until = max(self.until, until)

    def need_warning(self, event: ExternalWarning, until: datetime) -> None:
        """Need the warnings of the agency; see `need_areas_of` for the regions."""
        self.warnings.append(event)
        self.until = max(self.until, until)

    def need_areas_of(self, warnings: Sequence[WarningState]) -> None:
        """Need the areas of all messages, and of all `warnings` ended by a message."""
        for event in self.warnings:
            ended = [warning for warning in warnings if ends_warning(event, warning)]
            pairs = {(event.event_type, area) for area in areas_of(event)}
            pairs |= {(warning.event_type, area) for warning in ended for area in warning.areas}
            for event_type, area in pairs:
                self._warned_areas.add((event.status, event_type or "", area))
                self.regions.add(region_of(event.status, area))
                if tier_of(area) is Tier.CITY:
                    self.cities.add(Region(event.status, area))

    def need_decision(self, decision: AlertDecision) -> None:
        """Need the alerts of a decision."""
        named = {decision.alert_id} | ({decision.into} if decision.into else set())
        self.alert_ids |= named
        if decision.verb in REGROUPING_VERBS:
            self.regrouped_alert_ids |= named

    def need_hold(self, region: Region, alarm_id: str) -> None:
        """Need an alarm whose hold ends."""
        self.regions.add(region)
        self.waiting_alarm_ids.add(alarm_id)

    def need_episode(self, key: EpisodeKey) -> None:
        """Need an episode that expires."""
        self.regions.add(key.region)
        self.episode_keys.add(key)

    def need_alert(self, alert_id: str) -> None:
        """Need an alert with evidence for a follow-up alert."""
        self.alert_ids.add(alert_id)
        self.regrouped_alert_ids.add(alert_id)

    @property
    def statuses(self) -> set[Status]:
        """Return the statuses whose silences are needed."""
        if self.waiting_alarm_ids or self.silence_ids:
            return set(Status)
        alarms = {alarm.status for alarm in self.alarms}
        return alarms | {region.status for region in self.regions}

    @property
    def new_snapshots(self) -> list[AlarmSnapshot]:
        """Return the alarms of the messages, each as a new alarm."""
        return [snapshot_of(alarm, None) for alarm in self.alarms]

    @property
    def group_keys(self) -> list[GroupKey]:
        """Return the group keys of the alarms and reports."""
        return [*map(group_key, self.alarms), *map(group_key, self.reports)]

    def evidence_query(
        self,
        rules: MultiSourceRules,
        clocks: Mapping[Region, datetime | None],
        alarms: Iterable[AlarmSnapshot],
    ) -> EvidenceQuery:
        """Return the evidence for rules over several sources.

        `clocks` are those of the locked regions; `alarms` are all loaded alarms.
        """
        moved = {region: clock for region, clock in clocks.items() if clock is not None}
        query = EvidenceQuery(rules, moved)
        for alarm in (*alarms, *self.new_snapshots):
            query.add_alarm(alarm)
        for report in self.reports:
            query.add_sighting(report.status, report.event_type, report.place)
        for status, event_type, area in sorted(self._warned_areas):
            for rule in rules.corroborations_of(event_type):
                query.add_rule(rule, regions_concerned(status, (area,), clocks))
        for definition in self.rules:
            for version in (rules.get(definition.rule_id), definition):
                if version is not None:
                    query.add_rule(version, clocks)
        query.episodes.update(self.episode_keys)
        return query


def raises_since(alarms: Iterable[AlarmSnapshot]) -> dict[FlappingKey, datetime]:
    """Return, by rule and source, the moment from which raises may make these alarms flap."""
    since: dict[FlappingKey, datetime] = {}
    for alarm in alarms:
        key, start = flapping_key(alarm), alarm.changed_at - WINDOW
        since[key] = min(start, since.get(key, start))
    return since
