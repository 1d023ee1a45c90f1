"""The part `catalog`: imports, mergers, previews of limits; one table, var/bench/catalog.json."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from deploy.local.errors import StackError
from deploy.local.jars import KAFKA_VERSION
from shared.definitions.limits.pack import load
from tests.bench import machine, report
from tests.bench.catalog import keys
from tests.bench.catalog.imports import bad_rows, imported
from tests.bench.catalog.ledger_files import Say
from tests.bench.catalog.mergers import merged
from tests.bench.environments import FOLDER
from tests.bench.keys import judged
from tests.bench.rows.preview_month import ASSIGNMENTS, preview_month
from tests.support.postgres import fresh_database

FILE = FOLDER / "catalog.json"
LIMITS = Path(__file__).parents[3] / "deploy" / "limits" / "base.yaml"
ROWS = ("import", "bad_rows", "merge", "preview")
QUICK_ASSIGNMENTS = 2_000
SENSORS, MERGERS = 100_000, 10
QUICK_SENSORS, QUICK_MERGERS = 2_000, 2


async def measure(rows: tuple[str, ...], say: Say, *, quick: bool) -> dict[str, Any]:
    """Measure one row after another; a row that fails is noted with its reason."""
    began = time.monotonic()
    facts = {**machine.facts(), "quick": quick, "broker": f"apache-kafka {KAFKA_VERSION}"}
    measured: dict[str, Mapping[str, Any]] = {}
    why: dict[str, str] = {}
    sensors = QUICK_SENSORS if quick else SENSORS
    for name in rows:
        say(f"{name} ...")
        try:
            measured[name] = await _row(name, sensors, say, quick=quick)
        except (StackError, RuntimeError, OSError, TimeoutError) as error:
            why[name] = str(error) or type(error).__name__
            say(f"{name}: {why[name]}")
    facts["seconds"] = round(time.monotonic() - began)
    result = judged(keys.KEYS, keys.PATHS, measured, why, quick=quick)
    return {**facts, "keys": result, "rows": measured}


def _row(name: str, sensors: int, say: Say, *, quick: bool) -> Awaitable[dict[str, Any]]:
    match name:
        case "import":
            return imported(sensors, say)
        case "bad_rows":
            return bad_rows(sensors)
        case "preview":
            return previewed(QUICK_ASSIGNMENTS if quick else ASSIGNMENTS)
        case _:
            return merged(QUICK_MERGERS if quick else MERGERS, say)


async def previewed(assignments: int) -> dict[str, Any]:
    """Preview a draft over a month of assignments in a database on disk."""
    [document] = [
        item
        for item in load([LIMITS], datetime.now(UTC)).usable().documents
        if item.assignments is not None and item.unit is None
    ]
    with fresh_database(on_disk=True) as dsn:
        return asdict(await preview_month(dsn, document, assignments))


def main(rows: tuple[str, ...], *, quick: bool) -> int:
    """Measure, print, write; 0 also when aims are missed: it measures, it does not judge."""
    console = Console(width=None if Console().is_terminal else 160)
    result = asyncio.run(
        measure(rows, lambda text: console.print(text, highlight=False, markup=False), quick=quick)
    )
    report.save(FILE, result)
    console.print(report.keys_table("catalog", result))
    console.print(f"written to {FILE.relative_to(FOLDER.parent.parent)}")
    return 0
