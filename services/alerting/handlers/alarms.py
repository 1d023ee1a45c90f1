"""Alarms of rules: routed to an alert or aside, and evaluated by rules over several sources."""

from __future__ import annotations

from dataclasses import replace

from services.alerting.core.alarms.flapping import is_flapping, quiet_period
from services.alerting.core.alarms.scopes import region_of
from services.alerting.core.alarms.snapshot import AlarmSnapshot, snapshot_of
from services.alerting.core.alerts.alert import AlarmEvidence, Alert, FlappingState, with_grade
from services.alerting.core.alerts.grouping import (
    AlarmRecord,
    Disposition,
    evidence_of_alarm,
    grade_of,
)
from services.alerting.core.alerts.lifecycle import apply_alarm, revise_alarm
from services.alerting.core.alerts.outcome import AlertChange
from services.alerting.core.alerts.records import areas_of, headline_of
from services.alerting.core.alerts.routing import AlarmRoute
from services.alerting.core.silent_places.silent_place import concerns_silence
from services.alerting.handlers.event_time import observed_at
from services.alerting.unit_of_work import UnitOfWork
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.alerts import Callee
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Status
from shared.contracts.topics import ALARMS
from shared.runtime.errors import Reject
from shared.runtime.handlers import Router
from shared.runtime.inbound_messages import InboundMessage

router: Router[UnitOfWork] = Router()
_RAISES_AND_CLEARINGS = frozenset({AlarmTransition.RAISED, AlarmTransition.CLEARED})


def load(event: AlarmEvent, unit: UnitOfWork, incoming: InboundMessage) -> None:
    """An alarm needs its row, its alert, the alarms waiting for its rule, and its region."""
    unit.plan.need_alarm(event, observed_at(incoming))


@router.subscriber(ALARMS, load=load)
async def handle_alarm(event: AlarmEvent, unit: UnitOfWork, incoming: InboundMessage) -> None:
    """Route a change of an alarm, evaluate the rules over the alarm, and route waiting alarms.

    An old version is ignored. Raises Reject for an alarm with a changed status.
    """
    record = unit.alerts.alarm(event.alarm_id)
    if record is not None and event.version <= record.snapshot.version:
        unit.counts.stale[event.status] += 1
        return
    if record is not None and event.status is not record.snapshot.status:
        raise Reject(
            Reason.NOT_ALLOWED,
            f"alarm {event.alarm_id} is {record.snapshot.status}, not {event.status}",
        )
    alarm = snapshot_of(event, record.snapshot if record is not None else None)
    region = region_of(event.status, event.place)
    at = observed_at(incoming)
    if incoming.early:
        # An urgent alarm must not advance the clock past records that it has overtaken.
        at = min(at, unit.engine.clocks.get(region, at))
    cause = unit.cause_of(event, at)
    unit.engine.advance_clock(region, at, cause)
    await route_alarm(event, alarm, record, unit)
    if concerns_silence(event):
        unit.note_silence(event, lasts=alarm.is_on and not event.retrospective)
    unit.engine.apply_alarm(alarm, cause)
    await _route_waiting(alarm, unit)
    unit.publish_rule_alarms()


async def route_alarm(
    event: AlarmEvent,
    alarm: AlarmSnapshot,
    record: AlarmRecord | None,
    unit: UnitOfWork,
    *,
    has_waited: bool = False,
    calls: tuple[Callee, ...] = (),
) -> bool:
    """Route an alarm, apply the effects of the route, and store the alarm.

    `record` is the row before the event (None: a new alarm), `has_waited` True when the inhibitors
    had their time. `calls` are the posts to call about the change of the alert. Returns whether an
    alert has the alarm now.
    """
    own_alert = unit.alerts.alert(record.alert_id) if record is not None else None
    if own_alert is not None and not own_alert.is_open_or_merged:
        own_alert = None
    route = unit.router.route(
        event, alarm, record, in_open_alert=own_alert is not None, has_waited=has_waited
    )
    _apply_effects(route, alarm, unit)
    # In another alert an alarm begins anew: its evidence in the former one says nothing there.
    previous = record.evidence if record is not None and own_alert is not None else None
    evidence = evidence_of_alarm(event, alarm, previous)
    alert_id = record.alert_id if record is not None else None
    disposition = route.disposition
    joins = own_alert is not None or disposition is None
    if joins:
        alert, joined, origin_id = await _join_alert(event, alarm, evidence, own_alert, unit, calls)
        alert_id, disposition = alert.alert_id, disposition or joined
        evidence = replace(evidence, origin_alert_id=evidence.origin_alert_id or origin_id)
    assert disposition is not None
    waiting_event = event if route.keeps_event and alarm.is_on else None
    unit.alerts.record_alarm(
        AlarmRecord(evidence, alarm, alert_id, disposition, waiting_event, route.silence_id)
    )
    if disposition is not Disposition.ON_HOLD:
        _end_hold(record, unit)
    _leave_silence(record, route.silence_id if waiting_event is not None else None, unit)
    unit.counts.dispositions["alarm", disposition, alarm.status] += 1
    return joins


