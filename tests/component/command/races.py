"""Two acts on one assignment at the same moment, many times: one winner each.

`race` can be used on any office with any number of units (tests and benchmarks); it returns what was
wrong, by unit. Every act is a transaction of its own on a connection of its own; which of two comes
first is up to Postgres.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contracts.commands import Acknowledgement, AssignmentEvent, AssignmentState, Step
from shared.contracts.topics import ASSIGNMENTS
from shared.runtime.errors import Reject
from tests.component.command.harness import CITY, Office, a_step

State = AssignmentState


@dataclass(frozen=True, slots=True)
class Seen:
    """What is left of one race: the row, its versions, which act had an effect, was late, refused."""

    row: Any
    history: list[AssignmentEvent]
    told: tuple[bool, bool]
    late: tuple[bool, bool]
    refused: tuple[bool, bool]

    @property
    def states(self) -> list[AssignmentState]:
        """The states that were published, in order."""
        return [assignment.state for assignment in self.history]


@dataclass(frozen=True, slots=True)
class Race:
    """What two people do at once to the assignment of a unit, and what is wrong with the end of it.

    `before`: steps taken first by everybody. `wrong` returns None when there was one winner.
    """

    name: str
    before: tuple[Step, ...]
    first: Callable[[str, str], Acknowledgement]
    second: Callable[[str, str], Acknowledgement]
    wrong: Callable[[Seen], str | None]


def _two_signatures(seen: Seen) -> str | None:
    if sum(seen.told) != 1 or seen.states != [State.DELIVERED, State.SIGNED]:
        return f"{seen.told} signed: {seen.states}"
    return None


def _recall_or_signature(seen: Seen) -> str | None:
    if seen.row["state"] != State.RECALLED or not seen.told[0]:
        return f"not recalled: {seen.states}"
    signed_first = seen.states == [State.DELIVERED, State.SIGNED, State.RECALLED]
    recalled_first = seen.states == [State.DELIVERED, State.RECALLED] and seen.late[1]
    return None if signed_first != recalled_first else f"{seen.states}, late {seen.late}"


def _report_or_return(seen: Seen) -> str | None:
    if sum(seen.told) != 1 or seen.late[0] + seen.refused[1] != 1:
        return f"told {seen.told}, late {seen.late}, refused {seen.refused}"
    assignment_state = State.REPORTED if seen.told[0] else State.RETURNED
    return (
        None
        if seen.row["state"] == assignment_state
        else f"{seen.row['state']}, not {assignment_state}"
    )


def _suspend_or_report(seen: Seen) -> str | None:
    if seen.row["state"] == State.REPORTED:
        return None if seen.refused[0] and not seen.told[0] else "suspended and reported"
    waits = Step.REPORT in seen.row["waiting"]
    slept = seen.row["state"] == State.SUSPENDED and waits and not seen.told[1]
    return None if slept else f"{seen.states}, waiting {seen.row['waiting']}"


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
    office: Office, command: str, units: Sequence[str], kind: Race, *, lanes: int = 2, seed: int = 1
) -> dict[str, str]:
    """Let both acts happen at once for every unit; what was wrong, by unit.

    `lanes` transactions run on each side; both sides go through the units in almost the same order.
    """
    for step in kind.before:
        await office.apply(*(a_step(command, unit, step) for unit in units))
    chance = random.Random(seed)
    acts = [(kind.first(command, unit), kind.second(command, unit)) for unit in units]
    refused: set[str] = set()

    async def run(sent: Sequence[Acknowledgement]) -> None:
        for acknowledgement in sent:
            try:
                await office.apply(acknowledgement)
            except Reject:
                refused.add(acknowledgement.id)

    sides = []
    for side in (0, 1):
        acknowledgements = [pair[side] for pair in acts]
        for at in range(0, len(acknowledgements) - 1, 4):
            if chance.random() < 0.5:
                acknowledgements[at], acknowledgements[at + 1] = (
                    acknowledgements[at + 1],
                    acknowledgements[at],
                )
        sides += [run(acknowledgements[lane::lanes]) for lane in range(lanes)]
    await asyncio.gather(*sides)
    return await _judge(office, kind, units, acts, refused)


async def _judge(
    office: Office,
    kind: Race,
    units: Sequence[str],
    acts: Sequence[tuple[Acknowledgement, Acknowledgement]],
    refused: set[str],
) -> dict[str, str]:
    rows = {row["unit"]: row for row in await office.rows("SELECT * FROM command.assignment")}
    kept = await office.rows("SELECT acknowledgement_id FROM command.late_acknowledgement")
    late = {row["acknowledgement_id"] for row in kept}
    history: defaultdict[str, list[AssignmentEvent]] = defaultdict(list)
    for event in await office.published(ASSIGNMENTS.name):
        history[event.unit].append(event)
    wrong: dict[str, str] = {}
    for unit, (first, second) in zip(units, acts, strict=True):
        causes = {reference for event in history[unit] for reference in event.references}
        seen = Seen(
            rows[unit],
            history[unit],
            (first.id in causes, second.id in causes),
            (first.id in late, second.id in late),
            (first.id in refused, second.id in refused),
        )
        versions = [event.version for event in seen.history]
        if versions != list(range(1, len(versions) + 1)):
            wrong[unit] = f"versions {versions}"
        elif (why := kind.wrong(seen)) is not None:
            wrong[unit] = why
    return wrong
