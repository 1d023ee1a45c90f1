"""The evidence that must be loaded before a batch can be evaluated, as ranges of places.

The query is bounded by the scopes that the batch touches; a new rule definition needs its evidence
in all regions.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from services.alerting.core.alarms.scopes import Region, region_of, scope_key, unit_at
from services.alerting.core.alarms.snapshot import AlarmSnapshot
from services.alerting.core.multi_source.corroboration import LOOKBACK
from services.alerting.core.multi_source.episode import EpisodeKey
from services.alerting.core.multi_source.rule_registry import MultiSourceRules
from shared.contracts.conditions import CompositeRule, CorroborationRule, rules_read
from shared.contracts.fields import Status
from shared.contracts.rules import RuleDefinition
from shared.contracts.units import span_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RangeKey = tuple[str, ...]
"""Status, rule id or kind of event, low <= place < high; or status, rule id, site."""


class EvidenceQuery:
    """Ranges of evidence; each moment is the earliest end of evidence that may count."""

    def __init__(self, rules: MultiSourceRules, clocks: dict[Region, datetime]) -> None:
        self._rules = rules
        self._clocks = clocks
        self.alarms: dict[RangeKey, datetime | None] = {}
        self.sites: dict[RangeKey, datetime | None] = {}
        self.sightings: dict[RangeKey, datetime] = {}
        self.episodes: set[EpisodeKey] = set()
        self.all_episodes: set[tuple[str, Region]] = set()

    def add_alarm(self, alarm: AlarmSnapshot) -> None:
        """Add the episodes and the inhibitors that an alarm's change may concern."""
        region = region_of(alarm.status, alarm.place)
        for rule in self._rules.composites_naming(alarm.rule_id):
            assert isinstance(rule.body, CompositeRule)
            scope = scope_key(rule.body.scope, alarm)
            if scope is not None:
                self.add_episode(EpisodeKey(rule.rule_id, region, scope))
        if alarm.sensor_id is not None:
            self.add_sighting(alarm.status, alarm.event_type, alarm.place)
        self.add_inhibitors(alarm)

    def add_inhibitors(self, alarm: AlarmSnapshot) -> None:
        """Add the alarms that may inhibit an alarm."""
        for rule_id in alarm.inhibited_by:
            self.alarms.setdefault((alarm.status, rule_id, alarm.place, alarm.place + "\x01"), None)
            if alarm.site is not None:
                self.sites.setdefault((alarm.status, rule_id, f"site:{alarm.site}"), None)

    def add_sighting(self, status: Status, event_type: str, place: str) -> None:
        """Add the episodes that a source at this place may support."""
        for rule in self._rules.corroborations_of(event_type):
            assert isinstance(rule.body, CorroborationRule)
            unit = unit_at(place, rule.body.within)
            if unit is not None:
                self.add_episode(EpisodeKey(rule.rule_id, region_of(status, unit), unit))

    def add_episode(self, key: EpisodeKey) -> None:
        """Add an episode and its evidence."""
        rule = self._rules.get(key.rule_id)
        self.episodes.add(key)
        if rule is None:
            return
        if isinstance(rule.body, CompositeRule) and rule.body.scope == "site":
            for rule_id in rules_read(rule.body):
                site = (key.region.status, rule_id, key.scope)
                _set_earliest(self.sites, site, self._since(rule, key.region))
        else:
            self._add_range(rule, key.region, span_of(key.scope))

    def add_rule(self, rule: RuleDefinition, regions: Iterable[Region]) -> None:
        """Add all evidence and all episodes of a rule in these regions."""
        for region in regions:
            self.all_episodes.add((rule.rule_id, region))
            self._add_range(rule, region, region.span)

    def _add_range(self, rule: RuleDefinition, region: Region, span: tuple[str, str]) -> None:
        since = self._since(rule, region)
        if isinstance(rule.body, CompositeRule):
            for rule_id in rules_read(rule.body):
                _set_earliest(self.alarms, (region.status, rule_id, *span), since)
        elif isinstance(rule.body, CorroborationRule):
            key = (region.status, rule.event_type, *span)
            self.sightings[key] = min(since or _EPOCH, self.sightings.get(key, since or _EPOCH))

    def _since(self, rule: RuleDefinition, region: Region) -> datetime | None:
        clock = self._clocks.get(region, _EPOCH + timedelta(days=365))
        if isinstance(rule.body, CompositeRule):
            linger = timedelta(seconds=rule.body.linger_s)
            return clock - linger if linger else None
        if isinstance(rule.body, CorroborationRule):
            return clock - timedelta(seconds=rule.body.window_s) - LOOKBACK
        return None


def _set_earliest(
    ranges: dict[RangeKey, datetime | None], key: RangeKey, since: datetime | None
) -> None:
    moment = ranges.get(key)
    if moment is None or since is None:
        ranges[key] = moment or since
    else:
        ranges[key] = min(since, moment)
