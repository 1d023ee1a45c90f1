"""Row `red_page`: in a storm of alarms, the time from a new red alarm to its page at a carrier."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg

from deploy.example.officers import slots
from deploy.local.paths import temporary_root
from deploy.local.records import publish, record
from deploy.local.stack import Stack
from shared.contracts.topics import ALARMS, ALERTS, PAGES, ROSTER, TopicSpec
from tests.bench.command.service import Tail, producer, tail
from tests.bench.console.alarms import MARK
from tests.bench.console.plan import Plan, Say
from tests.bench.console.storm import Sent, Storm, send
from tests.bench.latency_source import summary
from tests.bench.log import ends
from tests.bench.sampling import cpu_s
from tests.support.carrier import SECRET, CarrierRequest, Receiver, running_receiver

SERVICES = ("alerting", "notify")
CARRIER_S = 0.2
"""How long the carrier takes to answer each page."""
_PER_S = 50_000 / 60
_WARM_UP_S = 10.0
_DRAIN_S = 15.0
_ENOUGH = 0.99
_NUMBER = re.compile(MARK.encode() + rb"(\d+)")


async def red_page(plan: Plan, say: Say) -> dict[str, Any]:
    """Seconds from handing a red alarm to a producer until the carrier has the first page that
    names it.

    Alerting and notify as they are shipped, Yongchuan's whole roster; the webhook's carrier is ours
    and takes 0.2 s for each page. A digest that names the alarm is a page about it.
    """
    async with (
        running_receiver() as carrier,
        _services(carrier) as stack,
        producer(stack.kafka_bootstrap) as out,
        _first_seen(stack, ALERTS) as opened,
        _first_seen(stack, PAGES) as listed,
    ):
        carrier.delay_s = lambda _: CARRIER_S
        storm = Storm()
        await send(out, storm, _PER_S, _WARM_UP_S)
        used = _cpu(stack)
        sent = await send(out, storm, _PER_S, plan.storm_s)
        cores = {name: (now - used[name]) / sent.seconds for name, now in _cpu(stack).items()}
        behind = await _behind(stack)
        await asyncio.sleep(_DRAIN_S)
    paged = _first((request.at, request.raw) for request in carrier.requests)
    page = _since(sent, paged)
    results = {
        "red": len(sent.red),
        "alarms": sent.alarms,
        "alarms_per_s": sent.alarms / sent.seconds,
        "p99_s": page.get("p99_ms", 0.0) / 1_000,
        "page": page,
        "alert": _since(sent, opened),
        "listed": _since(sent, listed),
        "requests": len(carrier.requests),
        "requests_red": sum(_is_red(request) for request in carrier.requests),
        "behind_at_the_end": behind,
        "cores": cores,
        "wrong": _wrong(plan, sent, paged),
    }
    say(_sentence(results))
    return results


def _since(sent: Sent, arrived: dict[int, float]) -> dict[str, float]:
    return summary([arrived[number] - at for number, at in sent.red.items() if number in arrived])


def _first(pages: Iterable[tuple[float, bytes]]) -> dict[int, float]:
    """When each alarm was first named; the pages come in the order of time."""
    first: dict[int, float] = {}
    for at, raw in pages:
        for number in _NUMBER.findall(raw):
            first.setdefault(int(number), at)
    return first


def _is_red(received: CarrierRequest) -> bool:
    return b'"level":"red"' in received.raw


def _wrong(plan: Plan, sent: Sent, paged: dict[int, float]) -> str:
    if sent.alarms < _ENOUGH * _PER_S * plan.storm_s:
        return f"{sent.alarms} alarms were written, not {_PER_S * plan.storm_s:.0f}"
    count = len(sent.red.keys() & paged.keys())
    return f"{count} of {len(sent.red)} were paged" if count < _ENOUGH * len(sent.red) else ""


def _cpu(stack: Stack) -> dict[str, float]:
    pids = {name: stack.pid(name) for name in (*SERVICES, "kafka", "postgres")}
    return {name: cpu_s([pid]) for name, pid in pids.items() if pid is not None}


async def _behind(stack: Stack) -> dict[str, int]:
    """Records that alerting has of the alarms, and notify of the alerts, still before it."""
    connection = await asyncpg.connect(stack.dsn())
    try:
        results = {}
        for name, spec in (("alerting", ALARMS), ("notify", ALERTS)):
            consumed: int = await connection.fetchval(
                f"SELECT coalesce(sum(next_offset), 0)::bigint FROM {name}.consumer_offset "
                "WHERE topic = $1",
                spec.name,
            )
            results[name] = await ends(stack.kafka_bootstrap, spec.name, spec.partitions) - consumed
        return results
    finally:
        await connection.close()


@asynccontextmanager
async def _first_seen(stack: Stack, spec: TopicSpec) -> AsyncIterator[dict[int, float]]:
    """When a plain reader of a topic first had a record that names an alarm, by its number."""
    arrived: dict[int, float] = {}

    async def read(records: Tail) -> None:
        while True:
            results: Sequence[Any] = await records.take(3_600)
            at = asyncio.get_running_loop().time()
            for result in results:
                for number in _NUMBER.findall(result.value):
                    arrived.setdefault(int(number), at)

    async with tail(stack.kafka_bootstrap, spec) as records:
        reading = asyncio.create_task(read(records))
        try:
            yield arrived
        finally:
            reading.cancel()


@asynccontextmanager
async def _services(carrier: Receiver) -> AsyncIterator[Stack]:
    """Kafka, Postgres and the two services with the roster; removed afterwards."""
    stack = Stack(
        temporary_root("bench-red-page"),
        services=SERVICES,
        env={"notify": {"FENGHUO_WEBHOOK_URL": carrier.url, "FENGHUO_WEBHOOK_SECRET": SECRET}},
        broker="kafka",
        ready_timeout_s=120,
    )
    try:
        async with stack:
            now = datetime.now(UTC)
            records = [record(f"{slot.unit}:{slot.post}", slot) for slot in slots(now)]
            await publish(stack.kafka_bootstrap, ROSTER, records)
            yield stack
    finally:
        stack.discard()


def _sentence(results: dict[str, Any]) -> str:
    stages = ", ".join(
        f"{name} {results[name]['p50_ms']:,.0f} and {results[name]['p99_ms']:,.0f}"
        for name in ("alert", "listed", "page")
        if results[name]["count"]
    )
    return (
        f"{results['alarms_per_s']:,.0f} alarms/s, {results['red']} new red ones; "
        f"ms p50 and p99: {stages}; "
        f"{results['requests']:,} requests to the carrier, "
        f"{results['requests_red']:,} of them red; "
        + ", ".join(f"{name} {cores:.2f}" for name, cores in results["cores"].items())
        + f" cores; behind {results['behind_at_the_end']}"
        + (f"; INVALID: {results['wrong']}" if results["wrong"] else "")
    )
