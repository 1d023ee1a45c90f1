"""The rules over several sources in one transaction: evidence in, alarm events out.

Pure: the unit of work adds the evidence of a batch, the handlers apply changes in their order, and
the unit of work publishes `events`, the resulting alarm events. These events count only after their
return through the log, like every alarm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from services.alerting.core.alarms.scopes import (
    Region,
    covers,
    is_scope_of,
    region_of,
    scope_key,
    unit_at,
)
from services.alerting.core.alarms.snapshot import AlarmSnapshot
from services.alerting.core.multi_source.composite import evaluate_composite
from services.alerting.core.multi_source.corroboration import evaluate_corroboration
from services.alerting.core.multi_source.delayed_clear import delay_fall
from services.alerting.core.multi_source.episode import (
    EpisodeCause,
    EpisodeKey,
    RuleEpisode,
    RuleEvaluation,
    next_episode,
)
from services.alerting.core.multi_source.evidence_index import EvidenceIndex, sighting_of_alarm
from services.alerting.core.multi_source.rule_registry import MultiSourceRules
from services.alerting.core.multi_source.rule_seasons import in_season
from services.alerting.core.multi_source.source_pool import Sighting, is_source
from services.alerting.core.multi_source.work_limit import RuleTooCostly, WorkLimit
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.conditions import CompositeRule, CorroborationRule
from shared.contracts.fields import Status
from shared.contracts.rules import RuleDefinition


class MultiSourceEngine:
    """Evidence, episodes and clocks of the regions of a batch.

    `changed_keys` are the episodes to be written. `too_costly` are the rules that have cost more
    than a rule may: their episodes stay as they are. `shadow_counts` counts the events of candidate
    rules, which are not published.
    """

    def __init__(self, rules: MultiSourceRules) -> None:
        self.rules = rules
        self.evidence = EvidenceIndex(rules)
        self.episodes: dict[EpisodeKey, RuleEpisode] = {}
        self.clocks: dict[Region, datetime] = {}
        self.changed_keys: set[EpisodeKey] = set()
        self.events: list[AlarmEvent] = []
        self.too_costly: set[str] = set()
        self._limit = WorkLimit()
        self.shadow_counts: Counter[tuple[AlarmTransition, Status]] = Counter()

    def add_episode(self, episode: RuleEpisode) -> None:
        """Add a stored episode."""
        self.episodes[episode.key] = episode

    def advance_clock(self, region: Region, at: datetime, cause: EpisodeCause) -> None:
        """Move the event time of a region to `at`.

        Episodes that expire before are evaluated, each at its own moment. A clock never goes back.
        """
        clock = self.clocks.get(region)
        if clock is not None and at <= clock:
            return
        while (due := self._next_due(region)) is not None and due[0] <= at:
            expires_at, key = due
            self.clocks[region] = max(expires_at, clock or expires_at)
            self._evaluate(key, replace(cause, at=expires_at))
            if self.episodes[key].expires_at == expires_at:  # Its rule is disabled or deleted.
                self.add_episode(replace(self.episodes[key], expires_at=None))
        self.clocks[region] = at

    def apply_alarm(self, alarm: AlarmSnapshot, cause: EpisodeCause) -> None:
        """Update an alarm, and evaluate every rule over the alarm."""
        self._limit.allow_message()
        previous = self.evidence.alarms.get(alarm.alarm_id)
        self.evidence.update_alarm(alarm)
        region = region_of(alarm.status, alarm.place)
        for rule in self.rules.composites_naming(alarm.rule_id):
            assert isinstance(rule.body, CompositeRule)
            scopes = {scope_key(rule.body.scope, alarm)}
            if previous is not None and region_of(previous.status, previous.place) == region:
                scopes.add(scope_key(rule.body.scope, previous))  # The sensor may have moved.
            for scope in sorted(scope for scope in scopes if scope is not None):
                self._evaluate(EpisodeKey(rule.rule_id, region, scope), cause, alarm)
        sighting = sighting_of_alarm(alarm)
        if sighting is not None:
            grows = previous is None or (alarm.is_on and alarm.began_at <= previous.began_at)
            if previous is not None and _only_ends(previous, alarm):
                self._shorten_sighting(alarm.status, sighting, cause)
            else:
                self._evaluate_sighting(alarm.status, sighting, cause, grows=grows)

    def apply_report(self, status: Status, sighting: Sighting, cause: EpisodeCause) -> None:
        """Add the sighting of a reporter, and evaluate the rules over the sighting."""
        self._limit.allow_message()
        self.evidence.update_sighting(status, sighting)
        self._evaluate_sighting(status, sighting, cause, grows=True)

    def apply_warning(
        self, status: Status, sighting: Sighting, cause: EpisodeCause, *, withdrawn: bool
    ) -> None:
        """Add or remove the warning of an agency, and evaluate the rules in its areas."""
        if withdrawn:
            self.evidence.remove_sighting(status, sighting)
        else:
            self.evidence.update_sighting(status, sighting)
        for rule in self.rules.corroborations_of(sighting.event_type):
            for key in sorted(self._candidate_keys(rule, status)):
                if any(covers(area, key.scope) for area in sighting.places):
                    self._evaluate(key, cause)

    def apply_rule(self, rule: RuleDefinition, cause: EpisodeCause) -> None:
        """Update a rule, and evaluate the rule in all scopes."""
        previous = self.rules.get(rule.rule_id)
        if not self.rules.update(rule):
            return
        keys = {key for key in self.episodes if key.rule_id == rule.rule_id}
        for key in keys:
            if self.episodes[key].falling:  # What fell under the former version begins anew.
                self.episodes[key] = replace(self.episodes[key], falling=())
                self.changed_keys.add(key)
        is_active = any(active.rule_id == rule.rule_id for active in self.rules.active())
        if is_active:
            keys |= {key for status in Status for key in self._candidate_keys(rule, status)}
        for key in sorted(keys):
            moment = replace(cause, at=self.clocks.get(key.region, cause.at))
            if is_active:
                self._evaluate(key, moment)
            elif previous is not None and not previous.over_one_sensor:
                self._change_episode(previous, key, RuleEvaluation(None), moment)

    def apply_expiry(self, key: EpisodeKey, cause: EpisodeCause) -> None:
        """Move the clock to the expiry of an episode, since no record has done so."""
        episode = self.episodes.get(key)
        if episode is None or episode.expires_at is None:
            return
        self.advance_clock(key.region, episode.expires_at, replace(cause, at=episode.expires_at))

    def _next_due(self, region: Region) -> tuple[datetime, EpisodeKey] | None:
        due = (
            (episode.expires_at, key)
            for key, episode in self.episodes.items()
            if episode.expires_at is not None and key.region == region
        )
        return min(due, default=None)

    def _corroborations(
        self, status: Status, sighting: Sighting
    ) -> Iterator[tuple[CorroborationRule, EpisodeKey]]:
        """Yield the rules that count a sighting, and the episode of each."""
        for rule in self.rules.corroborations_of(sighting.event_type):
            assert isinstance(rule.body, CorroborationRule)
            unit = unit_at(sighting.places[0], rule.body.within)
            if unit is not None and is_source(rule, sighting):
                yield rule.body, EpisodeKey(rule.rule_id, region_of(status, unit), unit)

    def _shorten_sighting(self, status: Status, sighting: Sighting, cause: EpisodeCause) -> None:
        """Let open episodes be evaluated when the end of a sighting may first end them.

        A shorter sighting begins no episode. An open one lasts for the window of the rule after the
        end of each sighting, so an evaluation before that has the same result. Else each end of an
        alarm would cost a search of all evidence, and a storm of alarms more than a transaction.
        """
        for body, key in self._corroborations(status, sighting):
            episode = self.episodes.get(key)
            if episode is None or not episode.is_open:
                continue
            end = sighting.end
            lasts_until = None if end is None else end + timedelta(seconds=body.window_s)
            is_over = lasts_until is not None and lasts_until <= self.clocks.get(
                key.region, cause.at
            )
            if is_over or _is_doubtful(episode):
                self._evaluate(key, cause)
            elif lasts_until is not None and (
                episode.expires_at is None or lasts_until < episode.expires_at
            ):
                self.episodes[key] = replace(episode, expires_at=lasts_until)
                self.changed_keys.add(key)

    def _evaluate_sighting(
        self, status: Status, sighting: Sighting, cause: EpisodeCause, *, grows: bool
    ) -> None:
        for _, key in self._corroborations(status, sighting):
            episode = self.episodes.get(key)
            # More evidence never ends an open episode: it is evaluated again when it expires.
            is_open = episode is not None and episode.is_open
            if grows and episode is not None and is_open and not _is_doubtful(episode):
                continue
            new_sighting = sighting if grows and not is_open else None
            self._evaluate(key, cause, new_sighting=new_sighting)

    def _candidate_keys(self, rule: RuleDefinition, status: Status) -> set[EpisodeKey]:
        """Return the keys of open episodes of a rule, and the keys with evidence for the rule."""
        open_keys = {
            key
            for key, episode in self.episodes.items()
            if key.rule_id == rule.rule_id and key.region.status is status and episode.is_open
        }
        return open_keys | self.evidence.candidate_keys(rule, status)

    def _evaluate(
        self,
        key: EpisodeKey,
        cause: EpisodeCause,
        trigger: AlarmSnapshot | None = None,
        new_sighting: Sighting | None = None,
    ) -> None:
        rule = self.rules.get(key.rule_id)
        if rule is None or not self.rules.is_active(rule):
            return
        calendar = self.rules.calendar(rule)
        if calendar is not None:
            new_sighting = None  # sources outside of its hours may be enough already
        try:
            evaluation = self._evaluation(rule, key, cause, trigger, new_sighting)
        except RuleTooCostly:
            self.too_costly.add(rule.rule_id)
            self.rules.quarantine(rule.rule_id)
            return
        clock = self.clocks.get(key.region, cause.at)
        self._change_episode(rule, key, in_season(evaluation, calendar, clock), cause)

    def _evaluation(
        self,
        rule: RuleDefinition,
        key: EpisodeKey,
        cause: EpisodeCause,
        trigger: AlarmSnapshot | None,
        new_sighting: Sighting | None,
    ) -> RuleEvaluation:
        clock = self.clocks.get(key.region, cause.at)
        if isinstance(rule.body, CompositeRule):
            if is_scope_of(rule.body.scope, key.scope):
                episode = self.episodes.get(key)
                published = episode.result if episode is not None and episode.is_open else None
                alarms = self.evidence.active_alarms(rule, key)
                self._limit.spend(rule.rule_id, 1 + sum(map(len, alarms.values())))
                evaluation = evaluate_composite(
                    rule.body, key.scope, alarms, clock, trigger, published
                )
                return delay_fall(rule.body, episode, evaluation, cause.at, clock)
        elif isinstance(rule.body, CorroborationRule) and is_scope_of(rule.body.within, key.scope):
            pool = self.evidence.source_pool(rule, key)
            spend = partial(self._limit.spend, rule.rule_id)
            return evaluate_corroboration(pool, key.scope, clock, new_sighting, spend)
        return RuleEvaluation(None)

    def _change_episode(
        self, rule: RuleDefinition, key: EpisodeKey, evaluation: RuleEvaluation, cause: EpisodeCause
    ) -> None:
        previous = self.episodes.get(key) or RuleEpisode(key)
        updated, event = next_episode(rule, previous, evaluation, cause)
        if updated == previous:
            return
        self.episodes[key] = updated
        self.changed_keys.add(key)
        if event is None:
            return
        if rule.shadow_of is not None:
            self.shadow_counts[event.transition, event.status] += 1
        else:
            self.events.append(event)


def _only_ends(previous: AlarmSnapshot, alarm: AlarmSnapshot) -> bool:
    """Return whether an alarm, as a sighting, ends earlier than before and is else the same."""
    before, now = sighting_of_alarm(previous), sighting_of_alarm(alarm)
    if before is None or now is None or previous.withdrawn or alarm.withdrawn:
        return False
    return now.adds_nothing_to(before)


def _is_doubtful(episode: RuleEpisode) -> bool:
    return episode.result is not None and episode.result.retrospective
