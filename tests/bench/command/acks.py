"""Acknowledgements with live roll-up: the rate beside its floor, the cost by size of command."""

from __future__ import annotations

import random
from collections.abc import Callable
from statistics import median
from typing import Any

from shared.contracts.assignments import Acknowledgement, Step
from tests.bench.command import floors
from tests.bench.command.service import Service, a_step
from tests.bench.command.units import CITY, LARGE_DISTRICT, SMALL_TOWN

SIZES = {"100": SMALL_TOWN, "10000": LARGE_DISTRICT, "75000": CITY}
"""Recipients of a command, and the root of the command."""


async def acknowledgements(
    service: Service, count: int, repetitions: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Measure `count` signatures to commands of each size, in turns with the floor.

    As many small commands as are needed are signed one after the other, so that a batch holds whole
    small commands; of a large one `count` units sign, in an order that has nothing to do with ids.
    """
    costs: dict[str, list[float]] = {name: [] for name in (*SIZES, "floor")}
    for turn in range(repetitions):
        for name, root in SIZES.items():
            acts: list[Acknowledgement] = []
            while len(acts) < count:
                command, records, _ = await service.issue(root)
                acts += await _signatures(service, command, count - len(acts), turn)
            costs[name].append(await service.acknowledge(acts))
            say(f"{count:,} signatures, commands of {name}: {1 / costs[name][-1]:,.0f}/s")
        costs["floor"].append(await floors.acknowledgements(service.database, acts, records))
        say(f"floor: {1 / costs['floor'][-1]:,.0f}/s")
    pairs = zip(costs["75000"], costs["floor"], strict=True)
    return {
        "signatures": count,
        "per_s": {name: 1 / median(runs) for name, runs in costs.items()},
        "ratio_of_floor": median(floor / cost for cost, floor in pairs),
        "cost_ratio_75000_to_100": median(
            large / small for large, small in zip(costs["75000"], costs["100"], strict=True)
        ),
        "runs_us": {name: [run * 1e6 for run in runs] for name, runs in costs.items()},
    }


async def _signatures(
    service: Service, command: str, at_most: int, seed: int
) -> list[Acknowledgement]:
    rows = await service.database.fetch(
        "SELECT unit FROM command.assignment WHERE command_id = $1 ORDER BY unit", command
    )
    units = [row["unit"] for row in rows]
    random.Random(seed).shuffle(units)
    return [a_step(command, unit, Step.SIGN) for unit in units[:at_most]]
