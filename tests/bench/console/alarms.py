"""Alarms of the benchmark, written to Kafka at an even pace, beside a plain reader of the same
topic.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from deploy.example.units import of_tier
from shared.contracts.alarms import AlarmEvent, AlarmTransition, Evidence
from shared.contracts.fields import Level, Tier
from shared.contracts.ids import content_id, transition_id
from shared.contracts.topics import ALARMS
from shared.contracts.units import tier_of
from shared.runtime.outbound_records import encode

MARK = "bench-"
"""In front of an alarm's number in its headline: what readers and the browser look for."""
_NUMBER = re.compile(MARK.encode() + rb"(\d+)")
_LEVELS = (Level.BLUE, Level.BLUE, Level.YELLOW, Level.ORANGE)


def an_alarm(number: int, now: datetime) -> AlarmEvent:
    """The alarm of this number: a sensor of its own, in a town or village of Yongchuan."""
    places = (*of_tier(Tier.TOWN), *of_tier(Tier.VILLAGE))
    place = random.Random(number).choice(places).unit
    alarm = content_id("alm", MARK, number, now.isoformat())
    return AlarmEvent(
        id=transition_id(alarm, 1),
        occurred_at=now,
        sent_at=now,
        origin_unit=place,
        tier=tier_of(place),
        alarm_id=alarm,
        version=1,
        transition=AlarmTransition.RAISED,
        rule_id="flood.bench",
        rule_version=1,
        kind="threshold",
        sensor_id=f"gauge-{number}",
        place=place,
        event_type="11A01",
        level=_LEVELS[number % len(_LEVELS)],
        score=40,
        evidence=Evidence(
            metric="water_level",
            value=212.36,
            unit="m",
            limit=212.0,
            event_id=content_id("rdg", MARK, number),
        ),
        headline=f"水位 212.36 m，超过保证水位 212.00 m {MARK}{number}",
    )


@dataclass
class Run:
    """Moments of CLOCK_MONOTONIC by alarm: handed to the producer, and had by the plain reader."""

    sent: dict[int, float] = field(default_factory=dict)
    read: dict[int, float] = field(default_factory=dict)


class Source:
    """Writes alarms; numbers never come twice."""

    def __init__(self, out: AIOKafkaProducer, back: AIOKafkaConsumer) -> None:
        self._out = out
        self._back = back
        self._next = 0

    async def run(self, per_s: float, seconds: float, drain_s: float) -> Run:
        """So many alarms a second for so long, then wait `drain_s` for what is under way."""
        result = Run()
        reading = asyncio.create_task(self._read(result.read))
        began, first = time.monotonic(), self._next
        while (elapsed := time.monotonic() - began) < seconds:
            while self._next - first < elapsed * per_s:
                number, self._next = self._next, self._next + 1
                alarm = an_alarm(number, datetime.now(UTC))
                result.sent[number] = time.monotonic()
                await self._out.send(ALARMS.name, encode(alarm), key=alarm.place.encode())
            await asyncio.sleep(0.002)
        await asyncio.sleep(drain_s)
        reading.cancel()
        return result

    async def _read(self, noted: dict[int, float]) -> None:
        while True:
            records = await self._back.getmany(timeout_ms=1_000)
            at = time.monotonic()
            for record in (
                partition_record for many in records.values() for partition_record in many
            ):
                if match := _NUMBER.search(record.value):
                    noted.setdefault(int(match[1]), at)


@asynccontextmanager
async def source(bootstrap: str) -> AsyncIterator[Source]:
    """A producer that waits for all replicas and the plain reader: the floor."""
    out = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=0)
    back = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await out.start()
    await back.start()
    try:
        partitions = [TopicPartition(ALARMS.name, number) for number in range(ALARMS.partitions)]
        back.assign(partitions)
        await back.seek_to_end(*partitions)
        yield Source(out, back)
    finally:
        await back.stop()
        await out.stop()
