"""Without any ingest the clock of the log goes on, and silence is found."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from services.scoring.metrics import ScoringMetrics
from services.scoring.unit_of_work.substitute_ticks import (
    PATIENCE_S,
    PRESENT_S,
    TROUBLE_S,
    SubstituteTicks,
)
from shared.contracts.rules import AbsenceRule
from shared.contracts.topics import READINGS
from shared.runtime.outbound_records import OutboundRecord
from tests.support.scoring import SENT, T0, Feed, a_rule

SILENCE = a_rule(AbsenceRule(factor=3), rule_id="sensor.silent")


class Broker:
    """Kafka's time, and the ticks that it has confirmed."""

    def __init__(self, feed: Feed) -> None:
        self.now_s = T0
        self.ticks: list[float] = []
        self._feed = feed

    async def send(self, records: Iterable[OutboundRecord]) -> list[int]:
        """Let the engine read the tick."""
        (record,) = records
        assert (record.topic, record.key, record.partition) == (READINGS.name, None, 3)
        tick = READINGS.model.validate_json(record.body)
        self.ticks.append(tick.occurred_at.timestamp())
        self._feed.offset += 1
        self._feed.engine.apply_tick(self._feed.offset, tick, self.now_s, SENT)
        return [round(self.now_s * 1_000)]


class World:
    """A partition, Kafka, and a machine with a clock of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, machine_off_s: float = 0) -> None:
        self.feed = Feed(SILENCE)
        self.broker = Broker(self.feed)
        self.is_owner = True
        self._monotonic_s = 500.0
        self._off_s = machine_off_s
        platform: Any = SimpleNamespace(clock=self, publisher=self.broker)
        self.ticks = SubstituteTicks(
            platform,
            lambda number: self.feed.engine if number == 3 and self.is_owner else None,
            ScoringMetrics(CollectorRegistry()),
        )
        monkeypatch.setattr(time, "monotonic", lambda: self._monotonic_s)

    def now(self) -> datetime:
        """Return the time of the machine."""
        return datetime.fromtimestamp(self.broker.now_s + self._off_s, UTC)

    async def pass_time(self, seconds: int, ingest_ticks: bool = False) -> None:
        """Let seconds pass; look after the partition every second."""
        for _ in range(seconds):
            self.broker.now_s += 1
            self._monotonic_s += 1
            if ingest_ticks:
                self.feed.tick(self.broker.now_s - T0)
            at = self.ticks.time_due(3, self._monotonic_s)
            if at is not None:
                await self.ticks._write(3, at)


@pytest.mark.parametrize("machine_off_s", [0, 59 * 60, -3 * 60])
async def test_silence_is_found_without_any_ingest(
    monkeypatch: pytest.MonkeyPatch, machine_off_s: float
) -> None:
    world = World(monkeypatch, machine_off_s)
    world.feed.read(210, 0)
    await world.pass_time(int(3 * 60 - PATIENCE_S))
    assert world.feed.health == []
    await world.pass_time(int(4 * PATIENCE_S) + 120)
    assert [health.state.value for health in world.feed.health] == ["silent"]
    assert world.broker.ticks == sorted(world.broker.ticks)
    assert max(world.broker.ticks) <= world.broker.now_s, "never ahead of Kafka's time"


async def test_a_clock_that_ingest_moves_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    world.feed.read(210, 0)
    await world.pass_time(100, ingest_ticks=True)
    assert world.broker.ticks == []
    assert world.ticks.trouble() is None
    await world.pass_time(100)
    assert len(world.broker.ticks) >= 100 / PATIENCE_S - 4
    trouble = world.ticks.trouble()
    assert trouble is not None
    assert "in 1 partitions" in trouble
    before = len(world.broker.ticks)
    await world.pass_time(max(100, int(TROUBLE_S)), ingest_ticks=True)
    assert len(world.broker.ticks) == before
    assert world.ticks.trouble() is None, "ingest writes them again"


async def test_a_replay_and_foreign_and_empty_partitions_get_no_ticks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(monkeypatch)
    await world.pass_time(20)
    world.feed.read(210, -PRESENT_S - 3_600)
    await world.pass_time(20)
    world.feed.read(210, 30)
    world.is_owner = False
    await world.pass_time(20)
    assert world.broker.ticks == []
    world.is_owner = True
    await world.pass_time(20)
    assert world.broker.ticks
