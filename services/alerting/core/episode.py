"""An episode: one rule over several sources, in one scope, from its beginning to its end.

What a rule finds is compared with what is known; the difference is an alarm event. Ids follow from
the rule, the scope and the change that began the episode: no clock, no offset.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.alerting.core.scopes import Region
from shared.contracts.alarms import AlarmEvent, AlarmTransition, Evidence, ScoreParts
from shared.contracts.conditions import CompositeRule, CorroborationRule
from shared.contracts.fields import LEVEL_ORDER, DataGrade, Level, highest_grade
from shared.contracts.ids import alarm_id, transition_id
from shared.contracts.rules import RuleDefinition
from shared.contracts.units import tier_of
from shared.domain.bilingual import Both

MOST_REFERENCES = 62


@dataclass(frozen=True, slots=True, order=True)
class EpisodeKey:
    """At most one episode is open per key."""

    rule_id: str
    region: Region
    scope: str

    @property
    def text(self) -> str:
        """The key as one text: the subject of its timer."""
        return f"{self.rule_id}|{self.region.status}|{self.region.unit}|{self.scope}"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a rule finds while it holds. `start` began it at `at`; `references` support it."""

    level: Level
    metric: str
    value: float
    limit: float
    start: str
    at: datetime
    place: str
    references: tuple[str, ...]
    window_s: float = 0
    site: str | None = None
    retrospective: bool = False
    synthetic: bool = False
    grade: DataGrade = DataGrade.GENERAL
    """The highest of what supports it; it never falls while the episode lasts."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule finds, None = it does not hold, and when time alone may change that."""

    standing: Standing | None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """The newest episode of a key. `version` 0 = there has been none; `standing` as last told."""

    key: EpisodeKey
    alarm_id: str = ""
    version: int = 0
    rule_version: int = 0
    open: bool = False
    standing: Standing | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """The record that made us look again. `at` is event time, `now` stamps what is sent."""

    event_id: str
    trace_id: str
    at: datetime
    now: datetime


def due_at(after: datetime, clock: datetime, now: datetime) -> datetime:
    """When time alone may change an episode at `after`, event time, as a moment of the database.

    At that moment if it is still to come; in a log of the past, when as much time has passed here as
    lies between its `clock` and then.
    """
    later = now + max(after - clock, timedelta(0))
    return min(after, later) if after > now else later


def follow(
    rule: RuleDefinition, episode: Episode, finding: Finding, cause: Cause
) -> tuple[Episode, AlarmEvent | None]:
    """The episode after a finding, and the event if others can see a difference."""
    before, result = episode.standing if episode.open else None, finding.standing
    waiting = replace(episode, expires_at=finding.expires_at)
    if result is None:
        if before is None:
            return waiting, None
        at = max(before.at, cause.at)
        after = replace(waiting, version=episode.version + 1, open=False)
        return after, _event(rule, after, before, AlarmTransition.CLEARED, at, cause)
    if before is None:
        alarm = alarm_id(
            rule.rule_id, f"{episode.key.scope}|{episode.key.region.status}", result.start
        )
        again = alarm == episode.alarm_id
        after = replace(
            waiting,
            alarm_id=alarm,
            version=episode.version + 1 if again else 1,
            rule_version=rule.version,
            open=True,
            standing=result,
        )
        return after, _event(rule, after, result, AlarmTransition.RAISED, result.at, cause)
    transition = _change(before, result)
    if transition is None:
        return waiting, None
    # The beginning and the place stay what they were; what is no longer in doubt stays so.
    told = replace(
        result,
        start=before.start,
        at=before.at,
        place=before.place,
        site=before.site,
        retrospective=before.retrospective and result.retrospective,
        grade=highest_grade(before.grade, result.grade),
    )
    after = replace(waiting, version=episode.version + 1, rule_version=rule.version, standing=told)
    return after, _event(rule, after, told, transition, max(before.at, cause.at), cause, before)


def _change(before: Standing, standing: Standing) -> AlarmTransition | None:
    if standing.level is not before.level:
        worse = LEVEL_ORDER[standing.level] > LEVEL_ORDER[before.level]
        return AlarmTransition.UPGRADED if worse else AlarmTransition.DOWNGRADED
    if before.retrospective and not standing.retrospective:
        return AlarmTransition.REVISED
    return None


def _event(
    rule: RuleDefinition,
    episode: Episode,
    told: Standing,
    transition: AlarmTransition,
    at: datetime,
    cause: Cause,
    before: Standing | None = None,
) -> AlarmEvent:
    assert isinstance(rule.body, CompositeRule | CorroborationRule)
    over = transition is AlarmTransition.CLEARED
    previous = told.level if over else before.level if before is not None else None
    parts = ScoreParts(level=0, excess=0) if over else parts_of(told)
    follows = (transition_id(episode.alarm_id, episode.version - 1),) if episode.version > 1 else ()
    return AlarmEvent(
        id=transition_id(episode.alarm_id, episode.version),
        status=episode.key.region.status,
        occurred_at=at,
        sent_at=cause.now,
        origin_unit=told.place,
        tier=tier_of(told.place),
        areas=(told.place,),
        references=(*follows, *told.references[:MOST_REFERENCES]),
        trace_id=cause.trace_id,
        data_grade=told.grade,
        alarm_id=episode.alarm_id,
        version=episode.version,
        transition=transition,
        rule_id=rule.rule_id,
        rule_version=episode.rule_version,
        kind=rule.body.kind,
        site=told.site,
        place=told.place,
        event_type=rule.event_type,
        level=told.level,
        previous_level=previous,
        score=parts.level + parts.excess + parts.lasting,
        parts=parts,
        evidence=Evidence(
            metric=told.metric,
            value=told.value,
            unit="1",
            limit=told.limit,
            window_s=told.window_s,
            event_id=cause.event_id,
            last_seen_at=at,
        ),
        headline=Both(rule.name_zh, rule.name_en).joined(),
        started_at=told.at,
        retrospective=told.retrospective,
        condition=rule.role == "condition",
        inhibited_by=rule.inhibited_by,
        synthetic=told.synthetic,
    )


def parts_of(told: Standing) -> ScoreParts:
    """The score of an episode by the bands of scoring: its level, and what there is beyond the limit."""
    share = max(told.value - told.limit, 0.0) / told.limit
    return ScoreParts(level=20 * LEVEL_ORDER[told.level] + 1, excess=int(14 * share / (1 + share)))
