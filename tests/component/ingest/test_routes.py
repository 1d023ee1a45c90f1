"""Accepted records reach Kafka complete, with their keys, and are counted; documents and ticks."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from services.ingest.ticks import write_ticks
from shared.contracts.fields import Position, Status, Tier
from shared.contracts.ids import content_id
from shared.contracts.readings import Reading, Tick
from shared.contracts.reports import Report, ReportFacts, Trend
from shared.contracts.topics import READINGS, REPORTS, TOPICS
from shared.runtime.errors import Transient
from tests.component.ingest.harness import NOW, TOWN, FixedClock, IngestHarness, a_reading, a_report
from tests.support.sources import a_source
from tests.support.waiting import until


@pytest.fixture
def ingest() -> IngestHarness:
    return IngestHarness()


async def test_a_reading_is_completed_and_keyed_by_its_sensor(ingest: IngestHarness) -> None:
    answer = await ingest.post("/v1/readings", a_reading(status="Exercise"))
    accepted = {"accepted": 1, "id": "gauges:zhutuo-3:000001"}
    assert (answer.status_code, answer.json()) == (202, accepted)
    [record] = ingest.publisher.sent
    assert (record.topic, record.key, record.partition) == (READINGS.name, b"zhutuo-3", None)
    reading = READINGS.model.validate_json(record.body)
    assert isinstance(reading, Reading)
    assert reading.id == accepted["id"]
    assert (reading.status, reading.sent_at) == (Status.EXERCISE, NOW)
    assert (reading.origin_unit, reading.tier) == (TOWN, Tier.TOWN)
    assert (reading.value, reading.datum) == (212.31, "吴淞")
    assert ingest.metric("fenghuo_ingest_accepted_total", kind="reading", status="Exercise") == 1


async def test_a_batch_is_one_send(ingest: IngestHarness) -> None:
    readings = [a_reading(id=f"z:{number}") for number in range(1000)]
    answer = await ingest.post("/v1/readings/batch", {"readings": readings})
    assert answer.json() == {"accepted": 1000, "id_prefix": "gauges:"}
    assert ingest.publisher.calls == 1
    sent = [READINGS.model.validate_json(record.body).id for record in ingest.publisher.sent]
    assert sent == ["gauges:" + reading["id"] for reading in readings]


async def test_whole_numbers_and_other_zones_are_fine(ingest: IngestHarness) -> None:
    body = a_reading(value=212, occurred_at="2026-07-01T16:00:00+08:00")
    assert (await ingest.post("/v1/readings", body)).status_code == 202
    reading = READINGS.model.validate_json(ingest.publisher.sent[0].body)
    assert reading.value == 212.0
    assert reading.occurred_at == NOW


async def test_the_limits_themselves_are_allowed(ingest: IngestHarness) -> None:
    body = json.dumps(a_reading(occurred_at="2026-07-01T08:02:00Z")).encode()
    filled = body + b" " * (64 * 1024 - len(body))
    assert (await ingest.post("/v1/readings", filled)).status_code == 202


async def test_a_report_is_keyed_by_its_incident(ingest: IngestHarness) -> None:
    answer = await ingest.post("/v1/reports", a_report(number=2, kind="follow_up"))
    assert answer.status_code == 202, answer.text
    [record] = ingest.publisher.sent
    assert (record.topic, record.key) == (REPORTS.name, b"inc-1")
    report = REPORTS.model.validate_json(record.body)
    assert isinstance(report, Report)
    assert (report.origin_unit, report.tier, report.number) == (TOWN, Tier.TOWN, 2)
    assert answer.json()["id"] == report.id == report.trace_id == "gauges:report-1"


async def test_a_report_keeps_its_position_and_its_facts(ingest: IngestHarness) -> None:
    facts = {
        "event_at": "2026-07-01T15:40:00+08:00",
        "place_text": "菜市场东门",
        "injured": 2,
        "property_loss_cny": 30_000,
        "trend": "rising",
    }
    body = a_report(position={"lat": 28.964, "lon": 105.853}, facts=facts)
    answer = await ingest.post("/v1/reports", body)
    assert answer.status_code == 202, answer.text
    report = REPORTS.model.validate_json(ingest.publisher.sent[0].body)
    assert report.position == Position(lat=28.964, lon=105.853)
    assert report.facts == ReportFacts(
        event_at=datetime(2026, 7, 1, 7, 40, tzinfo=UTC),
        place_text="菜市场东门",
        injured=2,
        property_loss_cny=30_000,
        trend=Trend.RISING,
    )


async def test_no_source_takes_an_id_that_is_not_its_own(ingest: IngestHarness) -> None:
    """Try the id of an officer's recall, which can be computed, and that of another source."""
    recall = content_id("dec", "alt-1", "recall", "red", "o-500000000000-b", 4)
    foreign = "hotline:r-1"
    for own_id in (recall, foreign, "x" * 64):
        assert (await ingest.post("/v1/reports", a_report(id=own_id))).status_code == 202
        assert (await ingest.post("/v1/readings", a_reading(id=own_id))).status_code == 202
    ids = [
        TOPICS[record.topic].model.validate_json(record.body).id for record in ingest.publisher.sent
    ]
    expected = (recall, foreign, "x" * 64)
    assert ids == [f"gauges:{own_id}" for own_id in expected for _ in range(2)]


