"""One sensor's reading, or time passing over it, turned into changes of its alarms.

What late readings do: one older than the sensor's newest enters the sliding windows, which are then
judged as of the newest reading. It never touches a threshold alarm, neither forwards nor backwards:
the level now is known from a newer value. Windows are judged when a reading comes, not when time
passes: data that runs out is silence, and silence is no reason to clear a rain alarm.

Before a reading is judged, the sensor's own clock is brought up to it, so that a for-duration or a
silence that ended between two ticks is decided alike however often ticks come.
"""

from __future__ import annotations

from datetime import datetime

from services.scoring.core.events import Cause, Emitted, alarm_event, health_event
from services.scoring.core.rules import CompiledRule, SensorRules
from services.scoring.core.state import NEVER, NORMAL, AlarmState, SensorState
from services.scoring.core.windows import Window
from shared.contracts.fields import Status
from shared.contracts.ids import alarm_id
from shared.contracts.readings import Reading


def take(
    sensor: SensorRules,
    state: SensorState,
    reading: Reading,
    at: float,
    now: datetime,
    out: list[Emitted],
) -> None:
    """Judge an accepted reading; `at` is its event time, `now` only stamps what is sent."""
    late = at < state.newest
    if not late:
        if at > state.due:
            elapse(sensor, state, at, now, out)
        state.newest, state.value, state.last_id = at, reading.value, reading.id
        state.synthetic = reading.synthetic
    state.remember(reading.id, at, reading.value)
    alarms = state.alarms
    if not late:
        for rule in sensor.thresholds:
            alarm = alarms.get(rule.rule_id) or _open(state, rule)
            if alarm.rule_version != rule.version:
                _renew(alarm, rule)
            assert rule.ladder is not None
            level = rule.ladder.judge(alarm, at, reading.value, reading.id)
            if level != alarm.level:
                cause = Cause(at, reading.value, reading.id, reading.trace_id or reading.id)
                _change(sensor, state, rule, alarm, level, cause, now, out)
        if state.silent:
            _heard(sensor, state, reading, now, out)
    for rule in sensor.windows:
        alarm = alarms.get(rule.rule_id) or _open(state, rule)
        if alarm.rule_version != rule.version:
            _renew(alarm, rule)
        _slide(sensor, state, rule, alarm, reading, at, now, out)


def elapse(
    sensor: SensorRules, state: SensorState, clock: float, now: datetime, out: list[Emitted]
) -> None:
    """Decide everything that fell due strictly before `clock`, each at its own moment."""
    while True:
        due, rule = next_due(sensor, state)
        if rule is None or due >= clock:
            return
        alarm = state.alarms.get(rule.rule_id) or _open(state, rule)
        if rule.ladder is not None:
            cause = Cause(due, state.value, state.last_id, state.last_id)
            _change(sensor, state, rule, alarm, rule.ladder.ripe(alarm, due), cause, now, out)
        else:
            cause = Cause(due, rule.silent_s, state.last_id, state.last_id)
            _change(sensor, state, rule, alarm, rule.silent_rank, cause, now, out)
            _report(sensor, state, cause, now, out)


def next_due(sensor: SensorRules, state: SensorState) -> tuple[float, CompiledRule | None]:
    """The earliest moment at which time alone changes an alarm, and whose; NEVER, None without."""
    best, whose = NEVER, None
    for rule in sensor.waiting:
        alarm = state.alarms.get(rule.rule_id)
        # Holds gathered under another version of the rule say nothing about this one.
        if alarm is None or alarm.rule_version != rule.version:
            continue
        assert rule.ladder is not None
        due = rule.ladder.due(alarm)
        if due < best:
            best, whose = due, rule
    # Silence is a fact about the device. A drill ends, or plays another hour: that is no silence.
    if state.status == Status.ACTUAL:
        for rule in sensor.absences:
            alarm = state.alarms.get(rule.rule_id)
            if alarm is None or alarm.level == NORMAL:
                due = state.newest + rule.silent_s
                if due < best:
                    best, whose = due, rule
    return best, whose


def withdraw(
    sensor: SensorRules,
    state: SensorState,
    retired: CompiledRule,
    at: float,
    now: datetime,
    out: list[Emitted],
) -> None:
    """Clear the alarm of a rule that no longer judges this sensor, and forget what it gathered."""
    alarm = state.alarms[retired.rule_id]
    cause = Cause(at, state.value, state.last_id, state.last_id)
    if alarm.level != NORMAL:
        _change(sensor, state, retired, alarm, NORMAL, cause, now, out)
    if retired.silent_s:
        # Kept: should the rule return during the same silence, its alarm goes on counting.
        _report(sensor, state, cause, now, out)
    else:
        del state.alarms[retired.rule_id]


def _slide(
    sensor: SensorRules,
    state: SensorState,
    rule: CompiledRule,
    alarm: AlarmState,
    reading: Reading,
    at: float,
    now: datetime,
    out: list[Emitted],
) -> None:
    assert rule.ladder is not None
    assert rule.aggregate is not None
    if alarm.window is None:
        alarm.window = Window(rule.window_s)
    if not alarm.window.add(at, reading.value, state.newest):
        return
    value = alarm.window.value(rule.aggregate)
    if value is None:
        return
    level = rule.ladder.judge(alarm, state.newest, value, reading.id)
    if level != alarm.level:
        cause = Cause(state.newest, value, reading.id, reading.trace_id or reading.id)
        _change(sensor, state, rule, alarm, level, cause, now, out)


def _heard(
    sensor: SensorRules, state: SensorState, reading: Reading, now: datetime, out: list[Emitted]
) -> None:
    cause = Cause(state.newest, reading.value, reading.id, reading.trace_id or reading.id)
    for rule in sensor.absences:
        alarm = state.alarms.get(rule.rule_id)
        if alarm is not None and alarm.level != NORMAL:
            _change(sensor, state, rule, alarm, NORMAL, cause, now, out)
    _report(sensor, state, cause, now, out)


def _report(
    sensor: SensorRules, state: SensorState, cause: Cause, now: datetime, out: list[Emitted]
) -> None:
    """Emit the sensor's health when it has changed: silent while any absence alarm is open."""
    silent = any(
        alarm.level != NORMAL
        for rule in sensor.absences
        if (alarm := state.alarms.get(rule.rule_id)) is not None
    )
    if silent != state.silent:
        state.silent = silent
        state.health_version += 1
        out.append(health_event(sensor, state, cause, now))


def _change(
    sensor: SensorRules,
    state: SensorState,
    rule: CompiledRule,
    alarm: AlarmState,
    level: int,
    cause: Cause,
    now: datetime,
    out: list[Emitted],
) -> None:
    previous, alarm.level = alarm.level, level
    if previous == NORMAL:
        start = cause.event_id
        if rule.ladder is not None:
            start = rule.ladder.start_id(alarm, start)
        episode = alarm_id(rule.rule_id, state.key, start)
        if episode != alarm.alarm_id:
            alarm.alarm_id, alarm.version = episode, 0
    alarm.version += 1
    out.append(alarm_event(sensor, state, rule, alarm, previous, cause, now))


def _open(state: SensorState, rule: CompiledRule) -> AlarmState:
    alarm = state.alarms[rule.rule_id] = AlarmState(rule_version=rule.version)
    return alarm


def _renew(alarm: AlarmState, rule: CompiledRule) -> None:
    """A new version of the rule: what is open stays open, what was being gathered starts anew."""
    alarm.rule_version = rule.version
    alarm.holds.clear()
    if alarm.window is not None and alarm.window.span_s != rule.window_s:
        alarm.window = None
