"""Alerts: officers are called to decide about them, and informed when they are announced."""

from __future__ import annotations

from services.notify.core.subjects.alerts import call_about_alert
from services.notify.unit_of_work import UnitOfWork
from shared.contracts.alerts import AlertEvent, AlertTransition
from shared.contracts.topics import ALERTS
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()


def load(alert: AlertEvent, unit: UnitOfWork) -> None:
    """An alert needs its last version and escalations; a recall needs all calls because of it."""
    unit.need_alert(alert.alert_id, recalled=alert.transition is AlertTransition.RECALLED)


@router.subscriber(ALERTS, load=load)
async def handle_alert(alert: AlertEvent, unit: UnitOfWork) -> None:
    """Call the officers of the place and the approver, or end the calls."""
    call_about_alert(alert, unit.engine)
