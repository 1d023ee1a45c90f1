"""The broker dates every record: no writer chooses a time, and a wrong clock of ingest shows at
once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka import AIOKafkaProducer
from prometheus_client import CollectorRegistry

from services.ingest.core.clocks.event_clock import EventClock
from services.ingest.core.volume_guard import VolumeGuard
from services.ingest.intake import Intake
from services.ingest.metrics import IngestMetrics
from services.scoring.core.partition_engine import TICK_AHEAD_S
from shared.contracts.readings import Tick
from shared.contracts.topics import ALERT_DECISIONS, READINGS, RULES
from shared.domain.top_unit import TopUnit
from shared.runtime.platform import Platform
from shared.runtime.settings import ServiceSettings
from tests.support.infrastructure import Infrastructure
from tests.support.kafka import read_all
from tests.support.sources import an_admission

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]


@pytest.mark.parametrize("spec", [ALERT_DECISIONS, READINGS, RULES], ids=lambda item: item.name)
async def test_a_record_cannot_choose_its_time(
    infrastructure: Infrastructure, spec: object
) -> None:
    topic = infrastructure.own_topic(spec)  # type: ignore[arg-type]
    began = int(time.time() * 1000)
    producer = AIOKafkaProducer(bootstrap_servers=infrastructure.bootstrap)
    await producer.start()
    try:
        for claimed_ms in (began - 3_600_000, began + 600_000, -(10**17), 0):
            await producer.send_and_wait(
                topic.name, b"v", key=b"k", timestamp_ms=claimed_ms, partition=0
            )
    finally:
        await producer.stop()
    dated = [record.timestamp for record in await read_all(infrastructure.bootstrap, topic)]
    assert len(dated) == 4
    assert all(began - 1_000 <= record <= time.time() * 1000 + 1_000 for record in dated)


@dataclass
class WrongClock:
    """This machine's clock, off by so much."""

    off: timedelta

    def now(self) -> datetime:
        return datetime.now(UTC) + self.off


@pytest.mark.parametrize("minutes", [-3, 59])
async def test_after_its_first_tick_ingest_writes_kafkas_time(
    infrastructure: Infrastructure, minutes: int
) -> None:
    platform = Platform(
        "ingest",
        ServiceSettings(kafka_bootstrap=infrastructure.bootstrap, http_port=1),
        clock=WrongClock(timedelta(minutes=minutes)),
    )
    metrics = IngestMetrics(CollectorRegistry())
    clock, guard = EventClock(follow_readings=False), VolumeGuard(0)
    intake = Intake(platform, clock, guard, an_admission(), TopUnit(), metrics)
    await platform.publisher.start()
    try:
        for _ in range(3):
            for partition in range(READINGS.partitions):
                await intake.write_tick(partition)
    finally:
        await platform.publisher.stop()
    ahead: dict[int, list[float]] = {}
    for record in await read_all(infrastructure.bootstrap, READINGS):
        tick = READINGS.model.validate_json(record.value)
        if isinstance(tick, Tick):
            result = tick.occurred_at.timestamp() - record.timestamp / 1000
            ahead.setdefault(record.partition, []).append(result)
    assert len(ahead) == READINGS.partitions
    newest = [off for offs in ahead.values() for off in offs[-3:]]
    wrong = [off for off in newest if not -30 < off <= TICK_AHEAD_S]
    assert len(wrong) == 1, "the first tick of all compares the clocks"
    assert abs(wrong[0] - minutes * 60) < 30
