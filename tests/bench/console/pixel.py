"""Row `pixel`: the time from an alarm in Kafka's producer to its painting by a browser."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import psutil

from tests.bench.console.alarms import Run, Source, source
from tests.bench.console.crowd import Crowd, Observations, crowd
from tests.bench.console.plan import Plan, Say
from tests.bench.console.screens import SERVICES, Screens, screens
from tests.bench.console.watcher import Watcher, watcher
from tests.bench.latency_source import summary
from tests.bench.sampling import cpu_s, memory_mib

_WARM_UP_S = 5.0
_DRAIN_S = 5.0
_SETTLE_S = 3.0
_ENOUGH = 0.99
"""Share of the alarms that the plain reader and the browser must have for a run to count."""


async def pixel(plan: Plan, say: Say) -> dict[str, Any]:
    """Return the figures at each number of consoles, in sequence on the same stack."""
    results: dict[str, Any] = {}
    async with screens() as running, source(running.kafka) as alarms:
        tokens = await running.officers(max(plan.consoles))
        async with crowd(running.url, tokens) as other_crowd:
            bare_mib, open_readers = memory_mib([running.pid()]), 0
            for count in plan.consoles:
                await other_crowd.readers(count - 1 - open_readers)
                open_readers = count - 1
                await asyncio.sleep(_SETTLE_S)
                console_kib = (memory_mib([running.pid()]) - bare_mib) * 1024 / open_readers
                async with watcher(await running.link()) as screen:
                    row = await _measured(plan, running, alarms, other_crowd, screen)
                results[str(count)] = {"consoles": count, "console_kib": console_kib, **row}
                say(_sentence(count, results[str(count)]))
    return results


async def _measured(
    plan: Plan, running: Screens, alarms: Source, crowd: Crowd, screen: Watcher
) -> dict[str, Any]:
    await alarms.run(plan.alarms_per_s, _WARM_UP_S, _SETTLE_S)
    before, used = await crowd.collect(), _cpu(running)
    run = await alarms.run(plan.alarms_per_s, plan.pixel_s, _DRAIN_S)
    after, now = await crowd.collect(), _cpu(running)
    await screen.read_clock()
    painted, cards = await screen.painted("feed"), await screen.painted("alerts")
    seconds = plan.pixel_s + _DRAIN_S
    cores = {name: (now[name] - used[name]) / seconds for name in now}
    cores["clients"] = (after.cpu_s - before.cpu_s) / seconds
    streamed = [
        at - run.sent[number]
        for number, moments in after.arrived.items()
        if number in run.sent
        for at in moments
    ]
    return {
        "alarms": len(run.sent),
        "floor": summary(
            [
                run.read[alarm_number] - at
                for alarm_number, at in run.sent.items()
                if alarm_number in run.read
            ]
        ),
        "screen": summary(
            [
                painted[alarm_number] - at
                for alarm_number, at in run.sent.items()
                if alarm_number in painted
            ]
        ),
        "alert_card": summary(
            [
                cards[alarm_number] - at
                for alarm_number, at in run.sent.items()
                if alarm_number in cards
            ]
        ),
        "streams": summary(streamed),
        "clock_error_ms": screen.clock_error_s * 1_000,
        "cores": cores,
        "wrong": wrong(plan, run, painted, after),
    }


def wrong(plan: Plan, run: Run, painted: dict[int, float], collected: Observations) -> str:
    """Return the reason why a run does not count; empty when it does."""
    expected = plan.alarms_per_s * plan.pixel_s
    if len(run.sent) < _ENOUGH * expected:
        return f"{len(run.sent)} alarms were written, not {expected:.0f}"
    for stage, had in (("read", run.read), ("painted", painted)):
        if (count := len(run.sent.keys() & had.keys())) < _ENOUGH * len(run.sent):
            return f"{count} of {len(run.sent)} alarms were {stage}"
    return f"{collected.readers_lost} streams were lost" if collected.readers_lost else ""


def _cpu(running: Screens) -> dict[str, float]:
    """Return CPU seconds so far of all processes except the clients' program."""
    used = {name: cpu_s([running.pid(name)]) for name in (*SERVICES, "kafka", "postgres")}
    own = psutil.Process(os.getpid())
    times = own.cpu_times()
    used["source"] = times.user + times.system
    used["browser"] = sum(
        sum(child.cpu_times()[:2])
        for child in own.children(recursive=True)
        if "chrom" in child.name()
    )
    return used


def _sentence(count: int, results: dict[str, Any]) -> str:
    screen, floor = results["screen"], results["floor"]
    if not screen["count"] or not floor["count"]:
        return f"{count:,} consoles: {results['wrong']}"
    return (
        f"{count:,} consoles: p50 {screen['p50_ms']:.0f} ms, p99 {screen['p99_ms']:.0f} ms, floor "
        f"{floor['p50_ms']:.0f} and {floor['p99_ms']:.0f}; "
        f"{results['console_kib']:.0f} KiB per console; "
        + ", ".join(f"{name} {cores:.2f}" for name, cores in results["cores"].items())
        + f" cores{'; INVALID: ' if results['wrong'] else ''}{results['wrong']}"
    )
