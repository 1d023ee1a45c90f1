"""What has to be known before a batch can be judged: ranges of places, per rule and kind of event.

Bounded by the scopes that the batch touches; a new definition wants its own evidence everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from services.alerting.core.episode import EpisodeKey
from services.alerting.core.facts import Fact
from services.alerting.core.rulebook import RuleBook
from services.alerting.core.scopes import Region, region_of, scope_key, span_of, unit_at
from services.alerting.core.sources import LOOKBACK
from shared.contracts.conditions import CompositeRule, CorroborationRule, named_rules
from shared.contracts.fields import Status
from shared.contracts.rules import RuleDefinition

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
Key = tuple[str, ...]
"""Status, rule or kind of event, first place, place behind the last; or status, rule, site."""


class Wants:
    """Collects what is wanted. A moment is the earliest end of what is over and still matters."""

    def __init__(self, rules: RuleBook, clocks: dict[Region, datetime]) -> None:
        self._rules = rules
        self._clocks = clocks
        self.alarms: dict[Key, datetime | None] = {}
        self.sites: dict[Key, datetime | None] = {}
        self.sightings: dict[Key, datetime] = {}
        self.episodes: set[EpisodeKey] = set()
        self.all_episodes: set[tuple[str, Region]] = set()

    def fact(self, fact: Fact) -> None:
        """What an alarm's change may touch."""
        region = region_of(fact.status, fact.place)
        for rule in self._rules.naming(fact.rule_id):
            assert isinstance(rule.body, CompositeRule)
            scope = scope_key(rule.body.scope, fact)
            if scope is not None:
                self.key(EpisodeKey(rule.rule_id, region, scope))
        if fact.sensor_id is not None:
            self.sighting(fact.status, fact.event_type, fact.place)
        self.inhibitors(fact)

    def inhibitors(self, fact: Fact) -> None:
        """What may silence an alarm."""
        for rule_id in fact.inhibited_by:
            self.alarms.setdefault((fact.status, rule_id, fact.place, fact.place + "\x01"), None)
            if fact.site is not None:
                self.sites.setdefault((fact.status, rule_id, f"site:{fact.site}"), None)

    def sighting(self, status: Status, event_type: str, place: str) -> None:
        """What a source at this place may support."""
        for rule in self._rules.about(event_type):
            assert isinstance(rule.body, CorroborationRule)
            unit = unit_at(place, rule.body.within)
            if unit is not None:
                self.key(EpisodeKey(rule.rule_id, region_of(status, unit), unit))

    def key(self, key: EpisodeKey) -> None:
        """An episode and its evidence."""
        rule = self._rules.get(key.rule_id)
        self.episodes.add(key)
        if rule is None:
            return
        if isinstance(rule.body, CompositeRule) and rule.body.scope == "site":
            for named in named_rules(rule.body.when):
                spot = (key.region.status, named, key.scope)
                _earliest(self.sites, spot, self._since(rule, key.region))
        else:
            self._range(rule, key.region, span_of(key.scope))

    def everywhere(self, rule: RuleDefinition, regions: Iterable[Region]) -> None:
        """All evidence of a rule in these regions, and all its episodes there."""
        for region in regions:
            self.all_episodes.add((rule.rule_id, region))
            self._range(rule, region, region.span)

    def _range(self, rule: RuleDefinition, region: Region, span: tuple[str, str]) -> None:
        since = self._since(rule, region)
        if isinstance(rule.body, CompositeRule):
            for named in named_rules(rule.body.when):
                _earliest(self.alarms, (region.status, named, *span), since)
        elif isinstance(rule.body, CorroborationRule):
            key = (region.status, rule.event_type, *span)
            self.sightings[key] = min(since or _EVER, self.sightings.get(key, since or _EVER))

    def _since(self, rule: RuleDefinition, region: Region) -> datetime | None:
        clock = self._clocks.get(region, _EVER + timedelta(days=365))
        if isinstance(rule.body, CompositeRule):
            linger = timedelta(seconds=rule.body.linger_s)
            return clock - linger if linger else None
        if isinstance(rule.body, CorroborationRule):
            return clock - timedelta(seconds=rule.body.window_s) - LOOKBACK
        return None


def _earliest(found: dict[Key, datetime | None], key: Key, since: datetime | None) -> None:
    moment = found.get(key)
    if moment is None or since is None:
        found[key] = moment or since
    else:
        found[key] = min(since, moment)
