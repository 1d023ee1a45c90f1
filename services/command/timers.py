"""What the sweep of durable timers does here: lock the subjects, then tell what has become due."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from services.command import store
from services.command.core.deadlines import TimerKind
from services.command.core.escalation import Roster, ladder
from services.command.core.profiles import Profile
from services.command.core.records import Cause, supervision_event
from services.command.core.supervision import Due, fire
from services.command.metrics import CommandMetrics
from services.command.session import Session
from shared.contracts.commands import SupervisionKind
from shared.contracts.topics import SUPERVISION
from shared.runtime.database import Transaction
from shared.runtime.timers import Timer


class Supervisor:
    """Lock and Fire (shared.runtime.timers) of assignments."""

    def __init__(self, roster: Roster, profile: Profile, metrics: CommandMetrics) -> None:
        self._roster = roster
        self._profile = profile
        self._metrics = metrics

    async def lock(self, work: Transaction, subjects: Sequence[str]) -> None:
        """Commands first, then assignments: the order in which acknowledgements lock them."""
        await store.lock_commands(work, await store.commands_of(work, subjects))
        await store.lock_assignments(work, subjects)

    async def fire(self, work: Transaction, timers: Sequence[Timer]) -> None:
        """Publish supervision events and arm what comes next."""
        due: defaultdict[str, list[Due]] = defaultdict(list)
        for timer in timers:
            due[timer.subject_id].append(Due(TimerKind(timer.kind), timer.rung, timer.due_at))
        session = await Session.over(work, self._profile, await store.commands_of(work, list(due)))
        await session.load(due.keys())
        kinds: Counter[SupervisionKind] = Counter()
        for subject, claimed in due.items():
            assignment = session.assignments[subject]
            command = session.commands[assignment.command_id]
            fired = fire(
                assignment,
                claimed,
                ladder(assignment.unit, self._roster),
                self._profile,
                command.level,
                work.now,
            )
            for call in fired.calls:
                event = supervision_event(command, assignment, call, work.now)
                work.publish(SUPERVISION, command.command_id, event, event.id)
                kinds[call.kind] += 1
            if fired.assignment is not assignment:
                cause = Cause(assignment.command_id, work.now, command.issuer_unit)
                session.change(fired.assignment, cause)
            session.set_timers(fired.arm)
        await session.write()
        for kind, count in kinds.items():
            self._metrics.supervision.labels(kind).inc(count)