@pytest.mark.parametrize("path", ["/v1/reports", "/v1/readings"])
async def test_an_id_with_the_sources_name_before_it_is_no_longer_than_an_id_may_be(
    ingest: IngestHarness, path: str
) -> None:
    body = {"/v1/reports": a_report, "/v1/readings": a_reading}[path](id="x" * 65)
    answer = await ingest.post(path, body)
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["where"] == "id"
    assert "{0,63}" in error["allowed"]


async def test_documents_work_offline(ingest: IngestHarness) -> None:
    document = (await ingest.client.get("/openapi.json")).json()
    content = document["paths"]["/v1/readings/batch"]["post"]["requestBody"]["content"]
    assert content["application/json"]["schema"] == {"$ref": "#/components/schemas/BatchBody"}
    schemas = document["components"]["schemas"]
    items = schemas["BatchBody"]["properties"]["readings"]["items"]
    assert items == {"$ref": "#/components/schemas/ReadingBody"}
    assert schemas["ReadingBody"]["properties"]["value"]["type"] == "number"
    assert "$defs" not in json.dumps(document)
    assert (await ingest.client.get("/docs")).status_code == 404
    page = (await ingest.client.get("/docs/asyncapi")).text
    assert "src=" not in page
    assert READINGS.name in (await ingest.client.get("/docs/asyncapi.json")).text
    assert (await ingest.client.get("/healthz")).status_code == 200
    assert (await ingest.client.get("/readyz")).status_code == 503
    assert "fenghuo_ingest_sensors 2.0" in (await ingest.client.get("/metrics")).text


async def ticks_of_all(ingest: IngestHarness) -> None:
    for partition in range(READINGS.partitions):
        await ingest.app.state.intake.write_tick(partition)


async def test_a_tick_goes_to_every_partition_without_a_key(ingest: IngestHarness) -> None:
    for partition in range(READINGS.partitions):
        assert await ingest.app.state.intake.write_tick(partition)
    sent = ingest.publisher.sent
    assert [record.partition for record in sent] == list(range(READINGS.partitions))
    assert all(record.key is None for record in sent)
    ticks = [READINGS.model.validate_json(record.body) for record in sent]
    minute = timedelta(minutes=1)
    for record in ticks:
        assert isinstance(record, Tick)
        assert NOW <= record.occurred_at < NOW + minute
    assert len({tick.id for tick in ticks}) == READINGS.partitions


async def test_the_clock_of_a_replay_follows_what_kafka_has() -> None:
    ingest = IngestHarness(event_clock="readings")
    intake = ingest.app.state.intake
    assert not await intake.write_tick(0)
    ingest.publisher.down = True
    await ingest.post("/v1/readings", a_reading(occurred_at="2020-08-19T11:25:00Z"))
    ingest.publisher.down = False
    assert not await intake.write_tick(0)
    for change in (
        {"occurred_at": "2020-08-19T11:25:00Z"},
        {"occurred_at": "2020-08-19T11:20:00Z"},
        {"occurred_at": "2026-07-01T07:00:00Z", "status": "Exercise"},
    ):
        assert (await ingest.post("/v1/readings", a_reading(**change))).status_code == 202
    ingest.publisher.sent.clear()
    assert await intake.write_tick(0)
    tick = READINGS.model.validate_json(ingest.publisher.sent[0].body)
    assert tick.occurred_at == datetime(2020, 8, 19, 11, 25, tzinfo=UTC)


