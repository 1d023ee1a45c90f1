"""Incidents of upward reports: alerts, reports and due timers come in, obligations go out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.command.core.reporting.events import (
    obligation_event,
    obligation_supervision_event,
)
from services.command.core.reporting.model import AlertReporting, Obligation, ReceivedReport
from services.command.core.reporting.obligations import obligations_of, observe_alert, with_limits
from services.command.core.reporting.profiles import ReportProfiles
from services.command.core.reporting.receiving import received_report
from services.command.core.reporting.timers import TimerRow, fire_obligation, timer_changes
from services.command.store import modes as mode_store
from services.command.store import reports as store
from services.command.unit_of_work.context import CommandContext
from services.command.unit_of_work.supervision import due_timers_by_subject
from shared.contracts.alerts import AlertEvent
from shared.contracts.fields import Status
from shared.contracts.reports import Report
from shared.contracts.supervision import SupervisionKind
from shared.contracts.topics import REPORT_DUTIES, SUPERVISION
from shared.domain.response_modes.effective import Modes
from shared.domain.roster.escalation_chain import escalation_chain
from shared.runtime.database import Transaction
from shared.runtime.timers import Timer, arm, disarm


class ReportChanges:
    """The reporting of named incidents, and what one transaction changes of it."""

    def __init__(self, transaction: Transaction, context: CommandContext) -> None:
        self._transaction = transaction
        self._context = context
        self._causes: dict[store.IncidentKey, str] = {}
        self._obligation_ids: set[str] = set()
        self._due_timers: list[Timer] = []
        self._incidents: dict[store.IncidentKey, store.Incident] = {}
        self._modes = Modes()
        self._alerts: dict[str, AlertReporting] = {}
        self._reports: list[ReceivedReport] = []

    def need(self, record: AlertEvent | Report) -> None:
        """Name the incident of a record; its last record becomes the cause of every change."""
        self._causes[record.status, record.incident_id] = record.id

    def need_timer(self, obligation_id: str) -> None:
        """Name an obligation with a due timer."""
        self._obligation_ids.add(obligation_id)

    async def lock(self) -> None:
        """Lock the incidents of the obligations with due timers."""
        if self._obligation_ids:
            keys = await store.incidents_of(self._transaction, list(self._obligation_ids))
            await store.lock_incidents(self._transaction, keys)

    async def load(self) -> None:
        """Lock and read the named incidents; a new one gets its row."""
        keys = set(self._causes)
        if self._obligation_ids:
            keys |= set(await store.incidents_of(self._transaction, list(self._obligation_ids)))
        self._incidents = await store.open_incidents(self._transaction, keys)
        for incident in self._incidents.values():
            incident.changed_at = max(self._transaction.now, incident.changed_at)
        if self._causes:
            self._modes = await mode_store.load_modes(self._transaction)
            self._set_limits()

    async def observe(self, alert: AlertEvent) -> None:
        """Note one version of an alert."""
        incident = self._incidents[alert.status, alert.incident_id]
        reporting = observe_alert(
            incident.alerts.get(alert.alert_id),
            alert,
            self._modes,
            self._profiles(),
            incident.changed_at,
        )
        self._alerts[alert.alert_id] = incident.alerts[alert.alert_id] = reporting

    async def receive(self, report: Report, acted_at: datetime | None) -> None:
        """Note a report; raise IncompleteReport or ForeignReport for one that cannot count."""
        incident = self._incidents[report.status, report.incident_id]
        received = received_report(report, incident.changed_at, acted_at)
        incident.reports[received.report_id] = received
        self._reports.append(received)

    def _profiles(self) -> ReportProfiles:
        return self._context.report_profiles_at(self._transaction.now)

    def _set_limits(self) -> None:
        """Fix the limits of alerts from before limits were stored with them."""
        profiles = self._profiles()
        for incident in self._incidents.values():
            for alert_id, reporting in incident.alerts.items():
                updated = with_limits(reporting, profiles)
                if updated is not reporting:
                    self._alerts[alert_id] = incident.alerts[alert_id] = updated

    async def fire(self, timers: Sequence[Timer]) -> None:
        """Fire these timers of obligations together with those of every further kind."""
        self._due_timers += timers

    async def save(self) -> None:
        """Write alerts and reports, publish what follows, and write the obligations."""
        if self._causes:
            await store.save_alerts(self._transaction, list(self._alerts.values()))
            await store.save_reports(self._transaction, self._reports)
            await self._update_obligations()
        if self._due_timers:
            await self._fire_timers()
        await store.save_times(self._transaction, self._incidents)

    async def _update_obligations(self) -> None:
        """Derive the obligations from alerts and reports; publish changes and set timers."""
        transaction, profiles = self._transaction, self._profiles()
        changed: list[Obligation] = []
        timers: list[TimerRow] = []
        for key, incident in sorted(self._incidents.items()):
            now = incident.changed_at
            for reporting in incident.alerts.values():
                for derived in obligations_of(reporting, incident.reports.values()):
                    previous = incident.obligations.get(derived.obligation_id)
                    updated = _next_version(previous, derived)
                    if updated is previous:
                        continue
                    changed.append(updated)
                    due_soon = profiles.of(updated.unit).due_soon
                    void_kinds, rows = timer_changes(previous, updated, due_soon, now)
                    await disarm(
                        transaction, [updated.obligation_id] if void_kinds else [], void_kinds
                    )
                    timers += rows
                    event = obligation_event(updated, reporting, self._causes[key], now)
                    transaction.publish(REPORT_DUTIES, updated.incident_id, event, event.id)
        await store.save_obligations(transaction, changed)
        await arm(transaction, timers, rearm=True)

    async def _fire_timers(self) -> None:
        """Publish supervision events of obligations and arm the next timers."""
        transaction, context = self._transaction, self._context
        profiles = context.profiles_at(transaction.now)
        by_subject = due_timers_by_subject(self._due_timers)
        changed: list[Obligation] = []
        timers: list[TimerRow] = []
        kinds: Counter[tuple[SupervisionKind, Status]] = Counter()
        for incident in self._incidents.values():
            now = incident.changed_at
            for obligation_id in sorted(incident.obligations.keys() & by_subject.keys()):
                obligation = incident.obligations[obligation_id]
                chain = escalation_chain(obligation.unit, context.posts)
                pace = profiles.of(obligation.unit).in_mode(obligation.mode)
                firing = fire_obligation(obligation, by_subject[obligation_id], chain, pace, now)
                for call in firing.calls:
                    event = obligation_supervision_event(
                        obligation,
                        incident.alerts[obligation.alert_id],
                        call,
                        list(incident.reports.values()),
                        now,
                    )
                    transaction.publish(SUPERVISION, obligation.incident_id, event, event.id)
                    kinds[call.kind, obligation.status] += 1
                if firing.obligation is not obligation:
                    changed.append(firing.obligation)
                timers += firing.new_timers
        await store.save_obligations(transaction, changed)
        await arm(transaction, timers, rearm=True)
        for labels, count in kinds.items():
            context.metrics.supervision.labels(*labels).inc(count)


def _next_version(previous: Obligation | None, derived: Obligation) -> Obligation:
    """Return the next version of the stored obligation, or itself when nothing has changed."""
    if previous is None:
        return derived
    updated = replace(derived, version=previous.version, calls=previous.calls)
    return previous if updated == previous else replace(updated, version=previous.version + 1)
