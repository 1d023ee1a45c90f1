"""A sensor's readings are read back from a real topic: its own, as far back as was asked, and no further."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.console.readings import KafkaSource
from shared.contracts.fields import Status, Tier
from shared.contracts.ids import content_id
from shared.contracts.readings import Reading
from shared.contracts.topics import READINGS
from shared.runtime.errors import Transient
from shared.runtime.publisher import partition_of
from tests.support.console_scene import ZHUTUO
from tests.support.infrastructure import Infrastructure
from tests.support.kafka import Message, produce

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]
SENSOR = "gauge-of-the-chart"
PLACE = partition_of(SENSOR.encode(), READINGS.partitions)


def measured(
    at: datetime, value: float, sensor: str = SENSOR, metric: str = "water_level", **more: object
) -> Message:
    one = Reading(
        id=content_id("rdg", sensor, metric, at.isoformat(), str(more)),
        occurred_at=at,
        sent_at=at,
        origin_unit=ZHUTUO,
        tier=Tier.TOWN,
        sensor_id=sensor,
        metric=metric,
        value=value,
        unit="m",
        **more,  # type: ignore[arg-type]
    )
    return sensor, one.to_wire(), PLACE  # others in the same partition too


async def test_a_look_finds_the_sensors_own_readings_in_order(
    infrastructure: Infrastructure,
) -> None:
    spec = infrastructure.own_topic(READINGS)
    now = datetime.now(UTC).replace(microsecond=0)
    wanted = [(now - timedelta(minutes=30 - n), 208.0 + n) for n in range(30)]
    await produce(
        infrastructure.bootstrap,
        spec.name,
        [
            *(measured(at, value) for at, value in reversed(wanted)),  # late ones come in last
            measured(*wanted[3]),  # a repeat
            measured(now, 1.0, sensor="gauge-beside-it"),
            measured(now, 2.0, metric="flow"),
            measured(now, 3.0, status=Status.EXERCISE),
            measured(now - timedelta(hours=9), 4.0),
            (SENSOR, b"not a reading", PLACE),
        ],
    )
    source = KafkaSource(infrastructure.bootstrap, spec=spec)
    since = now - timedelta(hours=6)
    looked = await source.look(SENSOR, "water_level", Status.ACTUAL, since)
    assert looked.points == [(at.timestamp(), value) for at, value in wanted]
    assert looked.since == since
    drill = await source.look(SENSOR, "water_level", Status.EXERCISE, since)
    assert [value for _, value in drill.points] == [3.0]
    nobody = await source.look("gauge-that-never-was", "water_level", Status.ACTUAL, since)
    assert list(nobody.points) == []


async def test_a_look_ends_after_so_many_records_and_says_from_when_it_looked(
    infrastructure: Infrastructure,
) -> None:
    spec = infrastructure.own_topic(READINGS)
    now = datetime.now(UTC)
    others = [measured(now, float(n), sensor=f"gauge-{n}") for n in range(50)]
    await produce(infrastructure.bootstrap, spec.name, [measured(now, 5.0), *others])
    began = datetime.now(UTC) - timedelta(hours=1)
    looked = await KafkaSource(infrastructure.bootstrap, 20, spec).look(
        SENSOR, "water_level", Status.ACTUAL, began
    )
    assert list(looked.points) == []
    assert looked.since > began


async def test_a_broker_that_is_away_is_a_passing_trouble() -> None:
    with pytest.raises(Transient):
        await KafkaSource("127.0.0.1:1").look(
            SENSOR, "water_level", Status.ACTUAL, datetime.now(UTC)
        )