@pytest.mark.parametrize("off", [timedelta(minutes=-3), timedelta(minutes=59)])
async def test_a_wrong_clock_of_this_machine_refuses_no_sensor_and_writes_no_wrong_tick(
    ingest: IngestHarness, off: timedelta
) -> None:
    ingest.app.state.platform.clock = FixedClock(NOW + off)
    # The first tick may be wrong: scoring refuses a tick from the future.
    await ticks_of_all(ingest)
    assert ingest.metric("fenghuo_ingest_clock_off_seconds") == pytest.approx(
        off.total_seconds(), abs=60
    )
    ingest.publisher.sent.clear()
    assert (await ingest.post("/v1/readings", a_reading(occurred_at=str(NOW)))).status_code == 202
    late = a_reading(occurred_at=str(NOW + timedelta(minutes=30)))
    assert (await ingest.post("/v1/readings", late)).status_code == 422
    await ticks_of_all(ingest)
    reading, *ticks = (
        READINGS.model.validate_json(record.body) for record in ingest.publisher.sent
    )
    assert len(ticks) == READINGS.partitions
    for moment in (reading.sent_at, *(tick.occurred_at for tick in ticks)):
        assert NOW <= moment < NOW + timedelta(minutes=2)


async def test_another_source_does_not_move_the_clock_of_a_replay() -> None:
    ingest = IngestHarness(event_clock="readings", event_clock_source="replay")
    intake = ingest.app.state.intake
    early = await ingest.post("/v1/readings", a_reading(id="early"))
    assert early.status_code == 503, "the clock shows no time yet, so the future has no begin"
    body = json.dumps(a_reading(id="played", occurred_at="2020-08-19T11:25:00Z")).encode()
    assert (await intake.reading(body, a_source("replay"))).id == "replay:played"
    for path, early_body in (
        ("/v1/readings", a_reading(id="early")),
        ("/v1/readings/batch", {"readings": [a_reading(id="early")]}),
    ):
        refused = await ingest.post(path, early_body)
        assert refused.status_code == 422
        [problem] = refused.json()["errors"]
        assert "its clock shows 2020-08-19T11:25:00+00:00" in problem["what"]
        assert problem["allowed"] == "at most 2020-08-19T11:27:00+00:00"
    fitting = a_reading(id="fitting", occurred_at="2020-08-19T11:26:30Z")
    assert (await ingest.post("/v1/readings", fitting)).status_code == 202
    ingest.publisher.sent.clear()
    assert await intake.write_tick(0)
    tick = READINGS.model.validate_json(ingest.publisher.sent[0].body)
    assert tick.occurred_at == datetime(2020, 8, 19, 11, 25, tzinfo=UTC)


async def test_a_tick_that_fails_says_so(ingest: IngestHarness) -> None:
    ingest.publisher.down = True
    with pytest.raises(Transient):
        await ingest.app.state.intake.write_tick(0)


async def test_a_stuck_partition_stops_its_own_ticks_alone() -> None:
    ticked: list[int] = []

    class StuckIntake:
        async def write_tick(self, partition: int) -> bool:
            if partition == 3:
                await asyncio.Event().wait()
            ticked.append(partition)
            return True

    loop = asyncio.create_task(write_ticks(StuckIntake(), 0.001))  # type: ignore[arg-type]
    running = set(range(READINGS.partitions)) - {3}
    await until(lambda: all(ticked.count(partition) > 2 for partition in running))
    loop.cancel()
    assert set(ticked) == running


async def test_readings_wait_while_a_volume_is_nearly_full_and_reports_do_not(
    ingest: IngestHarness,
) -> None:
    guard = ingest.app.state.intake.volume_guard
    guard.update({1: 0.5, 2: 0.09})
    for path, body in (("/v1/readings", a_reading()), ("/v1/readings/batch", [a_reading()])):
        response = await ingest.post(path, body)
        assert (response.status_code, response.headers["retry-after"]) == (507, "30")
        assert "9.0%" in response.text
    assert (await ingest.post("/v1/reports", a_report())).status_code == 202
    assert len(ingest.publisher.sent) == 1
    guard.update({1: 0.5, 2: 0.11})
    assert (await ingest.post("/v1/readings", a_reading())).status_code == 507
    guard.update({})
    assert (await ingest.post("/v1/readings", a_reading())).status_code == 507
    guard.update({1: 0.5, 2: 0.13})
    assert (await ingest.post("/v1/readings", a_reading())).status_code == 202


async def test_readings_of_a_deleted_sensor_are_refused(ingest: IngestHarness) -> None:
    for key in ("unit:zhutuo-3", "sensor:nobody", "zhutuo-3", ""):
        ingest.app.state.intake.on_deleted(key)
    assert (await ingest.post("/v1/readings", a_reading())).status_code == 202
    ingest.app.state.intake.on_deleted("sensor:zhutuo-3")
    assert (await ingest.post("/v1/readings", a_reading())).status_code == 422
    assert ingest.metric("fenghuo_ingest_sensors") == 1
