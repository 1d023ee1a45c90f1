"""The part `console`: every figure with its floor, one table, var/bench/console.json."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from rich.console import Console

from deploy.local.errors import StackError
from deploy.local.jars import KAFKA_VERSION
from tests.bench import machine, report
from tests.bench.console.counts import counts
from tests.bench.console.first_load import first_load
from tests.bench.console.history import history
from tests.bench.console.keys import KEYS, PATHS
from tests.bench.console.pixel import pixel
from tests.bench.console.plan import Plan, Say
from tests.bench.console.red_page import red_page
from tests.bench.console.stalled import stalled
from tests.bench.environments import FOLDER
from tests.bench.keys import judged

FILE = FOLDER / "console.json"
Row = Callable[[Plan, Say], Awaitable[dict[str, Any]]]
ROWS: Mapping[str, Row] = {
    "pixel": pixel,
    "stalled": stalled,
    "first_load": first_load,
    "counts": counts,
    "red_page": red_page,
    "history": history,
}


async def measure(plan: Plan, say: Say) -> dict[str, Any]:
    """Measure the rows in order; a failing row is noted with the reason, then the next follows."""
    began = time.monotonic()
    facts = {**machine.facts(), "quick": plan.quick, "broker": f"apache-kafka {KAFKA_VERSION}"}
    measured: dict[str, Mapping[str, Any]] = {}
    why: dict[str, str] = {}
    for name in plan.rows:
        say(f"{name} ...")
        try:
            measured[name] = await ROWS[name](plan, say)
        except (StackError, RuntimeError, OSError, TimeoutError) as error:
            why[name] = str(error) or type(error).__name__
            say(f"{name}: {why[name]}")
    facts["seconds"] = round(time.monotonic() - began)
    keys = judged(KEYS, PATHS, measured, why, quick=plan.quick)
    return {**facts, "keys": keys, "rows": measured}


def main(plan: Plan) -> int:
    """Measure, print and save; returns 0 also for missed aims: the benchmark does not judge."""
    console = Console(width=None if Console().is_terminal else 160)
    result = asyncio.run(
        measure(plan, lambda text: console.print(text, highlight=False, markup=False))
    )
    report.save(FILE, result)
    console.print(report.keys_table("console", result))
    console.print(f"written to {FILE.relative_to(FOLDER.parent.parent)}")
    return 0
