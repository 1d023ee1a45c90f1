"""Supervision: reminders and escalations name the post that is called."""

from __future__ import annotations

from services.notify.core.subjects.supervision import call_about_supervision
from services.notify.unit_of_work import UnitOfWork
from shared.contracts.supervision import SupervisionEvent
from shared.contracts.topics import SUPERVISION
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()


def load(supervision: SupervisionEvent, unit: UnitOfWork) -> None:
    """Supervision needs the supervised assignment or duty to report, and the alert if any."""
    if supervision.clock in ("sign", "finish"):
        unit.need_assignment(supervision.subject_id)
    else:
        unit.need_report_duty(supervision.subject_id)
    if supervision.alert_id is not None:
        unit.need_cause(supervision.alert_id)


@router.subscriber(SUPERVISION, load=load)
async def handle_supervision(supervision: SupervisionEvent, unit: UnitOfWork) -> None:
    """Call the named post, unless the unit has acted meanwhile."""
    call_about_supervision(supervision, unit.engine)
