"""The engine of rules over several sources on a bench: all evidence in memory, without a log.

Alarms of the rules come back like those of sensors, as they do through the log. Evidence that can
no longer count is dropped on the way, so memory does not grow with the recording.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from services.alerting.core.alarms.scopes import Region, region_of, regions_concerned
from services.alerting.core.alarms.snapshot import AlarmSnapshot, snapshot_of
from services.alerting.core.multi_source.corroboration import LOOKBACK
from services.alerting.core.multi_source.engine import MultiSourceEngine
from services.alerting.core.multi_source.episode import EpisodeCause
from services.alerting.core.multi_source.external_warnings import (
    WarningState,
    changes_by,
    sighting_of_warning,
)
from services.alerting.core.multi_source.report_sightings import sighting_of
from services.alerting.core.multi_source.rule_registry import MultiSourceRules
from services.alerting.core.multi_source.source_pool import Sighting
from services.scoring.core.refusals import RefusedInput
from shared.contracts.alarms import AlarmEvent
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Status
from shared.contracts.reports import ExternalWarning, Report
from shared.contracts.rules import RuleDefinition
from shared.domain.agency_warnings import areas_of
from shared.domain.local_time import ZONE

Evidence = AlarmEvent | Report | ExternalWarning
_LOOKBACK = LOOKBACK + timedelta(hours=72)
"""Longer than any rule looks back: windows and lingering times are 72 hours at most."""
_PRUNE_EACH = 5_000


class SourcesBench:
    """A bench for the rules over several sources among `rules`; alarms are taken by version."""

    def __init__(self, rules: Iterable[RuleDefinition], zone: str = ZONE) -> None:
        """Raises RefusedInput for a rule that looks at itself."""
        several = [rule for rule in rules if not rule.over_one_sensor]
        self._rules = MultiSourceRules(several, zone=zone)
        for rule in several:
            if path := self._rules.cycle(rule):
                raise RefusedInput(Reason.INVALID_RULE, f"{rule.rule_id} looks at itself: {path}")
        self._engine = MultiSourceEngine(self._rules)
        self._regions: set[Region] = set()
        self._warnings: dict[str, WarningState] = {}
        self._sightings: dict[str, tuple[Status, Sighting]] = {}
        self._count = 0

    @property
    def too_costly(self) -> list[str]:
        """Return the rules that alerting would set aside for their cost."""
        return sorted(self._rules.quarantined)

    def take(self, message: Evidence) -> list[AlarmEvent]:
        """Apply a message and return the alarm events that follow, in order."""
        self._count += 1
        if self._count % _PRUNE_EACH == 0:
            self._prune()
        at = message.occurred_at
        cause = EpisodeCause(message.id, message.trace_id or message.id, at, at)
        if isinstance(message, ExternalWarning):
            self._take_warning(message, cause)
        else:
            self._advance(region_of(message.status, message.place), cause)
            if isinstance(message, Report):
                self._take_report(message, cause)
            else:
                self._take_alarm(message, cause)
        return self._follow()

    def pass_time(self, at: float) -> list[AlarmEvent]:
        """Let event time pass everywhere, and return the alarm events that follow."""
        moment = datetime.fromtimestamp(at, UTC)
        for region in sorted(self._regions):
            self._advance(region, EpisodeCause("time", "time", moment, moment))
        return self._follow()

    def _advance(self, region: Region, cause: EpisodeCause) -> None:
        self._regions.add(region)
        self._engine.advance_clock(region, cause.at, cause)

    def _take_alarm(self, event: AlarmEvent, cause: EpisodeCause) -> None:
        previous = self._engine.evidence.alarms.get(event.alarm_id)
        if previous is None or event.version > previous.version:
            self._engine.apply_alarm(snapshot_of(event, previous), cause)

    def _take_report(self, event: Report, cause: EpisodeCause) -> None:
        sighting = sighting_of(event, cause.at)
        if sighting is not None:
            self._sightings[sighting.sighting_id] = (event.status, sighting)
            self._engine.apply_report(event.status, sighting, cause)

    def _take_warning(self, event: ExternalWarning, cause: EpisodeCause) -> None:
        areas = areas_of(event)
        self._regions |= {region_of(event.status, area) for area in areas}
        for region in regions_concerned(event.status, areas, self._regions):
            self._advance(region, cause)
        changes = changes_by(event, self._warnings, cause.at)
        for updated in (*changes.absent, *changes.in_order):
            self._warnings[updated.warning_id] = updated
            sighting = sighting_of_warning(updated)
            if sighting is not None:
                self._engine.apply_warning(
                    updated.status, sighting, cause, withdrawn=updated.withdrawn
                )

    def _follow(self) -> list[AlarmEvent]:
        """Return the events of the rules, each taken in turn as an alarm."""
        events: list[AlarmEvent] = []
        while self._engine.events:
            waiting, self._engine.events = self._engine.events, []
            for event in waiting:
                events.append(event)
                cause = EpisodeCause(
                    event.id, event.trace_id or event.id, event.occurred_at, event.occurred_at
                )
                self._take_alarm(event, cause)
        return events

    def _prune(self) -> None:
        """Go on with an engine that has the evidence that may still count."""
        former = self._engine
        self._engine = engine = MultiSourceEngine(self._rules)
        engine.clocks = former.clocks
        for episode in former.episodes.values():
            engine.add_episode(episode)
        for alarm in former.evidence.alarms.values():
            if self._may_count(alarm.status, alarm):
                engine.evidence.update_alarm(alarm)
        self._sightings = {
            name: (status, sighting)
            for name, (status, sighting) in self._sightings.items()
            if self._may_count(status, sighting)
        }
        for status, sighting in self._sightings.values():
            engine.evidence.update_sighting(status, sighting)
        for warning in self._warnings.values():
            warned = sighting_of_warning(warning)
            if warned is not None and not warning.withdrawn:
                engine.evidence.update_sighting(warning.status, warned)

    def _may_count(self, status: Status, item: AlarmSnapshot | Sighting) -> bool:
        if isinstance(item, AlarmSnapshot):
            place, end = item.place, item.cleared_at
        else:
            place, end = item.places[0], item.end
        clock = self._engine.clocks.get(region_of(status, place))
        return end is None or clock is None or end >= clock - _LOOKBACK
