"""The part `scoring`: all rows that were asked for, the table, var/bench/scoring.json."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from rich.console import Console

from deploy.local.errors import StackError
from deploy.local.jars import KAFKA_VERSION
from tests.bench import (
    city,
    district,
    due,
    keys,
    latency,
    machine,
    members,
    rates,
    report,
    state,
)
from tests.bench.environments import FOLDER
from tests.bench.figures import Row
from tests.bench.plan import RATES, Plan

FILE = FOLDER / "scoring.json"
Say = Callable[[str], None]
FIGURES: Mapping[str, Callable[[Plan, Say], Awaitable[dict[str, Any]]]] = {
    "latency": latency.latency,
    "due": due.due,
    "memory": state.memory,
    "restore": state.restore,
    "members": members.members,
    "million": city.million,
    "district": district.district,
}


async def measure(plan: Plan, say: Say) -> dict[str, Any]:
    """Measure one thing after another; what fails is noted with its reason and the rest goes on."""
    began = time.monotonic()
    facts = {**machine.facts(), "quick": plan.quick, "readings": plan.readings}
    facts |= {"repetitions": plan.repetitions, "broker": f"apache-kafka {KAFKA_VERSION}"}
    rows: dict[str, Row] = {}
    figures: dict[str, Mapping[str, Any]] = {}
    why: dict[str, str] = {}
    if set(plan.rows) & set(RATES):
        try:
            rows = await rates.measure(plan, say)
        except (StackError, RuntimeError, OSError, TimeoutError) as error:
            why |= {name: str(error) for name in plan.rows if name in RATES}
            say(f"rates: {error}")
    for name, run in FIGURES.items():
        if name not in plan.rows:
            continue
        say(f"{name} ...")
        try:
            figures[name] = await run(plan, say)
        except (StackError, RuntimeError, OSError, TimeoutError) as error:
            why[name] = str(error) or type(error).__name__
            say(f"{name}: {why[name]}")
    facts["seconds"] = round(time.monotonic() - began)
    result = report.keys_as_json(keys.values(rows, figures), rows, why, quick=plan.quick)
    return report.document(facts, result, rows, figures)


def main(plan: Plan) -> int:
    """Measure, print, write; 0 also when aims are missed: it measures, it does not judge."""
    console = Console(width=None if Console().is_terminal else 160)
    result = asyncio.run(
        measure(plan, lambda text: console.print(text, highlight=False, markup=False))
    )
    report.save(FILE, result)
    console.print(report.table(result, result))
    console.print(f"written to {FILE.relative_to(FOLDER.parent.parent)}")
    return 0
