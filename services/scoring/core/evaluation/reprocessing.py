"""Reprocess readings after a late reading, and publish the difference.

Every moment at which an alarm may have changed is recorded in a journal, with the alarms just
before the moment, for the time by which readings may be late. A late reading is inserted, the
alarms return to their state at this place, and every reading from there on is evaluated again in
order of time. The recomputed episodes are compared with the published episodes: an alarm with
an earlier beginning or a later end is published again (a revision), an unfounded alarm is
withdrawn, and a missed alarm is raised.

The resulting alarms therefore do not depend on the order of arrival. Their ids do: an alarm is
named after the reading that first showed the alarm, and a published id is not taken back. Excluded
are silence (decided by the log's clock), stuck values, and the adaptive baseline (learning follows
the order of arrival).
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from math import inf

from services.scoring.core.alarms import alarm_changes
from services.scoring.core.alarms.alarm_events import ChangeCause
from services.scoring.core.alarms.alarm_state import NORMAL, AlarmEpisode, AlarmState
from services.scoring.core.alarms.emitter import Emitter
from services.scoring.core.evaluation.rule_evaluation import (
    OnChange,
    alarm_of,
    evaluate_rules,
    raise_elapsed,
)
from services.scoring.core.rules.compiled_rule import CompiledRule
from services.scoring.core.state.sensor_state import ScoringState
from shared.contracts.ids import alarm_id

Alarms = dict[str, AlarmState]


@dataclass(slots=True)
class PublishedEpisode:
    """A published episode. An ended episode has level NORMAL and a finite `ended_at`."""

    alarm_id: str
    version: int
    started_at: float
    ended_at: float
    level: int
    peak: int


@dataclass(slots=True)
class RecomputedEpisode:
    """An episode as the readings in order of time give it."""

    started_at: float
    level: int
    peak: int
    ended_at: float = inf
    cause: ChangeCause | None = None


def snapshot(state: ScoringState) -> Alarms:
    """Return copies of the present alarms that a late reading may revise."""
    if not state.alarms:
        return {}
    return {
        rule_id: alarm.copy()
        for rule_id, alarm in state.alarms.items()
        if (rule := state.rule_set.find(rule_id)) is not None and _is_revisable(rule)
    }


def record_change(state: ScoringState, at: float, previous: Alarms) -> bool:
    """Return whether an alarm differs from `previous`; if so, add `previous` to the journal."""
    if not state.alarms or previous == snapshot(state):
        return False
    lateness = state.rule_set.lateness_s
    if lateness > 0:
        journal = state.rare_state().journal
        expired = bisect_left(journal, state.newest - lateness, key=_moment)
        del journal[:expired]
        journal.append((at, previous))
    return True


def reprocess(state: ScoringState, cause: ChangeCause, clock: float, emitter: Emitter) -> None:
    """Evaluate again from a late reading on; the reading is among the kept readings already."""
    published = _published_episodes(state, cause.at)
    recomputed = _rewind(state, cause.at)

    def on_change(rule: CompiledRule, alarm: AlarmState, level: int, cause: ChangeCause) -> None:
        previous, alarm.level = alarm.level, level
        episodes = recomputed.setdefault(rule.rule_id, [])
        if previous == NORMAL:
            assert rule.thresholds is not None
            alarm.started_at, _ = rule.thresholds.start(alarm, cause.at, cause.event_id)
            alarm.peak = NORMAL
            episodes.append(RecomputedEpisode(alarm.started_at, level, NORMAL))
        alarm_changes.drop_reached(alarm)
        last = episodes[-1]
        alarm.peak = last.peak = max(alarm.peak, level)
        last.level, last.cause = level, cause
        if level == NORMAL:
            last.ended_at = cause.at

    times = state.times
    for place in range(bisect_left(times, cause.at), len(times)):
        _raise_elapsed(state, times[place], cause, on_change)
        previous = snapshot(state)
        named = replace(cause, start_id=_start_id(cause, times[place]))
        evaluate_rules(state, place, named, on_change)
        record_change(state, times[place], previous)
    _raise_elapsed(state, clock, cause, on_change)
    state.value = state.readings[-1]
    for rule_id in sorted({*published, *recomputed}):
        rule = state.rule_set.find(rule_id)
        if rule is not None:
            episodes = recomputed.get(rule_id, [])
            _reconcile(state, rule, published.get(rule_id, []), episodes, cause, emitter)


def _raise_elapsed(
    state: ScoringState, clock: float, cause: ChangeCause, on_change: OnChange
) -> None:
    previous = snapshot(state)
    raise_elapsed(state, clock, cause, on_change)
    record_change(state, clock, previous)


def _published_episodes(state: ScoringState, start: float) -> dict[str, list[PublishedEpisode]]:
    """Return the episodes that were open at `start` or later, by rule, in order of time."""
    published: dict[str, list[PublishedEpisode]] = {}
    for e in () if state.rare is None else state.rare.ended:
        if e.ended_at >= start and e.peak != NORMAL:
            episode = PublishedEpisode(
                e.alarm_id, e.version, e.started_at, e.ended_at, NORMAL, e.peak
            )
            published.setdefault(e.rule_id, []).append(episode)
    for rule_id, alarm in snapshot(state).items():
        if alarm.level != NORMAL:
            episode = PublishedEpisode(
                alarm.alarm_id, alarm.version, alarm.started_at, inf, alarm.level, alarm.peak
            )
            published.setdefault(rule_id, []).append(episode)
    return published


def _rewind(state: ScoringState, start: float) -> dict[str, list[RecomputedEpisode]]:
    """Return the alarms to their state just before `start`; return the episodes open there."""
    present = snapshot(state)
    past: Alarms = present
    if state.rare is not None:
        place = bisect_left(state.rare.journal, start, key=_moment)
        if place < len(state.rare.journal):
            past = state.rare.journal[place][1]
        del state.rare.journal[place:]
    alarms = state.alarms or {}
    for rule_id in present:
        del alarms[rule_id]
    for rule_id, alarm in past.items():
        alarms[rule_id] = alarm.copy()
    state.alarms = alarms
    return {
        rule_id: [RecomputedEpisode(alarm.started_at, alarm.level, alarm.peak)]
        for rule_id, alarm in past.items()
        if alarm.level != NORMAL
    }


def _reconcile(
    state: ScoringState,
    rule: CompiledRule,
    published: list[PublishedEpisode],
    recomputed: list[RecomputedEpisode],
    cause: ChangeCause,
    emitter: Emitter,
) -> None:
    """Publish the difference between published and recomputed episodes of a rule."""
    alarm = alarm_of(state, rule)
    ended = state.rare_state().ended
    ended[:] = [e for e in ended if e.rule_id != rule.rule_id or e.ended_at < cause.at]
    unmatched = list(published)
    for episode in recomputed:
        match = next((item for item in unmatched if _overlap(item, episode)), None)
        reason = episode.cause or cause
        if match is None:
            current = _publish_missed(state, rule, episode, cause, emitter)
        else:
            unmatched.remove(match)
            current = AlarmState(
                *(episode.level, match.version, match.alarm_id),
                started_at=episode.started_at,
                peak=episode.peak,
            )
            facts = (match.started_at, match.ended_at, match.level, match.peak)
            if facts != (episode.started_at, episode.ended_at, episode.level, episode.peak):
                alarm_changes.emit(state, rule, current, match.level, reason, emitter)
        if episode.level == NORMAL:
            alarm_changes.end_episode(state, rule, current, episode.ended_at)
        _adopt_identity(alarm, current, reason)
    for unfounded in unmatched:
        withdrawn = AlarmState(
            *(NORMAL, unfounded.version, unfounded.alarm_id),
            started_at=unfounded.started_at,
            peak=unfounded.peak,
        )
        alarm_changes.emit(state, rule, withdrawn, unfounded.level, cause, emitter, withdrawn=True)
        ended.append(
            AlarmEpisode(
                *(rule.rule_id, withdrawn.alarm_id, withdrawn.version),
                *(cause.at, state.newest, NORMAL),
            )
        )


def _publish_missed(
    state: ScoringState,
    rule: CompiledRule,
    episode: RecomputedEpisode,
    cause: ChangeCause,
    emitter: Emitter,
) -> AlarmState:
    """Raise an alarm that only the late reading has shown; clear an ended alarm at once."""
    reason = episode.cause or cause
    new_id = alarm_id(rule.rule_id, state.key, _start_id(cause, episode.started_at))
    current = AlarmState(rule_version=rule.version)
    alarm_changes.begin_episode(state, current, episode.started_at, new_id)
    current.level = current.peak = episode.level if episode.level != NORMAL else episode.peak
    over = episode.ended_at < inf
    first = ChangeCause(
        episode.started_at if over else reason.at,
        reason.value,
        reason.event_id,
        reason.trace_id,
        over or reason.retrospective,
    )
    alarm_changes.emit(state, rule, current, NORMAL, first, emitter)
    if over:
        current.level = NORMAL
        alarm_changes.emit(state, rule, current, current.peak, reason, emitter)
    return current


def _adopt_identity(alarm: AlarmState, current: AlarmState, cause: ChangeCause) -> None:
    """Give the recomputed alarm the id and version of the published alarm."""
    alarm.alarm_id, alarm.version = current.alarm_id, current.version
    if alarm.level != NORMAL:
        alarm.retrospective = cause.retrospective


def _start_id(cause: ChangeCause, at: float) -> str:
    """Return the name of an episode with beginning `at`, shown by a late reading."""
    return f"{cause.event_id}@{at:.6f}"


def _overlap(published: PublishedEpisode, recomputed: RecomputedEpisode) -> bool:
    return (
        published.started_at <= recomputed.ended_at and recomputed.started_at <= published.ended_at
    )


def _is_revisable(rule: CompiledRule) -> bool:
    return rule.thresholds is not None and rule.baseline is None


def _moment(entry: tuple[float, Alarms]) -> float:
    return entry[0]
