"""Acknowledgements applied in a session: each step, and what follows for other assignments.

Splitting makes parts, reassigning makes a successor; what is waived, recalled or reassigned takes its
open parts with it, and closing a whole waives the optional parts that are still open.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from services.command.core import steps
from services.command.core.authority import refusal
from services.command.core.deadlines import Clocks
from services.command.core.lifecycle import OPEN
from services.command.core.model import Act, Assignment, Command
from services.command.core.parts import part_of, successor
from services.command.core.profiles import Profile
from services.command.core.states import Event, IllegalStep, State
from services.command.core.wire import PlainStep
from services.command.modes import store as mode_store
from services.command.session import Session, cause_of
from shared.contracts.commands import Acknowledgement, Step
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Status
from shared.contracts.ids import assignment_id
from shared.domain.response_modes.effective import Modes
from shared.domain.selection.tree import UnitTree
from shared.runtime.errors import Reject

_BEGIN = frozenset({Step.SEND_BACK, Step.SPLIT, Step.REASSIGN})
"""Steps after which some unit's attempt begins: its clocks go by its mode."""
_WRITTEN_TOGETHER = 1_000
"""So many steps are decided while Postgres writes what those before them have changed, and looks up what those
after them are about."""
_TURN = 50
"""Steps after which Postgres may be given its next statement: about a millisecond."""
_CONCERNS_OTHERS = frozenset({Step.SPLIT, Step.REASSIGN, Step.WAIVE, Step.RECALL, Step.CLOSE})
"""Steps that mean something for other assignments than the one they are taken on."""
_ASKED_AGAIN = frozenset({State.DONE, State.RETURNED})


def _touched(part: Sequence[Acknowledgement | PlainStep]) -> set[str]:
    """The assignments that these steps are about, or may come to be."""
    results = {one.assignment_id for one in part}
    return results | {
        assignment_id(one.command_id, unit) for one in part for unit in one.units or ()
    }


