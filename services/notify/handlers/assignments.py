"""Assignments: the unit is called when one is delivered, until the unit has acted."""

from __future__ import annotations

from services.notify.core.subjects.assignments import call_about_assignment
from services.notify.unit_of_work import UnitOfWork
from shared.contracts.assignments import AssignmentEvent, AssignmentState
from shared.contracts.topics import ASSIGNMENTS
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()


def load(assignment: AssignmentEvent, unit: UnitOfWork) -> None:
    """An assignment needs its last version and its escalations; a delivery needs its alert too."""
    unit.need_assignment(assignment.assignment_id)
    if assignment.state is AssignmentState.DELIVERED and assignment.alert_id is not None:
        unit.need_cause(assignment.alert_id)


@router.subscriber(ASSIGNMENTS, load=load)
async def handle_assignment(assignment: AssignmentEvent, unit: UnitOfWork) -> None:
    """Call the unit about a delivery, or end the calls."""
    call_about_assignment(assignment, unit.engine)
