"""Alerts, reports and a clock for tests of upward reporting."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.command.core.reporting.model import AlertReporting, Obligation, ReceivedReport
from services.command.core.reporting.obligations import obligations_of, observe_alert
from services.command.core.reporting.profiles import ReportProfiles
from services.command.core.reporting.receiving import received_report
from shared.contracts.alerts import AlertEvent, AlertState, AlertTransition
from shared.contracts.fields import Level, Status
from shared.contracts.ids import transition_id
from shared.contracts.reports import Means, Report, ReporterRole, ReportFacts, ReportKind
from shared.contracts.units import tier_of
from shared.domain.response_modes.effective import Modes
from tests.support.profiles import REPORTS
from tests.unit.command.builders import CITY, DISTRICT, NOW, TOWN

_TRANSITIONS = {
    AlertState.VERIFYING: AlertTransition.OPENED,
    AlertState.VERIFIED: AlertTransition.VERIFIED,
    AlertState.PENDING_APPROVAL: AlertTransition.ASSESSED,
    AlertState.ISSUED: AlertTransition.ISSUED,
    AlertState.LIFTED: AlertTransition.LIFTED,
    AlertState.DISMISSED: AlertTransition.DISMISSED,
    AlertState.REJECTED: AlertTransition.REJECTED,
}
_numbers = itertools.count(1)


def at(minutes: float) -> datetime:
    """So many minutes after NOW."""
    return NOW + timedelta(minutes=minutes)


def an_alert(
    state: AlertState = AlertState.ISSUED,
    level: Level | None = Level.YELLOW,
    version: int = 1,
    *,
    alert: str = "alt-1",
    **change: Any,
) -> AlertEvent:
    """A version of an alert at the town; before it is issued its level is a proposal."""
    issued = state in (AlertState.ISSUED, AlertState.LIFTED)
    return AlertEvent(
        **{
            "id": transition_id(alert, version),
            "occurred_at": NOW,
            "sent_at": NOW,
            "origin_unit": TOWN,
            "tier": tier_of(TOWN),
            "alert_id": alert,
            "version": version,
            "transition": _TRANSITIONS[state],
            "state": state,
            "event_type": "11A01",
            "place": TOWN,
            "level": level if issued and state is not AlertState.LIFTED else None,
            "proposed_level": level,
            "approver_unit": DISTRICT,
            "incident_id": "inc-1",
            "headline": "朱沱水位",
            **change,
        }
    )


def a_report(
    unit: str = TOWN,
    to_unit: str = DISTRICT,
    means: Means | None = Means.WRITTEN,
    kind: ReportKind = ReportKind.INITIAL,
    **change: Any,
) -> Report:
    """An upward report of an officer of `unit`."""
    return Report(
        **{
            "id": f"rpt-{next(_numbers)}",
            "occurred_at": NOW,
            "sent_at": NOW,
            "origin_unit": unit,
            "tier": tier_of(unit),
            "incident_id": "inc-1",
            "kind": kind,
            "event_type": "11A01",
            "place": TOWN,
            "reporter_id": "officer-1",
            "reporter_role": ReporterRole.OFFICER,
            "headline": "朱沱镇汛情初报",
            "means": means,
            "from_unit": unit,
            "to_unit": to_unit,
            "facts": ReportFacts(dead=0),
            **change,
        }
    )


@dataclass
class IncidentFiles:
    """The alerts and reports of incidents per status, without a database."""

    profiles: ReportProfiles = REPORTS
    modes: Modes = field(default_factory=Modes)
    alerts: dict[tuple[Status, str], AlertReporting] = field(default_factory=dict)
    reports: dict[tuple[Status, str], ReceivedReport] = field(default_factory=dict)

    def read(self, minutes: float, *messages: AlertEvent | Report) -> IncidentFiles:
        """Read messages at that time; a repeat changes nothing, since the inbox would drop it."""
        for message in messages:
            if isinstance(message, AlertEvent):
                key = (message.status, message.alert_id)
                self.alerts[key] = observe_alert(
                    self.alerts.get(key), message, self.modes, self.profiles, at(minutes)
                )
            else:
                self.reports.setdefault(
                    (message.status, message.id), received_report(message, at(minutes))
                )
        return self

    def obligations(self) -> dict[tuple[str, str, str], Obligation]:
        """Return every obligation by status, unit and addressee."""
        result: Iterable[Obligation] = (
            obligation
            for (status, _), alert in self.alerts.items()
            for obligation in obligations_of(
                alert,
                [report for (world, _), report in self.reports.items() if world is status],
            )
        )
        return {(str(item.status), item.unit, item.to_unit): item for item in result}

    def obligation(self, unit: str, to_unit: str, status: Status = Status.ACTUAL) -> Obligation:
        """Return the obligation of one route."""
        return self.obligations()[str(status), unit, to_unit]


ROUTES = {"town": (TOWN, DISTRICT), "district": (DISTRICT, CITY), "skip": (TOWN, CITY)}
