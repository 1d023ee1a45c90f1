"""What the sweep of durable timers does here: lock the subjects, then tell what has become due."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from services.command import store
from services.command.core.deadlines import TimerKind
from services.command.core.escalation import Roster, ladder
from services.command.core.model import Assignment, Command
from services.command.core.printing import CallPrinter
from services.command.core.profiles import Profile
from services.command.core.records import Cause
from services.command.core.reporting.timers import KINDS as REPORT_TIMERS
from services.command.core.supervision import Call, Due, fire
from services.command.metrics import CommandMetrics
from services.command.modes.desk import ModeDesk, ModeTimer
from services.command.reporting.desk import ReportDesk
from services.command.session import Session, cause_of
from shared.contracts.topics import SUPERVISION
from shared.runtime.database import Transaction
from shared.runtime.timers import Timer, TimerKey

_MODES = frozenset(ModeTimer)


class Supervisor:
    """Lock and Fire (shared.runtime.timers) of assignments."""

    def __init__(self, roster: Roster, profile: Profile, metrics: CommandMetrics) -> None:
        self._roster = roster
        self._profile = profile
        self._metrics = metrics

    async def lock(self, work: Transaction, subjects: Collection[str]) -> None:
        """Their commands, first of all as acknowledgements do: who has those has all below them."""
        await store.lock_commands(work, await store.commands_of(work, subjects))

    async def fire(self, work: Transaction, timers: Sequence[Timer]) -> None:
        """Publish supervision events and arm what comes next."""
        due: defaultdict[str, list[Due]] = defaultdict(list)
        for timer in timers:
            due[timer.subject_id].append(Due(TimerKind(timer.kind), timer.rung, timer.due_at))
        result = await store.lock_assignments(work, due.keys())
        over = {assignment.command_id for assignment in result.values()}
        session = await Session.over(work, self._profile, over, result.values())
        told: list[tuple[Assignment, Call]] = []
        for subject, claimed in due.items():
            assignment = session.assignments[subject]
            command = session.commands[assignment.command_id]
            fired = fire(
                assignment,
                claimed,
                ladder(assignment.unit, self._roster),
                self._profile.in_mode(assignment.mode),
                command.level,
                work.now,
            )
            told += [(assignment, call) for call in fired.calls]
            cause = Cause(assignment.command_id, work.now, command.issuer_unit)
            if fired.assignment is not assignment:
                session.change(fired.assignment, cause)
            for act, after in fired.woken:
                session.change(after, cause_of(act) if act is not None else cause)
            session.set_timers(fired.arm)
        await work.publish_new(SUPERVISION, _printed(session.commands, told, work.now))
        await session.write()
        for labels, count in Counter(
            (call.kind, assignment.status) for assignment, call in told
        ).items():
            self._metrics.supervision.labels(*labels).inc(count)


def _printed(
    commands: Mapping[str, Command], told: Iterable[tuple[Assignment, Call]], now: datetime
) -> Iterator[tuple[str, str, bytes]]:
    """Key, id and wire form of each call, printed while Postgres takes in those before it."""
    printers = {one: CallPrinter(command, now) for one, command in commands.items()}
    for assignment, call in told:
        yield assignment.command_id, *printers[assignment.command_id].print(assignment, call)


class Timers:
    """Lock and Fire of the whole service: every timer goes to the desk whose kind it is of."""

    def __init__(self, assignments: Supervisor, modes: ModeDesk, reports: ReportDesk) -> None:
        self._assignments = assignments
        self._modes = modes
        self._reports = reports

    async def lock(self, work: Transaction, keys: Sequence[TimerKey]) -> None:
        """Commands first, then modes, then reports, as a batch of messages locks them."""
        due = {key.subject_id: key.kind for key in keys}
        of_modes = [name for name, kind in due.items() if kind in _MODES]
        of_reports = [name for name, kind in due.items() if kind in REPORT_TIMERS]
        others = due.keys() - {*of_modes, *of_reports}
        if others:
            await self._assignments.lock(work, sorted(others))
        if of_modes:
            await self._modes.lock(work, of_modes)
        if of_reports:
            await self._reports.lock(work, of_reports)

    async def fire(self, work: Transaction, timers: Sequence[Timer]) -> None:
        """Hand the claimed timers out."""
        of_modes = [timer for timer in timers if timer.kind in _MODES]
        of_reports = [timer for timer in timers if timer.kind in REPORT_TIMERS]
        other_timers = [
            timer
            for timer in timers
            if timer.kind not in _MODES and timer.kind not in REPORT_TIMERS
        ]
        if other_timers:
            await self._assignments.fire(work, other_timers)
        if of_modes:
            await self._modes.fire(work, of_modes)
        if of_reports:
            await self._reports.fire(work, of_reports)
