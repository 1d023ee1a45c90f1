"""Two steps on one assignment at the same moment, many times: one winner each.

Tests and benchmarks call `race` with any harness and any number of units; it returns the faults by
unit. Every step is a transaction and a connection of its own; Postgres decides which comes first.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contracts.assignments import Acknowledgement, AssignmentEvent, AssignmentState, Step
from shared.contracts.topics import ASSIGNMENTS
from shared.runtime.errors import Reject
from tests.component.command.harness import CITY, CommandHarness, a_step

State = AssignmentState


@dataclass(frozen=True, slots=True)
class RaceResult:
    """The result of one race: the row, its versions, and the fate of both steps."""

    row: Any
    history: list[AssignmentEvent]
    applied: tuple[bool, bool]
    late: tuple[bool, bool]
    refused: tuple[bool, bool]

    @property
    def states(self) -> list[AssignmentState]:
        """The states that were published, in order."""
        return [assignment.state for assignment in self.history]


@dataclass(frozen=True, slots=True)
class Race:
    """Two simultaneous steps on the assignment of a unit, and a check of the result.

    Every unit takes the steps in `before` first. `wrong` returns None when there was one winner.
    """

    name: str
    before: tuple[Step, ...]
    first: Callable[[str, str], Acknowledgement]
    second: Callable[[str, str], Acknowledgement]
    wrong: Callable[[RaceResult], str | None]


def _two_signatures(result: RaceResult) -> str | None:
    if sum(result.applied) != 1 or result.states != [State.DELIVERED, State.SIGNED]:
        return f"{result.applied} signed: {result.states}"
    return None


def _recall_or_signature(result: RaceResult) -> str | None:
    if result.row["state"] != State.RECALLED or not result.applied[0]:
        return f"not recalled: {result.states}"
    signed_first = result.states == [State.DELIVERED, State.SIGNED, State.RECALLED]
    recalled_first = result.states == [State.DELIVERED, State.RECALLED] and result.late[1]
    return None if signed_first != recalled_first else f"{result.states}, late {result.late}"


def _report_or_return(result: RaceResult) -> str | None:
    if sum(result.applied) != 1 or result.late[0] + result.refused[1] != 1:
        return f"applied {result.applied}, late {result.late}, refused {result.refused}"
    assignment_state = State.REPORTED if result.applied[0] else State.RETURNED
    return (
        None
        if result.row["state"] == assignment_state
        else f"{result.row['state']}, not {assignment_state}"
    )


def _suspend_or_report(result: RaceResult) -> str | None:
    if result.row["state"] == State.REPORTED:
        return None if result.refused[0] and not result.applied[0] else "suspended and reported"
    waits = Step.REPORT in result.row["waiting_steps"]
    slept = result.row["state"] == State.SUSPENDED and waits and not result.applied[1]
    return None if slept else f"{result.states}, waiting {result.row['waiting_steps']}"


def _by(step: Step, text: str = "", **more: Any) -> Callable[[str, str], Acknowledgement]:
    return lambda command, unit: a_step(command, unit, step, text=text, **more)


def _in_an_hour() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


RACES = (
    Race("sign or sign", (), _by(Step.SIGN), _by(Step.SIGN, officer="second"), _two_signatures),
    Race(
        "recall or sign",
        (),
        _by(Step.RECALL, "误派", officer_unit=CITY),
        _by(Step.SIGN),
        _recall_or_signature,
    ),
    Race(
        "report or return",
        (Step.SIGN,),
        _by(Step.REPORT),
        _by(Step.RETURN, "无法办理", officer="second"),
        _report_or_return,
    ),
    Race(
        "suspend or report",
        (Step.SIGN,),
        lambda command, unit: a_step(
            command, unit, Step.SUSPEND, officer_unit=CITY, until=_in_an_hour()
        ),
        _by(Step.REPORT),
        _suspend_or_report,
    ),
)


async def race(
    harness: CommandHarness,
    command: str,
    units: Sequence[str],
    kind: Race,
    *,
    parallel: int = 2,
    seed: int = 1,
) -> dict[str, str]:
    """Take both steps at once for every unit; return the faults by unit.

    On each side `parallel` transactions run; both sides visit the units in almost the same order.
    """
    for step in kind.before:
        await harness.apply(*(a_step(command, unit, step) for unit in units))
    chance = random.Random(seed)
    pairs = [(kind.first(command, unit), kind.second(command, unit)) for unit in units]
    refused: set[str] = set()

    async def run(acknowledgements: Sequence[Acknowledgement]) -> None:
        for acknowledgement in acknowledgements:
            try:
                await harness.apply(acknowledgement)
            except Reject:
                refused.add(acknowledgement.id)

    sides = []
    for side in (0, 1):
        acknowledgements = [pair[side] for pair in pairs]
        for at in range(0, len(acknowledgements) - 1, 4):
            if chance.random() < 0.5:
                acknowledgements[at], acknowledgements[at + 1] = (
                    acknowledgements[at + 1],
                    acknowledgements[at],
                )
        sides += [run(acknowledgements[index::parallel]) for index in range(parallel)]
    await asyncio.gather(*sides)
    return await _judge(harness, kind, units, pairs, refused)


async def _judge(
    harness: CommandHarness,
    kind: Race,
    units: Sequence[str],
    pairs: Sequence[tuple[Acknowledgement, Acknowledgement]],
    refused: set[str],
) -> dict[str, str]:
    rows = {row["unit"]: row for row in await harness.rows("SELECT * FROM command.assignment")}
    late_rows = await harness.rows("SELECT acknowledgement_id FROM command.late_acknowledgement")
    late = {row["acknowledgement_id"] for row in late_rows}
    history: defaultdict[str, list[AssignmentEvent]] = defaultdict(list)
    for event in await harness.published(ASSIGNMENTS.name):
        history[event.unit].append(event)
    wrong: dict[str, str] = {}
    for unit, (first, second) in zip(units, pairs, strict=True):
        causes = {reference for event in history[unit] for reference in event.references}
        result = RaceResult(
            rows[unit],
            history[unit],
            (first.id in causes, second.id in causes),
            (first.id in late, second.id in late),
            (first.id in refused, second.id in refused),
        )
        versions = [event.version for event in result.history]
        if versions != list(range(1, len(versions) + 1)):
            wrong[unit] = f"versions {versions}"
        elif (why := kind.wrong(result)) is not None:
            wrong[unit] = why
    return wrong