class Stepping:
    """Applies steps of people to one session. `tree` and `profile` are read, never changed."""

    def __init__(self, session: Session, tree: UnitTree, profile: Profile) -> None:
        self._session = session
        self._tree = tree
        self._profile = profile
        self._modes = Modes()

    async def acknowledge(
        self, batch: Sequence[Acknowledgement | PlainStep]
    ) -> Counter[tuple[steps.Outcome, Status]]:
        """Apply a batch in its order; raises Reject for a step that is refused."""
        outcomes: Counter[tuple[steps.Outcome, Status]] = Counter()
        if not batch:
            return outcomes
        if any(record.step in _BEGIN for record in batch):
            self._modes = await mode_store.decided(self._session.work)
        parts = [
            batch[at : at + _WRITTEN_TOGETHER] for at in range(0, len(batch), _WRITTEN_TOGETHER)
        ]
        await self._session.load(_touched(parts[0]))
        try:
            for part, following in zip(parts, [*parts[1:], ()], strict=True):
                await self._session.write_beside(_touched(following))
                with self._session.work.loop_priority.hold():
                    for number, one in enumerate(part, 1):
                        outcomes[await self._take(one), one.status] += 1
                        if number % _TURN == 0:
                            await asyncio.sleep(0)
        finally:
            await self._session.written()
        return outcomes

    async def apply(self, assignment: Assignment, act: Act, attempt: int) -> steps.Outcome:
        """One step on a loaded assignment; raises Reject."""
        session = self._session
        command = session.commands[assignment.command_id]
        try:
            outcome, changes = steps.take(
                assignment,
                act,
                attempt,
                session.work.now,
                profile=self._profile,
                level=command.level,
                command_open=command.state in OPEN,
                mode=self._modes.effective(assignment.status, assignment.unit),
                within=session.finish_of_whole(assignment),
            )
            applied = outcome is steps.Outcome.APPLIED
            if applied and act.step is Step.REASSIGN:
                # Before the old one ends: its whole must not seem complete in between.
                self._give_over(assignment, command, act)
            for done, after in changes:
                session.change(after, cause_of(done))
            if applied and act.step in _CONCERNS_OTHERS:
                await self._follow(assignment, command, act)
        except IllegalStep as error:
            raise Reject(Reason.NOT_ALLOWED, str(error)) from error
        if outcome is steps.Outcome.LATE:
            session.keep_late(assignment, act, attempt)
        return outcome

    async def _take(self, acknowledgement: Acknowledgement | PlainStep) -> steps.Outcome:
        assignment = self._session.assignments.get(acknowledgement.assignment_id)
        command = self._session.commands.get(acknowledgement.command_id)
        if (
            assignment is None
            or command is None
            or assignment.command_id != acknowledgement.command_id
        ):
            raise Reject(
                Reason.UNKNOWN_SUBJECT,
                f"no assignment {acknowledgement.assignment_id} under command {acknowledgement.command_id}",
            )
        if acknowledgement.unit != assignment.unit:
            raise Reject(
                Reason.UNKNOWN_SUBJECT, f"this assignment is not of unit {acknowledgement.unit}"
            )
        if acknowledgement.status is not assignment.status:
            raise Reject(
                Reason.NOT_ALLOWED,
                f"a step of {acknowledgement.status} cannot change what is {command.status}",
            )
        why = refusal(acknowledgement.step, acknowledgement.officer_unit, assignment, command)
        if why is not None:
            raise Reject(Reason.NOT_ALLOWED, why)
        act = Act(
            acknowledgement.step,
            acknowledgement.id,
            acknowledgement.officer_id,
            acknowledgement.officer_unit,
            acknowledgement.text,
            acknowledgement.occurred_at,
            acknowledgement.number or 1,
            acknowledgement.until,
            acknowledgement.units or (),
            acknowledgement.mandatory is not False,
        )
        return await self.apply(assignment, act, acknowledgement.attempt)

    async def _follow(self, before: Assignment, command: Command, act: Act) -> None:
        """What a step that took effect means for other assignments."""
        match act.step:
            case Step.SPLIT:
                for unit in act.units:
                    self._give_part(before, command, unit, act)
            case Step.REASSIGN | Step.WAIVE | Step.RECALL:
                await self._end_below(before, Event.RECALL, act)
            case _:  # closed
                await self._end_below(before, Event.WAIVE, act)

    def _give_part(self, whole: Assignment, command: Command, unit: str, act: Act) -> None:
        """A part for the unit; one that it has done or returned before is asked for again."""
        session = self._session
        existing_assignment = session.assignments.get(assignment_id(command.command_id, unit))
        if existing_assignment is None:
            self._must_be_known(unit)
            clocks = self._clocks(command, unit, None)
            assignment = part_of(
                whole, command, self._tree.get(unit), act, session.work.now, clocks
            )
            session.add(assignment, cause_of(act))
            return
        if (
            existing_assignment.parent_assignment_id != whole.assignment_id
            or existing_assignment.state not in _ASKED_AGAIN
        ):
            raise IllegalStep(
                f"{unit} has an assignment under this command, it is {existing_assignment.state}"
            )
        again = steps.reopen(
            existing_assignment,
            act.officer_id,
            act.text,
            session.work.now,
            self._clocks(command, unit, whole.finish_by),
        )
        session.change(again, cause_of(act))

    def _give_over(self, old: Assignment, command: Command, act: Act) -> None:
        session = self._session
        (unit,) = act.units
        existing_assignment = session.assignments.get(assignment_id(command.command_id, unit))
        if existing_assignment is not None:
            raise IllegalStep(
                f"{unit} has an assignment under this command, it is {existing_assignment.state}"
            )
        self._must_be_known(unit)
        assignment = successor(
            old,
            command,
            self._tree.get(unit),
            act,
            session.work.now,
            self._clocks(command, unit, session.finish_of_whole(old)),
        )
        session.add(assignment, cause_of(act))

    def _clocks(self, command: Command, unit: str, within: datetime | None) -> Clocks:
        mode = self._modes.effective(command.status, unit)
        return Clocks(self._profile, command.level, mode, within)

    def _must_be_known(self, unit: str) -> None:
        if unit not in self._tree:
            raise Reject(Reason.UNKNOWN_SUBJECT, f"no unit {unit} in the catalogue")

    async def _end_below(self, whole: Assignment, event: Event, act: Act) -> None:
        """End the open parts along with their whole. A whole that is done owed none of them."""
        if whole.children is None:
            return
        now = self._session.work.now
        for part in await self._session.load_below(whole.assignment_id):
            latest = self._session.assignments[part.assignment_id]
            ended = steps.end(latest, event, act.officer_id, act.text, now)
            self._session.change(ended, cause_of(act))
