"""Warnings of other agencies 外部预警: the units in their areas are called until they are over."""

from __future__ import annotations

from services.notify.core.subjects.agency_warnings import call_about_warning
from services.notify.unit_of_work import UnitOfWork
from shared.contracts.reports import ExternalWarning
from shared.contracts.topics import WARNINGS
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()


def load(event: ExternalWarning, unit: UnitOfWork) -> None:
    """A message needs the escalations about the warnings that it follows, and its own end."""
    unit.need_ended_warning(event.id)
    for reference in event.references:
        unit.need_subject(reference)


@router.subscriber(WARNINGS, load=load)
async def handle_warning(event: ExternalWarning, unit: UnitOfWork) -> None:
    """Call the units in the areas of a warning; end the calls about the warnings it follows."""
    ends_at = call_about_warning(event, unit.engine)
    if ends_at is not None:
        unit.end_calls_at(event.id, ends_at)
