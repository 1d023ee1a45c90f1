"""The list of commands of a screen: exactly the commands of its subtree, for receivers anywhere."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from deploy.example.units import all_units
from services.console.core.access import span_of
from services.console.features.commands import counts
from services.console.store.ordering import position_of
from shared.contracts.assignments import AssignmentEvent, AssignmentState
from shared.contracts.commands import CommandEvent, CommandState
from shared.contracts.fields import LEVEL_ORDER, Status
from shared.contracts.units import is_within
from tests.support.console_events import (
    CITY,
    DISTRICT,
    GRID,
    MICROGRID,
    NOW,
    SONGJI,
    VILLAGE,
    ZHUTUO,
    a_command,
    an_assignment,
)
from tests.support.console_harness import ConsoleHarness

_DEPARTMENTS = (f"{DISTRICT}/water", f"{ZHUTUO}/water")
_VIEWERS = (CITY, DISTRICT, ZHUTUO, SONGJI, VILLAGE, GRID, MICROGRID, *_DEPARTMENTS)
_STATES = (CommandState.ISSUED, CommandState.CLOSED, CommandState.CLOSED, CommandState.REVOKED)


def _any_value(seed: int) -> list[tuple[CommandEvent, list[AssignmentEvent]]]:
    """Commands with receivers anywhere, independent of root and issuer; many at an equal time."""
    dice = random.Random(seed)
    places = [*_VIEWERS, *dice.sample([unit_entry.unit for unit_entry in all_units()], 60)]
    results = []
    for number in range(120):
        root, issuer = (dice.choice(places), dice.choice(places))
        if dice.random() < 0.5:  # neither lies where most viewers look: only assignments tell
            root = issuer = CITY
        order = a_command(
            f"{seed}-{number}",
            root,
            issuer=issuer,
            state=dice.choice(_STATES),
            status=dice.choice((Status.ACTUAL, Status.ACTUAL, Status.EXERCISE)),
            at=NOW + timedelta(minutes=dice.randrange(30)),
            level=dice.choice(tuple(LEVEL_ORDER)),
        )
        units = dice.sample(places, dice.randrange(4))
        assignments = [an_assignment(order, unit) for unit in units]
        # Taken away and given to another: both still count as concerned.
        assignments += [
            an_assignment(order, unit, AssignmentState.REASSIGNED, version=2)
            for unit in units
            if dice.random() < 0.3
        ]
        results.append((order, assignments))
    return results


@pytest.mark.parametrize("seed", range(3))
async def test_a_list_of_commands_holds_exactly_those_that_concern_the_subtree(
    console: ConsoleHarness, seed: int
) -> None:
    created = _any_value(seed)
    await console.project([order for order, _ in created])
    await console.project([assignment for _, assignments in created for assignment in assignments])
    for viewer in _VIEWERS:
        for only_open in (False, True):
            for limit in (3, 500):
                listed_ids: list[str] = []
                after = None
                while True:
                    async with console.deps.database.pool.acquire() as connection:
                        rows = await counts.recent_commands(
                            connection,
                            span_of(viewer),
                            Status.ACTUAL,
                            only_open=only_open,
                            after=after,
                            limit=limit,
                        )
                    listed_ids += [row["command_id"] for row in rows]
                    if len(rows) < limit:
                        break
                    after = position_of(rows[-1])
                assert listed_ids == _expected(created, viewer, only_open), viewer


def _expected(
    created: list[tuple[CommandEvent, list[AssignmentEvent]]], viewer: str, only_open: bool
) -> list[str]:
    concerned = []
    for order, assignments in created:
        is_open = order.state is CommandState.ISSUED
        places = (order.root, order.origin_unit, *(assignment.unit for assignment in assignments))
        if (
            order.status is Status.ACTUAL
            and (is_open or not only_open)
            and any(is_within(place, viewer) for place in places)
        ):
            rank = (-LEVEL_ORDER[order.level], order.finish_by.timestamp()) if is_open else (0, 0.0)
            concerned.append((not is_open, rank, -order.sent_at.timestamp(), order.command_id))
    return [command for *_, command in sorted(concerned)]
