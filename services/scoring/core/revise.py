"""A late reading revises: what it would have changed is judged again, and the difference is told.

Every moment at which an alarm may have changed is noted with the alarms as they were before it, as far
back as a reading may be late. A late reading goes to its place, the alarms go back to how they stood
there, and everything from there on is judged again in order of time. What comes out is compared with
what had been told: an alarm that had begun earlier or ended later is told again (a revision of the
same alarm), one that never was is withdrawn, one that nobody could have seen is raised.

So the alarms that remain do not depend on the order in which readings arrived. Their ids do: an alarm
is named after the reading that first showed it, and an id that has been told is not taken back. Left
out: silence (decided by the log's clock), stuck values, and the adaptive baseline, which learns in
order of arrival.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf

from services.scoring.core import change
from services.scoring.core.events import Cause, Emitted
from services.scoring.core.judge import OnChange, alarm_of, judge, ripen
from services.scoring.core.rules import CompiledRule
from services.scoring.core.state import NORMAL, AlarmState, Episode, SensorState
from shared.contracts.ids import alarm_id

Alarms = dict[str, AlarmState]


@dataclass(slots=True)
class _Told:
    """An episode as it was told. `level` is NORMAL and `ended_at` finite when it is over."""

    alarm_id: str
    version: int
    started_at: float
    ended_at: float
    level: int
    peak: int


@dataclass(slots=True)
class _Found:
    """An episode as it is now known to have been."""

    started_at: float
    level: int
    peak: int
    ended_at: float = inf
    cause: Cause | None = None


def snapshot(state: SensorState) -> Alarms:
    """The alarms that a late reading may revise, as they stand."""
    if not state.alarms:
        return {}
    return {
        rule_id: alarm.copy()
        for rule_id, alarm in state.alarms.items()
        if (rule := state.plan.find(rule_id)) is not None and _is_revisable(rule)
    }


def note(state: SensorState, at: float, before: Alarms) -> bool:
    """Whether an alarm has changed at `at`; if so, how it was before is kept."""
    if not state.alarms or before == snapshot(state):
        return False
    lateness = state.plan.lateness_s
    if lateness > 0:
        journal = state.trouble().journal
        gone = bisect_left(journal, state.newest - lateness, key=_moment)
        del journal[:gone]
        journal.append((at, before))
    return True


def judge_again(
    state: SensorState, seen: Cause, clock: float, now: datetime, out: list[Emitted]
) -> None:
    """Judge again from a late reading on; it lies among the readings held singly already."""
    told = _told(state, seen.at)
    found = _go_back(state, seen.at)

    def changed(rule: CompiledRule, alarm: AlarmState, level: int, cause: Cause) -> None:
        previous, alarm.level = alarm.level, level
        episodes = found.setdefault(rule.rule_id, [])
        if previous == NORMAL:
            assert rule.ladder is not None
            alarm.started_at, _ = rule.ladder.start(alarm, cause.at, cause.event_id)
            alarm.peak = NORMAL
            episodes.append(_Found(alarm.started_at, level, NORMAL))
        change.drop_earned(alarm)
        last = episodes[-1]
        alarm.peak = last.peak = max(alarm.peak, level)
        last.level, last.cause = level, cause
        if level == NORMAL:
            last.ended_at = cause.at

    times = state.times
    for place in range(bisect_left(times, seen.at), len(times)):
        _ripen(state, times[place], seen, changed)
        before = snapshot(state)
        judge(state, place, replace(seen, start_id=_name(seen, times[place])), changed)
        note(state, times[place], before)
    _ripen(state, clock, seen, changed)
    state.value = state.held[-1]
    for rule_id in sorted({*told, *found}):
        rule = state.plan.find(rule_id)
        if rule is not None:
            _reconcile(state, rule, told.get(rule_id, []), found.get(rule_id, []), seen, now, out)


def _ripen(state: SensorState, clock: float, seen: Cause, changed: OnChange) -> None:
    before = snapshot(state)
    ripen(state, clock, seen, changed)
    note(state, clock, before)


def _told(state: SensorState, start: float) -> dict[str, list[_Told]]:
    """Episodes that were open at `start` or later, by rule, in order of time."""
    told: dict[str, list[_Told]] = {}
    for e in () if state.rare is None else state.rare.ended:
        if e.ended_at >= start and e.peak != NORMAL:
            one = _Told(e.alarm_id, e.version, e.started_at, e.ended_at, NORMAL, e.peak)
            told.setdefault(e.rule_id, []).append(one)
    for rule_id, alarm in snapshot(state).items():
        if alarm.level != NORMAL:
            one = _Told(
                alarm.alarm_id, alarm.version, alarm.started_at, inf, alarm.level, alarm.peak
            )
            told.setdefault(rule_id, []).append(one)
    return told


def _go_back(state: SensorState, start: float) -> dict[str, list[_Found]]:
    """Put the alarms back to how they stood before `start`; returns the episodes open there."""
    live = snapshot(state)
    then: Alarms = live
    if state.rare is not None:
        place = bisect_left(state.rare.journal, start, key=_moment)
        if place < len(state.rare.journal):
            then = state.rare.journal[place][1]
        del state.rare.journal[place:]
    alarms = state.alarms or {}
    for rule_id in live:
        del alarms[rule_id]
    for rule_id, alarm in then.items():
        alarms[rule_id] = alarm.copy()
    state.alarms = alarms
    return {
        rule_id: [_Found(alarm.started_at, alarm.level, alarm.peak)]
        for rule_id, alarm in then.items()
        if alarm.level != NORMAL
    }


def _reconcile(
    state: SensorState,
    rule: CompiledRule,
    told: list[_Told],
    found: list[_Found],
    seen: Cause,
    now: datetime,
    out: list[Emitted],
) -> None:
    """Tell what differs between one rule's episodes as told and as found; set its alarm right."""
    alarm = alarm_of(state, rule)
    ended = state.trouble().ended
    ended[:] = [e for e in ended if e.rule_id != rule.rule_id or e.ended_at < seen.at]
    left = list(told)
    for one in found:
        same = next((t for t in left if _overlap(t, one)), None)
        cause = one.cause or seen
        if same is None:
            new_id = alarm_id(rule.rule_id, state.key, _name(seen, one.started_at))
            now_known = AlarmState(rule_version=rule.version)
            change.begin(state, rule, now_known, one.started_at, new_id)
            now_known.level = now_known.peak = one.level if one.level != NORMAL else one.peak
            over = one.ended_at < inf
            first = Cause(
                one.started_at if over else cause.at,
                cause.value,
                cause.event_id,
                cause.trace_id,
                over or cause.retrospective,
            )
            change.tell(state, rule, now_known, NORMAL, first, now, out)
            if over:
                now_known.level = NORMAL
                change.tell(state, rule, now_known, now_known.peak, cause, now, out)
        else:
            left.remove(same)
            now_known = AlarmState(
                one.level, same.version, same.alarm_id, started_at=one.started_at, peak=one.peak
            )
            was = (same.started_at, same.ended_at, same.level, same.peak)
            if was != (one.started_at, one.ended_at, one.level, one.peak):
                change.tell(state, rule, now_known, same.level, cause, now, out)
        if one.level == NORMAL:
            change.end(state, rule, now_known, one.ended_at)
        _identify(alarm, now_known, cause)
    for never in left:
        gone = AlarmState(
            NORMAL, never.version, never.alarm_id, started_at=never.started_at, peak=never.peak
        )
        change.tell(state, rule, gone, never.level, seen, now, out, withdrawn=True)
        ended.append(
            Episode(rule.rule_id, gone.alarm_id, gone.version, seen.at, state.newest, NORMAL)
        )


def _identify(alarm: AlarmState, known: AlarmState, cause: Cause) -> None:
    """Give the alarm as judged again the name under which it is told."""
    alarm.alarm_id, alarm.version = known.alarm_id, known.version
    if alarm.level != NORMAL:
        alarm.retrospective = cause.retrospective


def _name(seen: Cause, at: float) -> str:
    """What an episode beginning at `at` is named after when a late reading has shown it."""
    return f"{seen.event_id}@{at:.6f}"


def _overlap(told: _Told, found: _Found) -> bool:
    return told.started_at <= found.ended_at and found.started_at <= told.ended_at


def _is_revisable(rule: CompiledRule) -> bool:
    return rule.ladder is not None and rule.baseline is None


def _moment(entry: tuple[float, Alarms]) -> float:
    return entry[0]
