"""The console's chart, the history and scoring over the same log: a reading that scoring refused is
no point of either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.local.stack import Stack
from services.console.features.sensors import queries
from services.console.features.sensors.history_points import extremes, series_of
from services.console.features.sensors.history_writer import HistoryWriter
from services.console.features.sensors.reading_log import KafkaReadingSource
from shared.contracts.dead_letter import DeadLetter, Reason
from shared.contracts.fields import Status, Tier
from shared.contracts.readings import Reading
from shared.contracts.topics import CATALOG, DEAD_LETTER, READINGS
from shared.runtime.database import Database
from shared.runtime.outbound_records import encode, partition_of
from tests.e2e.test_scoring_crash import metric, until, write
from tests.support.kafka import Message, produce, read_all
from tests.support.postgres import fresh_database
from tests.support.scoring import TOWN, a_catalog_entry, a_sensor

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]
GAUGE = a_sensor("gauge-zhutuo", lateness_s=600)
HOME = partition_of(GAUGE.sensor_id.encode(), READINGS.partitions)


def sent(
    now: datetime,
    event_id: str,
    value: float,
    minutes: float,
    key: str = GAUGE.sensor_id,
    partition: int | None = None,
    **change: object,
) -> Message:
    """A reading of so many minutes ago."""
    at = now - timedelta(minutes=minutes)
    facts: dict[str, object] = {
        "metric": GAUGE.metric,
        "unit": GAUGE.unit,
        "datum": GAUGE.datum,
        **change,
    }
    reading = Reading(
        id=event_id,
        occurred_at=at,
        sent_at=now,
        origin_unit=TOWN,
        tier=Tier.TOWN,
        sensor_id=GAUGE.sensor_id,
        value=value,
        **facts,  # type: ignore[arg-type]
    )
    return key, encode(reading), partition


def log(now: datetime) -> list[tuple[Message, Reason | None]]:
    """The readings with the reasons of their refusal, counted from a time of now."""
    return [
        (sent(now, "r-1", 204.1, 50), None),
        (sent(now, "r-2", 204.2, 40), None),
        (sent(now, "cm", 20420.0, 39, unit="cm"), Reason.UNIT_MISMATCH),
        (sent(now, "datum", 9.0, 38, datum="黄海"), Reason.DATUM_MISMATCH),
        (sent(now, "ahead", 300.0, -30), Reason.FUTURE_TIME),
        (
            sent(now, "crc", 213.0, 37, partition=(HOME + 3) % READINGS.partitions),
            Reason.WRONG_PARTITION,
        ),
        (sent(now, "alien", 212.0, 36, key="gauge-beside", partition=HOME), Reason.KEY_MISMATCH),
        (sent(now, "drill", 216.0, 35, status=Status.EXERCISE), None),
        (sent(now, "r-3", 204.3, 10), None),
        (sent(now, "late", 204.25, 15), None),
        (sent(now, "too-late", 199.0, 30), Reason.TOO_LATE),
        (sent(now, "r-3", 204.3, 10), None),  # a repeat
        (sent(now, "r-3", 230.0, 10), Reason.ID_CONFLICT),
        (sent(now, "r-4", 204.4, 1), None),
    ]


@pytest.fixture
def dsn() -> Iterator[str]:
    with fresh_database() as address:
        yield address


@pytest.mark.timeout(180)
async def test_the_chart_does_not_draw_readings_that_scoring_refuses(
    tmp_path: Path, dsn: str
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    messages = log(now)
    async with Stack(tmp_path, services=("scoring",)) as stack:
        kafka = stack.kafka_bootstrap
        await write(kafka, CATALOG.name, [(f"sensor:{GAUGE.sensor_id}", a_catalog_entry(GAUGE))])

        async def catalogued() -> bool:
            return await metric(stack, "fenghuo_scoring_sensors") == 1

        await until("catalogue", catalogued)
        for message, _ in messages:
            await produce(kafka, READINGS.name, [message])
        reasons = sorted(reason for _, reason in messages if reason is not None)

        async def refused() -> bool:
            return len(await read_all(kafka, READINGS, dead=True)) >= len(reasons)

        await until("letters", refused)
        letters: list[DeadLetter] = [
            DEAD_LETTER.validate_json(record.value)
            for record in await read_all(kafka, READINGS, dead=True)
        ]
        assert sorted(letter.reason for letter in letters) == reasons
        source, since = KafkaReadingSource(kafka), now - timedelta(hours=2)
        looked = await source.look(GAUGE.sensor_id, GAUGE.metric, Status.ACTUAL, since)
        assert [value for _, value in looked.points] == [204.1, 204.2, 204.25, 204.3, 204.4]
        drill = await source.look(GAUGE.sensor_id, GAUGE.metric, Status.EXERCISE, since)
        assert [value for _, value in drill.points] == [216.0]
        await the_history_has_the_same(stack, dsn, now, messages)


async def the_history_has_the_same(
    stack: Stack, dsn: str, now: datetime, messages: list[tuple[Message, Reason | None]]
) -> None:
    """Compare the stored history with the extremes of the accepted readings; twice is once.

    A reading counts once as long as its offset is stored.
    """
    judged = [message for message, reason in messages if reason is None]
    readings = [Reading.model_validate_json(value) for _, value, _ in judged if value]
    database = Database(dsn, "console", size=2)
    await database.start()
    try:
        sensors = {GAUGE.sensor_id: GAUGE}
        for times in (1, 2):
            writer = HistoryWriter(
                stack.kafka_bootstrap,
                database,
                sensors.get,
                lambda _: 1,
                every_s=1,
                store_all_s=0,
            )

            async def written(writer: HistoryWriter = writer) -> bool:
                await writer.advance()
                async with database.transaction() as work:
                    return await queries.history_offset(work.connection, HOME) >= len(messages) - 1

            await until("history", written)
            for status in (Status.ACTUAL, Status.EXERCISE):
                async with database.transaction() as work:
                    stored = await queries.history(
                        work.connection,
                        GAUGE.sensor_id,
                        status,
                        series_of(GAUGE.metric, GAUGE.unit, GAUGE.datum),
                        now - timedelta(hours=2),
                        now,
                    )
                assert stored == extremes(
                    (reading.occurred_at.timestamp(), reading.value)
                    for reading in readings
                    if reading.status == status
                )
            counts = Counter(reading.status.value for reading in readings)
            async with database.transaction() as work:
                rows = await work.connection.fetch(
                    "SELECT status, hours FROM console.load_count WHERE unit = $1", GAUGE.place
                )
                await work.connection.execute("DELETE FROM console.history_offset")
            loads: Counter[str] = Counter()
            for row in rows:
                loads[row["status"]] += sum(row["hours"])
            assert loads == Counter({name: times * count for name, count in counts.items()})
    finally:
        await database.stop()
