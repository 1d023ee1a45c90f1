"""Two members restore a million small states at once, and Kafka evicts none of them meanwhile."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tests.bench import crowd, ruleset
from tests.bench.plan import Plan
from tests.bench.service import Service, service
from tests.bench.state import put, until_scored

MEMBERS = 2
_STEP_MS = 10_000
_INTERVAL_S = 86_400.0
"""Sensors that nobody expects sooner: silence is another row."""
_READY_S = 900.0


async def members(plan: Plan, say: Callable[[str], None]) -> dict[str, Any]:
    """Score each sensor once with two processes, end both, start both; read what they log."""
    sensors = plan.million_sensors
    async with service(MEMBERS) as scoring:
        say(f"cataloguing {sensors} sensors")
        names = ruleset.numbered(sensors)
        await scoring.seed(ruleset.catalog(names, _INTERVAL_S), ruleset.threshold_rules())
        await put(scoring, crowd.backlog(range(sensors), range(1), _STEP_MS))
        await scoring.start(MEMBERS, ready_s=_READY_S)
        await until_scored(scoring, sensors, MEMBERS)
        await scoring.settle(5)
        await scoring.stop()
        await scoring.wait_for_departure()
        earlier = [len(_restores(scoring, slot)) for slot in range(MEMBERS)]
        evicted = list[str]()
        watching = asyncio.create_task(scoring.count_evictions(evicted))
        began = time.monotonic()
        await scoring.start(MEMBERS, ready_s=_READY_S)
        restores = await _until_restored(scoring, sensors, earlier)
        seconds = time.monotonic() - began
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching  # raises what it has died of
    large = [restore for restore in restores if restore["states"] >= sensors // 10]
    longest_s = max(restore["seconds"] for restore in large)
    per_million = 1e6 * longest_s / sensors
    of_one = max(1e6 * restore["seconds"] / restore["states"] for restore in large)
    say(f"members: {per_million:.1f} s per million states, {len(evicted)} evicted")
    return {
        "sensors": sensors,
        "start_to_restored_s": seconds,
        "restores": restores,
        "seconds_per_million": per_million,
        "seconds_per_million_of_one_member": of_one,
        "evicted": len(evicted),
    }


async def _until_restored(
    scoring: Service, sensors: int, earlier: list[int]
) -> list[dict[str, Any]]:
    """Return all restores once the last of each process hold all states together.

    Raises TimeoutError.
    """
    async with asyncio.timeout(_READY_S):
        while True:
            restores = [_restores(scoring, slot)[earlier[slot] :] for slot in range(MEMBERS)]
            if sum(restore["states"] for own in restores for restore in own[-1:]) >= sensors:
                return [restore for own in restores for restore in own]
            await asyncio.sleep(0.5)


def _restores(scoring: Service, slot: int) -> list[dict[str, Any]]:
    """Return the restores that a process reports: partitions, states, seconds."""
    results = []
    for line in scoring.log_text(slot).splitlines():
        if '"restored"' in line:
            fields = json.loads(line)
            results.append({name: fields[name] for name in ("partitions", "states", "seconds")})
    return results