async def release_alarm(
    record: AlarmRecord, unit: UnitOfWork, calls: tuple[Callee, ...] = ()
) -> bool:
    """Route a waiting alarm like a new one.

    Returns False when the alarm waits further; no post of `calls` is called then.
    """
    assert record.waiting_event is not None, "only a waiting alarm is released"
    released = replace(record, waiting_event=None)
    return await route_alarm(
        record.waiting_event, record.snapshot, released, unit, has_waited=True, calls=calls
    )


async def _route_waiting(changed: AlarmSnapshot, unit: UnitOfWork) -> None:
    """Route the alarms waiting for the rule of the changed alarm."""
    for record in unit.alerts.waiting_for(changed):
        assert record.waiting_event is not None, "only an alarm with an event waits"
        if record.snapshot.alarm_id == changed.alarm_id:
            continue
        is_inhibited = unit.router.is_inhibited(record.snapshot)
        if record.disposition is Disposition.ON_HOLD:
            if is_inhibited:
                unit.alerts.record_alarm(replace(record, disposition=Disposition.INHIBITED))
                _end_hold(record, unit)
                unit.counts.dispositions["alarm", Disposition.INHIBITED, changed.status] += 1
        elif not is_inhibited:
            await release_alarm(record, unit)


def _apply_effects(route: AlarmRoute, alarm: AlarmSnapshot, unit: UnitOfWork) -> None:
    if route.newly_silenced and route.silence_id is not None:
        unit.count_hidden(route.silence_id)
    if route.hold is not None:
        unit.start_hold(alarm, route.hold)


def _end_hold(record: AlarmRecord | None, unit: UnitOfWork) -> None:
    if record is not None and record.disposition is Disposition.ON_HOLD:
        unit.end_hold(record.snapshot)


def _leave_silence(record: AlarmRecord | None, hiding_id: str | None, unit: UnitOfWork) -> None:
    """Tell the silence that hid the alarm before, unless the alarm stays on in it."""
    if record is None or record.waiting_event is None or record.silence_id is None:
        return
    if record.silence_id != hiding_id:
        unit.leave_silence(record.silence_id)


async def _join_alert(
    event: AlarmEvent,
    alarm: AlarmSnapshot,
    evidence: AlarmEvidence,
    own_alert: Alert | None,
    unit: UnitOfWork,
    calls: tuple[Callee, ...],
) -> tuple[Alert, Disposition, str]:
    """Apply an alarm to its alert; a revision without effect makes no new version."""
    is_revision = event.transition is AlarmTransition.REVISED
    if own_alert is not None and is_revision:
        revised = _revise(own_alert, event, evidence)
        if revised is not None:
            unit.alerts.update_evidence(revised)
            return revised, Disposition.JOINED, evidence.origin_alert_id
    flapping = _flapping_state(event, alarm, unit)

    def apply(alert: Alert, origin_id: str) -> AlertChange:
        origin_alert_id = evidence.origin_alert_id or origin_id
        joined = replace(evidence, origin_alert_id=origin_alert_id)
        return apply_alarm(alert, joined, headline_of(event), areas_of(event), flapping)

    return await unit.apply_evidence(event, own_alert, apply, calls)


def _revise(alert: Alert, event: AlarmEvent, evidence: AlarmEvidence) -> Alert | None:
    if with_grade(alert, grade_of(event)) is not alert:
        return None
    return revise_alarm(alert, evidence)


def _flapping_state(
    event: AlarmEvent, alarm: AlarmSnapshot, unit: UnitOfWork
) -> FlappingState | None:
    if event.transition not in _RAISES_AND_CLEARINGS or event.status is Status.SYSTEM:
        return None  # the canary's alarm is raised four times a minute, by design
    raises = unit.alerts.raises(alarm)
    if unit.alerts.alarm(event.alarm_id) is None:
        raises = [*raises, alarm.began_at]
    if not is_flapping(raises, event.occurred_at):
        return None
    mode = unit.modes.effective(alarm.status, alarm.place)
    return FlappingState(event.level, unit.now + quiet_period(mode.mode), mode)
