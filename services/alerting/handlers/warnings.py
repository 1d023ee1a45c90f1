"""Warnings of other agencies: sources of rules over several sources while they are in force."""

from __future__ import annotations

from dataclasses import replace

from services.alerting.core.alarms.scopes import regions_concerned
from services.alerting.core.multi_source.external_warnings import (
    ended_before_arrival,
    ends_warning,
    sighting_of_warning,
    warning_state,
    was_ended_before,
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
    warning = warning_state(event, at, accepted_at(incoming))
    if warning is not None and was_ended_before(event, unit.warnings.get(event.id)):
        warning = replace(warning, withdrawn=True)
    ended = [existing for existing in unit.warnings.values() if ends_warning(event, existing)]
    # The new warning comes first: a danger that the agency goes on to state does not end in
    # between.
    changed = [warning] if warning is not None else []
    changed += [replace(existing, withdrawn=True) for existing in ended]
    for absent in ended_before_arrival(event, unit.warnings.keys(), at):
        unit.save_warning(absent)
    unit.counts.warnings["withdrawn", event.status] += len(ended)
    unit.counts.warnings["taken" if warning is not None else "heard", event.status] += 1
    for updated in changed:
        unit.save_warning(updated)
        sighting = sighting_of_warning(updated)
        if sighting is not None:
            unit.engine.apply_warning(updated.status, sighting, cause, withdrawn=updated.withdrawn)
    unit.publish_rule_alarms()
