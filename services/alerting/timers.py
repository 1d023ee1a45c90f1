"""Durable timers of alerting: holds, silences, silent places, alerts and episodes.

A timer whose subject has changed in the meantime changes nothing: each function examines the state
first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from services.alerting.core.alerts.alert import Alert
from services.alerting.core.alerts.grouping import Disposition
from services.alerting.core.alerts.lifecycle import end_flapping
from services.alerting.core.alerts.outcome import AlertChange
from services.alerting.core.alerts.ratification import remind_gate
from services.alerting.core.alerts.records import ChangeOrigin, origin_of_timer
from services.alerting.core.alerts.validity import expire, follow_up_alert
from services.alerting.core.multi_source.episode import EpisodeCause
from services.alerting.core.silences.silence import (
    Silence,
    after_window,
    cleared,
    expired,
    warned,
)
from services.alerting.handlers.alarms import release_alarm
from services.alerting.handlers.silences import save_silence
from services.alerting.store.alert_repository import FLAPPING, RATIFICATION, VALIDITY
from services.alerting.store.episodes import EXPIRY, episode_key_of_timer
from services.alerting.store.silences import SILENCE_CLEARED, SILENCE_END, SILENCE_WARNING
from services.alerting.store.silent_places import SILENT_PLACES, region_of_district
from services.alerting.unit_of_work import HOLD, UnitOfWork, hold_of_timer
from shared.contracts.ids import content_id
from shared.runtime.handlers import Router
from shared.runtime.timers import Timer, TimerKey

router: Router[UnitOfWork] = Router()


def load_hold(timer: TimerKey, unit: UnitOfWork) -> None:
    """The end of a hold needs the alarm and its region."""
    unit.plan.need_hold(*hold_of_timer(timer.subject_id))


def load_silence(timer: TimerKey, unit: UnitOfWork) -> None:
    """A timer of a silence needs the silence with the hidden alarms, and all regions."""
    unit.plan.silence_ids.add(timer.subject_id)


def load_alert(timer: TimerKey, unit: UnitOfWork) -> None:
    """A timer of an alert needs the alert, and its region, since its evidence may move."""
    unit.plan.need_alert(timer.subject_id)


def load_silent_places(timer: TimerKey, unit: UnitOfWork) -> None:
    """The silent places of a district need its region."""
    unit.plan.regions.add(region_of_district(timer.subject_id))


def load_episode(timer: TimerKey, unit: UnitOfWork) -> None:
    """The expiry of an episode needs the episode and its region."""
    unit.plan.need_episode(episode_key_of_timer(timer.subject_id))


@router.timer(HOLD, load=load_hold)
async def fire_hold(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """Route the alarms whose hold ends: every alarm from before the end has been handled."""
    for timer in timers:
        _, alarm_id = hold_of_timer(timer.subject_id)
        record = unit.alerts.alarm(alarm_id)
        if record is None or record.waiting_event is None:
            continue
        if record.disposition is not Disposition.ON_HOLD:
            continue
        await release_alarm(record, unit)
    unit.publish_rule_alarms()


@router.timer(SILENCE_END, load=load_silence)
async def fire_silence_end(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """End the silences whose time is over, and the windows of weekly ones.

    A silence that was extended stays in force.
    """
    for timer in timers:
        existing_silence = unit.silences.get(timer.subject_id)
        if existing_silence is not None:
            silence = expired(existing_silence, unit.now)
            silence = silence or after_window(existing_silence, unit.now)
            if silence is not None:
                releases = not silence.is_open(unit.now)
                await save_silence(silence, None, unit, releases=releases)
    unit.publish_rule_alarms()


@router.timer(SILENCE_WARNING, load=load_silence)
async def fire_silence_warning(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """Tell the owners of silences that these end soon, while alarms that they hold are on."""
    await _change_silences(timers, unit, warned)


@router.timer(SILENCE_CLEARED, load=load_silence)
async def fire_silence_cleared(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """End the silences that end with their alarms, when none of these has been on for long."""
    await _change_silences(timers, unit, cleared)


@router.timer(SILENT_PLACES, load=load_silent_places)
async def fire_silent_places(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """Tell the places of a district that their sensors are silent, or heard again."""
    for timer in timers:
        await unit.tell_silent_places(timer.subject_id)


@router.timer(EXPIRY, load=load_episode)
async def fire_expiry(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """Move the clocks of regions to the expiry of their episodes."""
    for timer in timers:
        key = episode_key_of_timer(timer.subject_id)
        cause_id = content_id("tmr", key.text)
        unit.engine.apply_expiry(key, EpisodeCause(cause_id, cause_id, unit.now, unit.now))
    unit.publish_rule_alarms()


@router.timer(RATIFICATION, load=load_alert)
async def fire_ratification(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """Remind the gate of emergency authorisations that it has not ratified."""
    _change_alerts(timers, unit, remind_gate)


@router.timer(FLAPPING, load=load_alert)
async def fire_flapping(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """End the flapping of alerts whose alarms were quiet for the quiet period."""
    _change_alerts(timers, unit, _end_flapping_when_due)


@router.timer(VALIDITY, load=load_alert)
async def fire_validity(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """Expire alerts, and open a new alert of the alarms that are still on."""
    for timer in timers:
        alert = unit.alerts.alert(timer.subject_id)
        change = expire(alert, unit.now) if alert is not None else None
        if alert is None or change is None:
            continue
        origin = _origin(timer, alert)
        unit.commit(change, origin)
        follower = follow_up_alert(change.alert)
        if follower is not None:
            await unit.insert(follower, origin)


def _end_flapping_when_due(alert: Alert, now: datetime) -> AlertChange | None:
    is_due = alert.is_open_or_merged and alert.flapping is not None and alert.flapping.until <= now
    return end_flapping(alert) if is_due else None


async def _change_silences(
    timers: Sequence[Timer],
    unit: UnitOfWork,
    change_silence: Callable[[Silence, int, datetime], Silence | None],
) -> None:
    for timer in timers:
        existing_silence = unit.silences.get(timer.subject_id)
        if existing_silence is not None:
            hidden_alarms = len(unit.alerts.hidden_by(timer.subject_id))
            silence = change_silence(existing_silence, hidden_alarms, unit.now)
            if silence is not None:
                await save_silence(silence, None, unit)


def _change_alerts(
    timers: Sequence[Timer],
    unit: UnitOfWork,
    change_alert: Callable[[Alert, datetime], AlertChange | None],
) -> None:
    for timer in timers:
        alert = unit.alerts.alert(timer.subject_id)
        change = change_alert(alert, unit.now) if alert is not None else None
        if alert is not None and change is not None:
            unit.commit(change, _origin(timer, alert))


def _origin(timer: Timer, alert: Alert) -> ChangeOrigin:
    return origin_of_timer(timer.kind, alert.alert_id, timer.due_at, alert.place, alert.incident_id)
