"""The rules over several sources at work: what is known of some regions, and what follows from a change.

Pure: the store puts in what a batch may need, the consumer hands over changes in their order, and
takes out `out`, the alarm events that follow. An event of our own counts only when it comes back
through the log, like anybody's.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime

from services.alerting.core import composite, sources
from services.alerting.core.episode import Cause, Episode, EpisodeKey, Finding, follow
from services.alerting.core.facts import Fact
from services.alerting.core.knowledge import Knowledge, sighting_of
from services.alerting.core.pool import Sighting, is_source
from services.alerting.core.rulebook import RuleBook
from services.alerting.core.scopes import (
    Region,
    covers,
    is_scope_of,
    region_of,
    scope_key,
    unit_at,
)
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.conditions import CompositeRule, CorroborationRule
from shared.contracts.fields import Status
from shared.contracts.rules import RuleDefinition


class Board:
    """Facts, sightings and episodes of the regions of a batch; `changed` names what to write."""

    def __init__(self, rules: RuleBook) -> None:
        self.rules = rules
        self.known = Knowledge(rules)
        self.episodes: dict[EpisodeKey, Episode] = {}
        self.clocks: dict[Region, datetime] = {}
        self.changed: set[EpisodeKey] = set()
        self.out: list[AlarmEvent] = []
        self.shadowed: Counter[tuple[AlarmTransition, Status]] = Counter()

    # What is known, without asking what follows.

    def remember(self, episode: Episode) -> None:
        """Put in an episode."""
        self.episodes[episode.key] = episode

    # Changes, and what follows from them.

    def pass_time(self, region: Region, at: datetime, cause: Cause) -> None:
        """Event time of a region moves to `at`: what falls due before is decided at its own moment."""
        clock = self.clocks.get(region)
        if clock is not None and at <= clock:
            return
        while (due := self._next_due(region)) is not None and due[0] <= at:
            self.clocks[region] = max(due[0], clock or due[0])
            self._judge(due[1], Cause(cause.event_id, cause.trace_id, due[0], cause.now))
            if self.episodes[due[1]].expires_at == due[0]:  # its rule is gone: nothing is due
                self.remember(replace(self.episodes[due[1]], expires_at=None))
        self.clocks[region] = at

    def alarm(self, fact: Fact, cause: Cause) -> None:
        """An alarm has changed: every rule that looks at it looks again."""
        before = self.known.facts.get(fact.alarm_id)
        self.known.know(fact)
        region = region_of(fact.status, fact.place)
        for rule in self.rules.naming(fact.rule_id):
            assert isinstance(rule.body, CompositeRule)
            scopes = {scope_key(rule.body.scope, fact)}
            if before is not None and region_of(before.status, before.place) == region:
                scopes.add(scope_key(rule.body.scope, before))  # it may have been moved
            for scope in sorted(scope for scope in scopes if scope is not None):
                self._judge(EpisodeKey(rule.rule_id, region, scope), cause, fact)
        sighting = sighting_of(fact)
        if sighting is not None:
            grows = before is None or (fact.open and fact.began_at <= before.began_at)
            self._seen(fact.status, sighting, cause, grows=grows)

    def report(self, status: Status, seen: Sighting, cause: Cause) -> None:
        """Somebody has reported."""
        self.known.see(status, seen)
        self._seen(status, seen, cause, grows=True)

    def warning(self, status: Status, seen: Sighting, cause: Cause, *, withdrawn: bool) -> None:
        """An agency warns, or has taken a warning back."""
        (self.known.forget if withdrawn else self.known.see)(status, seen)
        for rule in self.rules.about(seen.event_type):
            for key in sorted(self._concerned(rule, status)):
                if any(covers(area, key.scope) for area in seen.places):
                    self._judge(key, cause)

    def define(self, rule: RuleDefinition, cause: Cause) -> None:
        """A rule has a new version: it is judged everywhere, and ends where it no longer holds."""
        before = self.rules.get(rule.rule_id)
        if not self.rules.put(rule):
            return
        episode_keys = {key for key in self.episodes if key.rule_id == rule.rule_id}
        in_force = any(
            rule_definition.rule_id == rule.rule_id for rule_definition in self.rules.in_force()
        )
        if in_force:
            episode_keys |= {key for status in Status for key in self._concerned(rule, status)}
        for key in sorted(episode_keys):
            at = self.clocks.get(key.region, cause.at)
            moment = Cause(cause.event_id, cause.trace_id, at, cause.now)
            if in_force:
                self._judge(key, moment)
            elif before is not None and not before.over_one_sensor:
                self._follow(before, key, Finding(None), moment)

    def expire(self, key: EpisodeKey, cause: Cause) -> None:
        """As long as nothing was heard, time has passed all the same: the clock moves to the expiry."""
        episode = self.episodes.get(key)
        if episode is None or episode.expires_at is None:
            return
        at = episode.expires_at
        moment = Cause(cause.event_id, cause.trace_id, at, cause.now)
        self.pass_time(key.region, at, moment)

    def _next_due(self, region: Region) -> tuple[datetime, EpisodeKey] | None:
        due = (
            (episode.expires_at, key)
            for key, episode in self.episodes.items()
            if episode.expires_at is not None and key.region == region
        )
        return min(due, default=None)

    def _seen(self, status: Status, seen: Sighting, cause: Cause, *, grows: bool) -> None:
        for rule in self.rules.about(seen.event_type):
            assert isinstance(rule.body, CorroborationRule)
            if not is_source(rule.body, seen):
                continue
            unit = unit_at(seen.places[0], rule.body.within)
            if unit is None:
                continue
            key = EpisodeKey(rule.rule_id, region_of(status, unit), unit)
            episode = self.episodes.get(key)
            # More evidence never ends what is open: it is looked at again when it is due.
            is_open = episode is not None and episode.open
            if grows and episode is not None and is_open and not _doubtful(episode):
                continue
            self._judge(key, cause, fresh=seen if grows and not is_open else None)

    def _concerned(self, rule: RuleDefinition, status: Status) -> set[EpisodeKey]:
        """Where a rule may hold by what is known."""
        episode_keys = {
            key
            for key, episode in self.episodes.items()
            if key.rule_id == rule.rule_id and key.region.status is status and episode.open
        }
        return episode_keys | self.known.concerned(rule, status)

    def _judge(
        self,
        key: EpisodeKey,
        cause: Cause,
        trigger: Fact | None = None,
        fresh: Sighting | None = None,
    ) -> None:
        rule = self.rules.get(key.rule_id)
        if rule is None or not rule.enabled:
            return
        clock = self.clocks.get(key.region, cause.at)
        finding = Finding(None)
        if isinstance(rule.body, CompositeRule):
            if is_scope_of(rule.body.scope, key.scope):
                episode = self.episodes.get(key)
                told = episode.standing if episode is not None and episode.open else None
                leaves = self.known.leaves(rule.body, key)
                finding = composite.judge(rule.body, key.scope, leaves, clock, trigger, told)
        elif isinstance(rule.body, CorroborationRule):
            if is_scope_of(rule.body.within, key.scope):
                finding = sources.judge(self.known.pool(rule, key), key.scope, clock, fresh)
        else:
            return
        self._follow(rule, key, finding, cause)

    def _follow(
        self, rule: RuleDefinition, key: EpisodeKey, finding: Finding, cause: Cause
    ) -> None:
        before = self.episodes.get(key)
        after, event = follow(rule, before or Episode(key), finding, cause)
        if after == (before or Episode(key)):
            return
        self.episodes[key] = after
        self.changed.add(key)
        if event is None:
            return
        if rule.shadow_of is not None:
            self.shadowed[event.transition, event.status] += 1
        else:
            self.out.append(event)


def _doubtful(episode: Episode) -> bool:
    return episode.standing is not None and episode.standing.retrospective
