"""Applies alerts and upward reports to the duties of their incidents; fires the duties' timers.

Per incident everything that is known is read under its lock and judged anew (core/reporting/judging):
nothing depends on what came first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from services.command.core.escalation import Roster, ladder
from services.command.core.profiles import Profile
from services.command.core.reporting.judging import duties, hear
from services.command.core.reporting.model import Case, Duty, Told
from services.command.core.reporting.profiles import ReportProfile
from services.command.core.reporting.receiving import (
    NotAReport,
    NotTheirs,
    is_upward,
    received,
)
from services.command.core.reporting.records import duty_event, supervision_of
from services.command.core.reporting.timers import Arm, Fallen, fire, rearmed
from services.command.metrics import CommandMetrics
from services.command.modes import store as mode_store
from services.command.reporting import store
from services.command.reporting.store import File, Key
from shared.contracts.alerts import AlertEvent
from shared.contracts.commands import SupervisionKind
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Status
from shared.contracts.reports import Report
from shared.contracts.topics import REPORT_DUTIES, SUPERVISION
from shared.runtime.database import Transaction
from shared.runtime.errors import Reject
from shared.runtime.timers import Timer, arm, disarm

Cause = AlertEvent | Report


class ReportDesk:
    """What all transactions share: the limits, the pace of escalation, the roster."""

    def __init__(
        self, profile: ReportProfile, pace: Profile, roster: Roster, metrics: CommandMetrics
    ) -> None:
        self._profile = profile
        self._pace = pace
        self._roster = roster
        self._metrics = metrics

    async def take(self, work: Transaction, causes: Sequence[Cause]) -> None:
        """Apply records in any order; raises Reject for a report that cannot count."""
        wanted = [cause for cause in causes if isinstance(cause, AlertEvent) or is_upward(cause)]
        if not wanted:
            return
        files = await store.open_files(work, {(one.status, one.incident_id) for one in wanted})
        for opened in files.values():
            opened.changed_at = max(work.now, opened.changed_at)
        modes = await mode_store.decided(work)
        cases: dict[str, Case] = {}
        reports: list[Told] = []
        last: dict[Key, str] = {}
        for alert in wanted:
            key = (alert.status, alert.incident_id)
            opened = files[key]
            last[key] = alert.id
            if isinstance(alert, AlertEvent):
                case = hear(opened.cases.get(alert.alert_id), alert, modes, opened.changed_at)
                cases[alert.alert_id] = opened.cases[alert.alert_id] = case
            else:
                told = _received(alert, opened)
                opened.reports[told.report_id] = told
                reports.append(told)
        await store.save_cases(work, list(cases.values()))
        await store.save_reports(work, reports)
        await self._judge(work, files, last)
        await store.touch(work, files)

    async def _judge(self, work: Transaction, files: dict[Key, File], last: dict[Key, str]) -> None:
        """Let duties follow from what is known now; tell of those that changed, set their timers."""
        changed: list[Duty] = []
        timers: list[Arm] = []
        for key, opened in sorted(files.items()):
            for case in opened.cases.values():
                for judged in duties(case, opened.reports.values(), self._profile):
                    before = opened.duties.get(judged.duty_id)
                    after = _next(before, judged)
                    if after is before:
                        continue
                    changed.append(after)
                    void, wanted = rearmed(before, after, self._profile, opened.changed_at)
                    await disarm(work, [after.duty_id] if void else [], void)
                    timers += wanted
                    event = duty_event(after, case, last[key], opened.changed_at)
                    work.publish(REPORT_DUTIES, after.incident_id, event, event.id)
        await store.save_duties(work, changed)
        await arm(work, timers, rearm=True)

    async def lock(self, work: Transaction, subjects: Sequence[str]) -> None:
        """Lock the incidents of these duties."""
        await store.lock(work, await store.incidents_of(work, subjects))

    async def fire(self, work: Transaction, timers: Sequence[Timer]) -> None:
        """Publish supervision events of duties and arm what comes next."""
        due: defaultdict[str, list[Fallen]] = defaultdict(list)
        for timer in timers:
            due[timer.subject_id].append(Fallen(timer.kind, timer.rung, timer.due_at))
        if not due:
            return
        files = await store.open_files(work, await store.incidents_of(work, list(due)))
        changed: list[Duty] = []
        wanted: list[Arm] = []
        kinds: Counter[tuple[SupervisionKind, Status]] = Counter()
        for opened in files.values():
            now = opened.changed_at = max(work.now, opened.changed_at)
            for duty_id in sorted(opened.duties.keys() & due.keys()):
                duty = opened.duties[duty_id]
                rungs = ladder(duty.unit, self._roster)
                result = fire(duty, due[duty_id], rungs, self._pace.in_mode(duty.mode), now)
                for call in result.calls:
                    told = list(opened.reports.values())
                    event = supervision_of(duty, opened.cases[duty.alert_id], call, told, now)
                    work.publish(SUPERVISION, duty.incident_id, event, event.id)
                    kinds[call.kind, duty.status] += 1
                if result.duty is not duty:
                    changed.append(result.duty)
                wanted += result.arm
        await store.save_duties(work, changed)
        await arm(work, wanted, rearm=True)
        await store.touch(work, files)
        for labels, count in kinds.items():
            self._metrics.supervision.labels(*labels).inc(count)


def _received(report: Report, opened: File) -> Told:
    try:
        return received(report, opened.changed_at)
    except NotAReport as why:
        raise Reject(Reason.SCHEMA, str(why)) from why
    except NotTheirs as why:
        raise Reject(Reason.NOT_ALLOWED, str(why)) from why


def _next(before: Duty | None, judged: Duty) -> Duty:
    """The stored duty's next version, or itself when nothing has changed."""
    if before is None:
        return judged
    after = replace(judged, version=before.version, calls=before.calls)
    return before if after == before else replace(after, version=before.version + 1)
