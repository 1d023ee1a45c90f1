"""The rows `import` and `bad_rows`: the command as people run it, over 100,000 sensors."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from deploy.local.paths import REPO
from shared.contracts.fields import Language
from shared.domain.catalog_files.tables import FileFormat
from shared.domain.catalog_files.writing import write_table
from tests.bench.catalog.installation import installation
from tests.bench.catalog.ledger_files import CITY, Say, planted, sensors, units

_TIMEOUT_S = 600.0


async def imported(count: int, say: Say) -> dict[str, Any]:
    """Import the sensors in each format into a ledger that has their units alone."""
    results: dict[str, Any] = {}
    with TemporaryDirectory() as folder:
        for file_format in FileFormat:
            file = Path(folder) / f"sensors.{file_format}"
            file.write_bytes(write_table(sensors(count), file_format, Language.ZH))
            results[file_format.value] = await _imported(file, count)
            say(f"import {file_format}: {results[file_format.value]['seconds']} s")
    return {**results, "slowest_s": max(row["seconds"] for row in results.values())}


async def _imported(file: Path, count: int) -> dict[str, Any]:
    """Measure from the start of the command until every sensor is in force on the topic."""
    async with installation("catalog") as stack:
        arguments = ["import", str(file), "--kafka", stack.kafka_bootstrap, "--json"]
        began = time.perf_counter()
        document = await _called([*arguments, "--unit", CITY, "--reason", "bench"])
        seconds = time.perf_counter() - began
    if document["applied"] != count or document["refused"] or document["undecided"]:
        raise RuntimeError(f"{file.name}: {document['applied']} of {count} sensors are in force")
    return {"seconds": round(seconds, 1), "sensors": count, "megabytes": _megabytes(file)}


async def bad_rows(count: int) -> dict[str, Any]:
    """Check a file with planted errors; an error counts with its row, its column and its reason."""
    content, expected = planted(count)
    with TemporaryDirectory() as folder:
        file, ledger = Path(folder) / "sensors.csv", Path(folder) / "ledger.json"
        file.write_bytes(content)
        ledger.write_bytes(write_table(units(), FileFormat.JSON, Language.ZH))
        began = time.perf_counter()
        document = await _called(["check", str(file), "--against", str(ledger), "--json"])
        seconds = time.perf_counter() - began
    named = {error["row"]: (error["code"], error["column"]) for error in document["errors"]}
    right = [row for row, reason in expected.items() if named.get(row) == reason]
    return {
        "planted": len(expected),
        "named": len(right),
        "good_named": len(named.keys() - expected.keys()),
        "would_change": len(document["added"]),
        "seconds": round(seconds, 1),
        "missed": [[row, *expected[row]] for row in expected if row not in right][:20],
    }


async def _called(arguments: Sequence[str]) -> dict[str, Any]:
    """Run `fenghuo catalog` and return its document. Raises RuntimeError, TimeoutError."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.commands.catalog", *arguments,
        cwd=REPO, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(_TIMEOUT_S):
        out, error = await process.communicate()
    try:
        document: dict[str, Any] = json.loads(out)
    except ValueError:
        raise RuntimeError(error.decode(errors="replace")[-500:]) from None
    return document


def _megabytes(file: Path) -> float:
    return round(file.stat().st_size / 2**20, 1)
