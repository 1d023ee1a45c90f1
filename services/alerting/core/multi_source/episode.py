"""Episodes: one rule over several sources, in one scope, from its begin to its end.

The result of a rule is compared with the published result; the difference is an alarm event. Ids
follow from the rule, the scope and the first change of the episode, not from a clock or an offset.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.alerting.core.alarms.scopes import Region
from shared.contracts.alarms import AlarmEvent, AlarmTransition, Evidence, ScoreParts
from shared.contracts.conditions import CompositeRule, CorroborationRule
from shared.contracts.fields import LEVEL_ORDER, DataGrade, Level, highest_grade
from shared.contracts.ids import alarm_id, transition_id
from shared.contracts.rules import RuleDefinition
from shared.contracts.units import tier_of
from shared.domain.bilingual import Bilingual
from shared.domain.rule_scope_words import scope_words

MOST_REFERENCES = 62
Falling = tuple[tuple[Level, datetime], ...]
"""Levels and the event time since which the condition of each no longer holds."""


@dataclass(frozen=True, slots=True, order=True)
class EpisodeKey:
    """At most one episode is open per key."""

    rule_id: str
    region: Region
    scope: str

    @property
    def text(self) -> str:
        """Return the key as one text: the subject of its timer."""
        return f"{self.rule_id}|{self.region.status}|{self.region.unit}|{self.scope}"


@dataclass(frozen=True, slots=True)
class RuleResult:
    """The result of a satisfied rule; the event `start_event_id` began the episode at `started_at`.

    `references` are the ids of the supporting records.
    """

    level: Level
    metric: str
    value: float
    limit: float
    start_event_id: str
    started_at: datetime
    place: str
    references: tuple[str, ...]
    window_s: float = 0
    site: str | None = None
    retrospective: bool = False
    synthetic: bool = False
    grade: DataGrade = DataGrade.GENERAL
    """The highest grade of the supporting records; it never falls while the episode lasts."""


@dataclass(frozen=True, slots=True)
class RuleEvaluation:
    """The result of a rule (None: the rule does not hold), valid until event time `expires_at`.

    `note` gives the reason in words where the sources are not the reason. `falling`: see
    `RuleEpisode`.
    """

    result: RuleResult | None
    expires_at: datetime | None = None
    note: str = ""
    falling: Falling = ()


@dataclass(frozen=True, slots=True)
class RuleEpisode:
    """The newest episode of a key; version 0: there has been none. `result` is as published.

    `falling` are the levels at and below the published one whose condition no longer holds, each
    with the event time since then.
    """

    key: EpisodeKey
    alarm_id: str = ""
    version: int = 0
    rule_version: int = 0
    is_open: bool = False
    result: RuleResult | None = None
    expires_at: datetime | None = None
    falling: Falling = ()


@dataclass(frozen=True, slots=True)
class EpisodeCause:
    """The record behind an evaluation; `at` is event time, `now` is the time of sending."""

    event_id: str
    trace_id: str
    at: datetime
    now: datetime


def expiry_due_at(expires_at: datetime, clock: datetime, now: datetime) -> datetime:
    """Return the database time at which a timer is to move the clock to `expires_at` (event time).

    The result is the expiry if the expiry lies in the future; for a log of the past, the timer
    waits for the time between the region's `clock` and the expiry.
    """
    later = now + max(expires_at - clock, timedelta(0))
    return min(expires_at, later) if expires_at > now else later


def next_episode(
    rule: RuleDefinition, episode: RuleEpisode, evaluation: RuleEvaluation, cause: EpisodeCause
) -> tuple[RuleEpisode, AlarmEvent | None]:
    """Return the episode after an evaluation, and an event if other services see a difference."""
    previous, result = episode.result if episode.is_open else None, evaluation.result
    unchanged = replace(episode, expires_at=evaluation.expires_at, falling=evaluation.falling)
    if result is None:
        if previous is None:
            return unchanged, None
        at = max(previous.started_at, cause.at)
        ended = replace(unchanged, version=episode.version + 1, is_open=False)
        event = _event(rule, ended, previous, AlarmTransition.CLEARED, at, cause)
        return ended, _with_note(event, evaluation.note)
    if previous is None:
        identifier = alarm_id(
            rule.rule_id, f"{episode.key.scope}|{episode.key.region.status}", result.start_event_id
        )
        reopens = identifier == episode.alarm_id
        opened = replace(
            unchanged,
            alarm_id=identifier,
            version=episode.version + 1 if reopens else 1,
            rule_version=rule.version,
            is_open=True,
            result=result,
        )
        event = _event(rule, opened, result, AlarmTransition.RAISED, result.started_at, cause)
        return opened, event
    transition = _transition_between(previous, result)
    if transition is None:
        return unchanged, None
    # Begin and place never change; a result that was confirmed once is not doubtful again.
    published = replace(
        result,
        start_event_id=previous.start_event_id,
        started_at=previous.started_at,
        place=previous.place,
        site=previous.site,
        retrospective=previous.retrospective and result.retrospective,
        grade=highest_grade(previous.grade, result.grade),
    )
    changed = replace(
        unchanged, version=episode.version + 1, rule_version=rule.version, result=published
    )
    at = max(previous.started_at, cause.at)
    event = _event(rule, changed, published, transition, at, cause, previous)
    return changed, _with_note(event, evaluation.note)


def _with_note(event: AlarmEvent, note: str) -> AlarmEvent:
    if not note:
        return event
    evidence = event.evidence.model_copy(update={"note": note})
    return event.model_copy(update={"evidence": evidence})


def _transition_between(previous: RuleResult, result: RuleResult) -> AlarmTransition | None:
    if result.level is not previous.level:
        is_higher = LEVEL_ORDER[result.level] > LEVEL_ORDER[previous.level]
        return AlarmTransition.UPGRADED if is_higher else AlarmTransition.DOWNGRADED
    if previous.retrospective and not result.retrospective:
        return AlarmTransition.REVISED
    return None


def _event(
    rule: RuleDefinition,
    episode: RuleEpisode,
    result: RuleResult,
    transition: AlarmTransition,
    at: datetime,
    cause: EpisodeCause,
    previous: RuleResult | None = None,
) -> AlarmEvent:
    assert isinstance(rule.body, CompositeRule | CorroborationRule)
    is_end = transition is AlarmTransition.CLEARED
    previous_level = result.level if is_end else previous.level if previous is not None else None
    parts = ScoreParts(level=0, excess=0) if is_end else score_parts(result)
    references = result.references[:MOST_REFERENCES]
    scope = scope_words(rule)
    if episode.version > 1:
        references = (transition_id(episode.alarm_id, episode.version - 1), *references)
    return AlarmEvent(
        id=transition_id(episode.alarm_id, episode.version),
        status=episode.key.region.status,
        occurred_at=at,
        sent_at=cause.now,
        origin_unit=result.place,
        tier=tier_of(result.place),
        areas=(result.place,),
        references=references,
        trace_id=cause.trace_id,
        data_grade=result.grade,
        alarm_id=episode.alarm_id,
        version=episode.version,
        transition=transition,
        rule_id=rule.rule_id,
        rule_version=episode.rule_version,
        kind=rule.body.kind,
        site=result.site,
        place=result.place,
        event_type=rule.event_type,
        level=result.level,
        previous_level=previous_level,
        score=parts.level + parts.excess + parts.lasting,
        parts=parts,
        evidence=Evidence(
            metric=result.metric,
            value=result.value,
            unit="1",
            limit=result.limit,
            window_s=result.window_s,
            event_id=cause.event_id,
            last_seen_at=at,
            note=None if scope is None or is_end else scope.joined(),
        ),
        headline=Bilingual(rule.name_zh, rule.name_en).joined(),
        started_at=result.started_at,
        retrospective=result.retrospective,
        condition=rule.role == "condition",
        inhibited_by=rule.inhibited_by,
        synthetic=result.synthetic,
    )


def score_parts(result: RuleResult) -> ScoreParts:
    """Return the score by the bands of scoring: the level, and the excess over the limit."""
    share = max(result.value - result.limit, 0.0) / result.limit
    return ScoreParts(
        level=20 * LEVEL_ORDER[result.level] + 1, excess=int(14 * share / (1 + share))
    )
