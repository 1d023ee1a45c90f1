"""Warnings of other agencies: sources of rules over several sources while they are in force."""

from __future__ import annotations

from services.alerting.core.alarms.scopes import regions_concerned
from services.alerting.core.multi_source.external_warnings import (
    changes_by,
    sighting_of_warning,
)
from services.alerting.handlers.event_time import accepted_at, observed_at
from services.alerting.unit_of_work import UnitOfWork
from shared.contracts.reports import ExternalWarning
from shared.contracts.topics import WARNINGS
from shared.domain.agency_warnings import areas_of
from shared.runtime.handlers import Router
from shared.runtime.inbound_messages import InboundMessage

router: Router[UnitOfWork] = Router()


def load(event: ExternalWarning, unit: UnitOfWork, incoming: InboundMessage) -> None:
    """A message needs the warnings that it may end, and the regions of all their areas."""
    unit.plan.need_warning(event, observed_at(incoming))


@router.subscriber(WARNINGS, load=load)
async def handle_warning(
    event: ExternalWarning, unit: UnitOfWork, incoming: InboundMessage
) -> None:
    """Store a warning, end the warnings that the message follows, and evaluate the rules."""
    at = observed_at(incoming)
    cause = unit.cause_of(event, at)
    for region in regions_concerned(event.status, areas_of(event), unit.locked_regions):
        unit.engine.advance_clock(region, at, cause)
    changes = changes_by(event, unit.warnings, at, accepted_at(incoming))
    for absent in changes.absent:
        unit.save_warning(absent)
    unit.counts.warnings["withdrawn", event.status] += len(changes.ended)
    unit.counts.warnings["taken" if changes.new_warning is not None else "heard", event.status] += 1
    for updated in changes.in_order:
        unit.save_warning(updated)
        sighting = sighting_of_warning(updated)
        if sighting is not None:
            unit.engine.apply_warning(updated.status, sighting, cause, withdrawn=updated.withdrawn)
    unit.publish_rule_alarms()
