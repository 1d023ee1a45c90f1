"""Alarms, alerts, and all that people decide about them."""

from __future__ import annotations

from services.audit.unit_of_work import UnitOfWork
from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import AlertDecision, AlertEvent, PublicNotice
from shared.contracts.envelope import Envelope
from shared.contracts.silences import SilenceRequest
from shared.contracts.topics import ALARMS, ALERT_DECISIONS, ALERTS, NOTICES, SILENCES
from shared.runtime.handlers import Router
from shared.runtime.inbound_messages import InboundMessage

router: Router[UnitOfWork] = Router()


def load(message: Envelope, unit: UnitOfWork) -> None:
    """Each record needs the status of the alerts that it belongs to."""
    unit.need_statuses(message)


@router.subscriber(ALARMS)
async def count_alarm(_: AlarmEvent, unit: UnitOfWork, record: InboundMessage) -> None:
    """Count the alarm."""
    unit.count(record)


@router.subscriber(ALERTS, load=load)
async def check_alert(alert: AlertEvent, unit: UnitOfWork, record: InboundMessage) -> None:
    """Count the alert, remember the version, and enter the effect of a person's decision."""
    unit.count(record)
    unit.save_version(alert)
    unit.enter(alert)


@router.subscriber(ALERT_DECISIONS, load=load)
async def enter_decision(decision: AlertDecision, unit: UnitOfWork, record: InboundMessage) -> None:
    """Count the decision and enter it."""
    unit.count(record)
    unit.enter(decision)


@router.subscriber(NOTICES, load=load)
async def count_notice(_: PublicNotice, unit: UnitOfWork, record: InboundMessage) -> None:
    """Count the public notice; a notice of a drill is a leak."""
    unit.count(record)


@router.subscriber(SILENCES)
async def enter_silence(request: SilenceRequest, unit: UnitOfWork, record: InboundMessage) -> None:
    """Count the request for a silence and enter it."""
    unit.count(record)
    unit.enter(request)
