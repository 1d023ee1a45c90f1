"""The part `command`: every figure with its floor, one table, var/bench/command.json."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from deploy.local.errors import StackError
from deploy.local.jars import KAFKA_VERSION
from tests.bench import machine, report
from tests.bench.command import board, floors, keys, status
from tests.bench.command.acks import acknowledgements
from tests.bench.command.fan_out import fan_out
from tests.bench.command.followers import followers
from tests.bench.command.races import races
from tests.bench.command.service import service
from tests.bench.command.timers import shortest_step, timers
from tests.bench.environments import FOLDER
from tests.bench.keys import judged
from tests.support.postgres import fresh_database

FILE = FOLDER / "command.json"
ROWS = ("fan_out", "acks", "followers", "timers", "step", "races", "board", "status")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """Sizes of one run; a quick one only shows that everything runs."""

    rows: tuple[str, ...] = ROWS
    quick: bool = False
    repetitions: int = 3
    signatures: int = 20_000
    races: int = 10_000
    assignments: int = 10_000_000
    open_alerts: int = 10_000

    @staticmethod
    def make(rows: tuple[str, ...], *, quick: bool, repetitions: int) -> Plan:
        """The plan for these options."""
        if not quick:
            return Plan(rows, repetitions=repetitions)
        return Plan(
            rows,
            quick=True,
            repetitions=1,
            signatures=5_000,
            races=300,
            assignments=1_000_000,
            open_alerts=1_000,
        )


async def measure(plan: Plan, say: Say) -> dict[str, Any]:
    """Measure one thing after another; what fails is noted with its reason and the rest goes on."""
    began = time.monotonic()
    facts = {**machine.facts(), "quick": plan.quick, "repetitions": plan.repetitions}
    facts |= {"broker": f"apache-kafka {KAFKA_VERSION}"}
    measured: dict[str, Mapping[str, Any]] = {}
    why: dict[str, str] = {}

    async def take(name: str, work: Awaitable[dict[str, Any]]) -> None:
        say(f"{name} ...")
        try:
            measured[name] = await work
        except (StackError, RuntimeError, OSError, TimeoutError) as error:
            why[name] = str(error) or type(error).__name__
            say(f"{name}: {why[name]}")

    if on_kafka := {"fan_out", "acks"} & set(plan.rows):
        try:
            async with service() as running:
                await floors.prepare(running.database, running.kafka)
                if "fan_out" in on_kafka:
                    await take("fan_out", fan_out(running, plan.repetitions, say))
                if "acks" in on_kafka:
                    work = acknowledgements(running, plan.signatures, plan.repetitions, say)
                    await take("acks", work)
        except (StackError, RuntimeError, OSError, TimeoutError) as error:
            why |= dict.fromkeys(on_kafka, str(error))
            say(f"the service: {error}")
    for name in plan.rows:
        if name not in on_kafka:
            await take(name, _alone(name, plan, say))
    facts["seconds"] = round(time.monotonic() - began)
    result = judged(keys.KEYS, keys.PATHS, measured, why, quick=plan.quick)
    return {**facts, "keys": result, "rows": measured}


async def _alone(name: str, plan: Plan, say: Say) -> dict[str, Any]:
    """Measure a row that needs no Kafka, on a database of its own."""
    if name == "followers":
        return await followers(say)
    if name == "board":
        return await board.board(plan.assignments, say)
    if name == "status":
        with fresh_database(on_disk=True) as dsn:
            return await status.status_change(dsn, plan.open_alerts, say)
    with fresh_database(on_disk=True) as dsn:
        match name:
            case "timers":
                return await timers(dsn, say)
            case "step":
                return await shortest_step(dsn, say)
            case _:
                return await races(dsn, plan.races, say)


def main(plan: Plan) -> int:
    """Measure, print, write; 0 also when aims are missed: it measures, it does not judge."""
    console = Console(width=None if Console().is_terminal else 160)
    result = asyncio.run(
        measure(plan, lambda text: console.print(text, highlight=False, markup=False))
    )
    report.save(FILE, result)
    console.print(report.keys_table("command", result))
    console.print(f"written to {FILE.relative_to(FOLDER.parent.parent)}")
    return 0
