"""Reports of people: evidence for alerts, and sightings for rules over several sources."""

from __future__ import annotations

from dataclasses import replace

from services.alerting.core.alarms.scopes import region_of
from services.alerting.core.alerts.alert import Alert, ReportEvidence
from services.alerting.core.alerts.grouping import Disposition, evidence_of_report, group_key
from services.alerting.core.alerts.lifecycle import apply_report, repeats_known
from services.alerting.core.alerts.outcome import AlertChange
from services.alerting.core.alerts.records import areas_of, headline_of
from services.alerting.core.alerts.routing import disposition_of_report
from services.alerting.core.multi_source.report_sightings import sighting_of
from services.alerting.handlers.event_time import observed_at
from services.alerting.unit_of_work import UnitOfWork
from shared.contracts.reports import Report
from shared.contracts.topics import REPORTS
from shared.runtime.handlers import Router
from shared.runtime.inbound_messages import InboundMessage

router: Router[UnitOfWork] = Router()


def load(event: Report, unit: UnitOfWork, incoming: InboundMessage) -> None:
    """A report needs the open alert of its group and its region."""
    unit.plan.need_report(event, observed_at(incoming))


@router.subscriber(REPORTS, load=load)
async def handle_report(event: Report, unit: UnitOfWork, incoming: InboundMessage) -> None:
    """Apply a report to the open alert of its group, or open one, and evaluate the rules.

    A report that only passes a known incident upward is no sighting; one because of a warning of
    another agency is none beside that warning.
    """
    region, at = region_of(event.status, event.place), observed_at(incoming)
    cause = unit.cause_of(event, at)
    unit.engine.advance_clock(region, at, cause)
    alert_id, disposition, evidence = await _join_alert(event, unit)
    unit.alerts.record_report(event, disposition, alert_id, evidence, at)
    unit.counts.dispositions["report", disposition, event.status] += 1
    sighting = None if evidence.repeats_known else sighting_of(event, at)
    if sighting is not None:
        unit.engine.apply_report(event.status, sighting, cause)
    unit.publish_rule_alarms()


async def _join_alert(
    event: Report, unit: UnitOfWork
) -> tuple[str | None, Disposition, ReportEvidence]:
    """Return the id of the report's alert (None: no alert), the disposition and the evidence."""
    evidence = evidence_of_report(event)
    own_alert = unit.alerts.open_alert(group_key(event))
    disposition = None if own_alert is not None else disposition_of_report(event)
    if disposition is not None:
        return None, disposition, evidence

    def apply(alert: Alert, origin_id: str) -> AlertChange:
        nonlocal evidence
        is_repeat = repeats_known(event, alert, unit.alerts.alert(origin_id))
        evidence = replace(evidence, origin_alert_id=origin_id, repeats_known=is_repeat)
        return apply_report(alert, evidence, headline_of(event), areas_of(event))

    alert, disposition, _ = await unit.apply_evidence(event, own_alert, apply)
    return alert.alert_id, disposition, evidence
