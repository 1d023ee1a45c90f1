"""Due timers of assignments: calls are published, assignments changed, the next timers armed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

from services.command.core.assignments.model import Assignment
from services.command.core.cause import Cause
from services.command.core.supervision.firing import (
    DueTimer,
    SupervisionCall,
    fire_assignment,
)
from services.command.fastpath.event_encoder import CallEncoder
from services.command.store import assignments as assignment_store
from services.command.unit_of_work.commands import LockedCommands
from services.command.unit_of_work.context import CommandContext
from shared.contracts.topics import SUPERVISION
from shared.domain.roster.escalation_chain import escalation_chain
from shared.runtime.database import Transaction
from shared.runtime.timers import Timer

by_due_time = attrgetter("due_at", "subject_id", "kind", "rung")
"""The order in which due timers of several kinds take effect."""


def due_timers_by_subject(timers: Iterable[Timer]) -> dict[str, list[DueTimer]]:
    """Return the due timers of each subject, in the order of their due times."""
    by_subject: defaultdict[str, list[DueTimer]] = defaultdict(list)
    for timer in sorted(timers, key=by_due_time):
        by_subject[timer.subject_id].append(DueTimer(timer.kind, timer.rung, timer.due_at))
    return by_subject


async def fire_assignment_timers(
    transaction: Transaction, context: CommandContext, timers: Sequence[Timer]
) -> None:
    """Publish supervision events of assignments and arm the next timers."""
    by_subject = due_timers_by_subject(timers)
    loaded = await assignment_store.load_assignments(transaction, by_subject.keys())
    command_ids = {assignment.command_id for assignment in loaded.values()}
    commands = await LockedCommands.lock(transaction, context, command_ids, loaded.values())
    calls: list[tuple[Assignment, SupervisionCall]] = []
    for subject, due_timers in by_subject.items():
        assignment = commands.assignments[subject]
        command = commands.commands[assignment.command_id]
        firing = fire_assignment(
            assignment,
            due_timers,
            escalation_chain(assignment.unit, context.posts),
            commands.profiles.of(assignment.unit).in_mode(assignment.mode),
            command.level,
            transaction.now,
        )
        calls += [(assignment, call) for call in firing.calls]
        cause = Cause(assignment.command_id, transaction.now, command.issuer_unit)
        if firing.assignment is not assignment:
            commands.change(firing.assignment, cause)
        for officer_step, updated in firing.resumed:
            commands.change(updated, officer_step.cause if officer_step is not None else cause)
        commands.arm(firing.new_timers)
    await transaction.publish_new(SUPERVISION, _encoded(commands, calls))
    await commands.save()
    kinds = Counter((call.kind, assignment.status) for assignment, call in calls)
    for labels, count in kinds.items():
        context.metrics.supervision.labels(*labels).inc(count)


def _encoded(
    commands: LockedCommands, calls: Iterable[tuple[Assignment, SupervisionCall]]
) -> Iterator[tuple[str, str, bytes]]:
    """Yield key, id and wire form of each call, encoded while Postgres reads the earlier ones."""
    now, fast = commands.transaction.now, commands.context.fast_path
    encoders = {
        name: CallEncoder(command, now, fast=fast) for name, command in commands.commands.items()
    }
    for assignment, call in calls:
        yield assignment.command_id, *encoders[assignment.command_id].encode(assignment, call)
