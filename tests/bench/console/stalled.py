"""Row `stalled`: streams without a reader, beside streams that are read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.bench.console.alarms import Source, source
from tests.bench.console.crowd import Crowd, crowd
from tests.bench.console.plan import Plan, Say
from tests.bench.console.screens import screens
from tests.bench.latency_source import summary
from tests.bench.sampling import MIB, Peak, memory_mib

READERS = 50
_SETTLE_S = 3.0
_PAGE = 4_096
_SERIES = "fenghuo_console_streams"


async def stalled(plan: Plan, say: Say) -> dict[str, Any]:
    """Delay of the readers before and during the stall; peak memory per stalled reader.

    The memory is the console's peak PSS during the stall, less the PSS with the readers alone after
    the same updates: all memory for stalled readers counts, connections too.
    """
    async with screens() as running, source(running.kafka) as alarms:
        tokens = await running.officers(READERS + plan.stalled)
        async with crowd(running.url, tokens) as clients:
            await clients.readers(READERS)
            before = await _delays(plan, alarms, clients)
            alone_mib, alone_kernel = memory_mib([running.pid()]), kernel_mib()
            with Peak([running.pid()]) as peak:
                await clients.stalled(plan.stalled)
                opened = await running.series(_SERIES)
                opened_mib = memory_mib([running.pid()])
                during = await _delays(plan, alarms, clients)
                kernel = kernel_mib()
            served = await running.series(_SERIES)
            collected = await clients.collect()
    kib = (peak.mib - alone_mib) * 1024 / plan.stalled
    say(
        f"{plan.stalled:,} stalled: {kib:.1f} KiB each, "
        f"{served - READERS:.0f} of them still served; "
        f"the others' p99 {before['p99_ms']:.0f} ms before, {during['p99_ms']:.0f} ms beside them"
    )
    return {
        "stalled": plan.stalled,
        "stalled_kib": kib,
        "opened_kib": (opened_mib - alone_mib) * 1024 / plan.stalled,
        "kernel_kib": (kernel - alone_kernel) * 1024 / plan.stalled,
        "still_served": served - READERS,
        "before": before,
        "during": during,
        "slower_ratio": during["p99_ms"] / before["p99_ms"],
        "wrong": _wrong(plan, opened, collected.readers_lost),
    }


async def _delays(plan: Plan, alarms: Source, clients: Crowd) -> dict[str, float]:
    await alarms.run(plan.alarms_per_s, _SETTLE_S, _SETTLE_S)
    await clients.collect()
    run = await alarms.run(plan.alarms_per_s, plan.stalled_s, _SETTLE_S)
    arrived = (await clients.collect()).arrived
    result = summary(
        [
            at - run.sent[number]
            for number, moments in arrived.items()
            if number in run.sent
            for at in moments
        ]
    )
    if not result["count"]:
        raise RuntimeError("no line reached a reader")
    return result


def _wrong(plan: Plan, opened: float, lost: int) -> str:
    if opened < READERS + plan.stalled:
        return f"only {opened:.0f} streams were open at once"
    return f"{lost} streams that were read are gone" if lost else ""


def kernel_mib() -> float:
    """Return the memory of the machine's TCP sockets, in MiB; both ends of ours are among them."""
    text = Path("/proc/net/sockstat").read_text(encoding="ascii")
    pages = re.search(r"^TCP: .* mem (\d+)", text, re.MULTILINE)
    return int(pages[1]) * _PAGE / MIB if pages else 0.0
