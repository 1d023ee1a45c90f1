"""A sensor's readings are read back from a real topic: its own, as far back as was asked, and no
further.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.console.features.sensors.reading_log import KafkaReadingSource
from shared.contracts.dead_letter import DeadLetter, Reason
from shared.contracts.fields import Status, Tier
from shared.contracts.ids import content_id, dead_letter_id
from shared.contracts.readings import Reading
from shared.contracts.topics import READINGS, TopicSpec
from shared.runtime.errors import Transient
from shared.runtime.outbound_records import partition_of
from tests.support.console_events import ZHUTUO
from tests.support.infrastructure import Infrastructure
from tests.support.kafka import Message, produce

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]
SENSOR = "gauge-of-the-chart"
PLACE = partition_of(SENSOR.encode(), READINGS.partitions)


def measured(
    at: datetime, value: float, sensor: str = SENSOR, metric: str = "water_level", **more: object
) -> Message:
    reading = Reading(
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
    return sensor, reading.to_wire(), PLACE  # others in the same partition too


async def test_a_look_finds_the_sensors_own_readings_in_order(
    infrastructure: Infrastructure,
) -> None:
    spec = infrastructure.own_topic(READINGS)
    now = datetime.now(UTC).replace(microsecond=0)
    expected = [(now - timedelta(minutes=30 - n), 208.0 + n) for n in range(30)]
    await produce(
        infrastructure.bootstrap,
        spec.name,
        [
            *(measured(at, value) for at, value in reversed(expected)),  # late ones come in last
            measured(*expected[3]),  # a repeat
            measured(now, 1.0, sensor="gauge-beside-it"),
            measured(now, 2.0, metric="flow"),
            measured(now, 3.0, status=Status.EXERCISE),
            measured(now - timedelta(hours=9), 4.0),
            (SENSOR, b"not a reading", PLACE),
        ],
    )
    source = KafkaReadingSource(infrastructure.bootstrap, spec=spec)
    since = now - timedelta(hours=6)
    looked = await source.look(SENSOR, "water_level", Status.ACTUAL, since)
    assert looked.points == [(at.timestamp(), value) for at, value in expected]
    assert looked.since == since
    drill = await source.look(SENSOR, "water_level", Status.EXERCISE, since)
    assert [value for _, value in drill.points] == [3.0]
    absent = await source.look("gauge-that-never-was", "water_level", Status.ACTUAL, since)
    assert list(absent.points) == []


async def test_a_query_ends_after_its_limit_of_records_and_states_its_first_time(
    infrastructure: Infrastructure,
) -> None:
    spec = infrastructure.own_topic(READINGS)
    now = datetime.now(UTC)
    foreign = [measured(now, float(n), sensor=f"gauge-{n}") for n in range(50)]
    await produce(infrastructure.bootstrap, spec.name, [measured(now, 5.0), *foreign])
    began = datetime.now(UTC) - timedelta(hours=1)
    looked = await KafkaReadingSource(infrastructure.bootstrap, 20, spec).look(
        SENSOR, "water_level", Status.ACTUAL, began
    )
    assert list(looked.points) == []
    assert looked.since > began


def refused(
    spec: TopicSpec, offset: int, reason: Reason, service: str = "scoring", key: str = SENSOR
) -> Message:
    letter = DeadLetter(
        id=dead_letter_id(service, spec.name, PLACE, offset),
        reason=reason,
        detail="as scoring writes it",
        service=service,
        topic=spec.name,
        partition=PLACE,
        offset=offset,
        refused_at=datetime.now(UTC),
    )
    return key, letter.to_wire(), PLACE


async def test_a_reading_that_scoring_refused_is_no_point_of_the_chart(
    infrastructure: Infrastructure,
) -> None:
    spec = infrastructure.own_topic(READINGS)
    now = datetime.now(UTC).replace(microsecond=0)
    times = [now - timedelta(minutes=6 - n) for n in range(6)]
    values = [204.0, 20420.0, 205.0, 9.0, 206.0, 207.0]
    samples = zip(times, values, strict=True)
    await produce(infrastructure.bootstrap, spec.name, [measured(*sample) for sample in samples])
    await produce(
        infrastructure.bootstrap,
        spec.dlq,
        [
            (SENSOR, b"no letter", PLACE),
            refused(spec, 1, Reason.UNIT_MISMATCH),
            refused(spec, 3, Reason.TOO_LATE),
            refused(spec, 4, Reason.SCHEMA, service="audit"),  # whoever else refuses does not judge
            *(refused(spec, 100 + n, Reason.NOT_JSON, key="flood") for n in range(3_000)),
        ],
    )
    source = KafkaReadingSource(infrastructure.bootstrap, spec=spec)
    since = now - timedelta(hours=6)
    looked = await source.look(SENSOR, "water_level", Status.ACTUAL, since)
    assert [value for _, value in looked.points] == [204.0, 205.0, 206.0, 207.0]
    assert looked.since == since


async def test_of_more_letters_than_are_looked_through_no_refused_reading_is_drawn(
    infrastructure: Infrastructure,
) -> None:
    spec = infrastructure.own_topic(READINGS)
    now = datetime.now(UTC).replace(microsecond=0)
    await produce(infrastructure.bootstrap, spec.name, [measured(now, 20420.0)])
    flood = [refused(spec, 100 + n, Reason.NOT_JSON, key="flood") for n in range(50)]
    letter = refused(spec, 0, Reason.UNIT_MISMATCH)
    await produce(infrastructure.bootstrap, spec.dlq, [letter])
    await produce(infrastructure.bootstrap, spec.dlq, flood)
    source = KafkaReadingSource(infrastructure.bootstrap, 20, spec)
    since = now - timedelta(hours=1)
    looked = await source.look(SENSOR, "water_level", Status.ACTUAL, since)
    assert list(looked.points) == []
    assert looked.since > since, "it is said that not all was looked at"


async def test_a_broker_that_is_away_is_a_passing_trouble() -> None:
    with pytest.raises(Transient):
        await KafkaReadingSource("127.0.0.1:1").look(
            SENSOR, "water_level", Status.ACTUAL, datetime.now(UTC)
        )
