"""Row 6: from a reading to its alarm, beside the floor of a producer and a consumer alone."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any

from tests.bench import ruleset
from tests.bench.latency_source import SENSORS
from tests.bench.plan import Plan
from tests.bench.service import service

WARM_UP_S = 3
ENOUGH_ALARMS = 5_000
"""Alarms below which a p99 says little."""


async def latency(plan: Plan, say: Callable[[str], None]) -> dict[str, Any]:
    """Percentiles of the floor and of the alarms."""
    async with service() as scoring:
        await scoring.seed(
            ruleset.catalog(ruleset.numbered(SENSORS), 1.0), ruleset.reference_rules()
        )
        await scoring.start()
        await scoring.settle()
        argv = [scoring.kafka, str(plan.latency_s), str(WARM_UP_S)]
        source = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.bench.latency_source",
            *argv,
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await source.communicate()
        if source.returncode:
            raise RuntimeError("the source of the latency row failed")
    results: dict[str, Any] = json.loads(output)
    if not results["alarm"]["count"]:
        raise RuntimeError("no alarm came")
    say(
        f"latency: p50 {results['alarm']['p50_ms']:.1f} ms, p99 {results['alarm']['p99_ms']:.1f} ms"
    )
    return {"enough_alarms": results["alarm"]["count"] >= ENOUGH_ALARMS, **results}
