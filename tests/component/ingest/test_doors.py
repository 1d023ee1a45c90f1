"""What is accepted reaches Kafka complete, keyed and counted; documents and ticks work."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.ingest.settings import load_sources
from shared.contracts.fields import Status, Tier
from shared.contracts.readings import Reading, Tick
from shared.contracts.reports import Report
from shared.contracts.topics import READINGS, REPORTS
from shared.runtime.errors import SetupError, Transient
from tests.component.ingest.doors import NOW, TOWN, Doors, StillClock, a_reading, a_report


@pytest.fixture
def doors(tmp_path: Path) -> Doors:
    return Doors(tmp_path)


async def test_a_reading_is_completed_and_keyed_by_its_sensor(doors: Doors) -> None:
    answer = await doors.post("/v1/readings", a_reading(status="Exercise"))
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1})
    [record] = doors.publisher.sent
    assert (record.topic, record.key, record.partition) == (READINGS.name, b"zhutuo-3", None)
    reading = READINGS.model.validate_json(record.value)
    assert isinstance(reading, Reading)
    assert (reading.status, reading.sent_at) == (Status.EXERCISE, NOW)
    assert (reading.origin_unit, reading.tier) == (TOWN, Tier.TOWN)
    assert (reading.value, reading.datum) == (212.31, "吴淞")
    assert doors.metric("fenghuo_ingest_accepted_total", kind="reading", status="Exercise") == 1


async def test_a_batch_is_one_send(doors: Doors) -> None:
    readings = [a_reading(id=f"z:{number}") for number in range(1000)]
    answer = await doors.post("/v1/readings/batch", {"readings": readings})
    assert answer.json() == {"accepted": 1000}
    assert doors.publisher.calls == 1
    sent = [READINGS.model.validate_json(record.value).id for record in doors.publisher.sent]
    assert sent == [reading["id"] for reading in readings]


async def test_whole_numbers_and_other_zones_are_fine(doors: Doors) -> None:
    body = a_reading(value=212, occurred_at="2026-07-01T16:00:00+08:00")
    assert (await doors.post("/v1/readings", body)).status_code == 202
    reading = READINGS.model.validate_json(doors.publisher.sent[0].value)
    assert reading.value == 212.0
    assert reading.occurred_at == NOW


async def test_the_limits_themselves_are_allowed(doors: Doors) -> None:
    body = json.dumps(a_reading(occurred_at="2026-07-01T08:02:00Z")).encode()
    filled = body + b" " * (64 * 1024 - len(body))
    assert (await doors.post("/v1/readings", filled)).status_code == 202


async def test_a_report_is_keyed_by_its_incident(doors: Doors) -> None:
    answer = await doors.post("/v1/reports", a_report(number=2, kind="follow_up"))
    assert answer.status_code == 202, answer.text
    [record] = doors.publisher.sent
    assert (record.topic, record.key) == (REPORTS.name, b"inc-1")
    report = REPORTS.model.validate_json(record.value)
    assert isinstance(report, Report)
    assert (report.origin_unit, report.tier, report.number) == (TOWN, Tier.TOWN, 2)


async def test_documents_work_offline(doors: Doors) -> None:
    document = (await doors.client.get("/openapi.json")).json()
    schema = document["paths"]["/v1/readings/batch"]["post"]["requestBody"]["content"]
    item = schema["application/json"]["schema"]["properties"]["readings"]["items"]
    assert item["properties"]["value"]["type"] == "number"
    assert "$defs" not in json.dumps(document)
    assert (await doors.client.get("/docs")).status_code == 404
    page = (await doors.client.get("/docs/asyncapi")).text
    assert "src=" not in page
    assert READINGS.name in (await doors.client.get("/docs/asyncapi.json")).text
    assert (await doors.client.get("/healthz")).status_code == 200
    assert (await doors.client.get("/readyz")).status_code == 503
    assert "fenghuo_ingest_sensors 2.0" in (await doors.client.get("/metrics")).text


async def test_a_tick_goes_to_every_partition_without_a_key(doors: Doors) -> None:
    assert await doors.app.state.intake.tick()
    sent = doors.publisher.sent
    assert [record.partition for record in sent] == list(range(READINGS.partitions))
    assert all(record.key is None for record in sent)
    ticks = [READINGS.model.validate_json(record.value) for record in sent]
    assert all(isinstance(tick, Tick) and tick.occurred_at == NOW for tick in ticks)
    assert len({tick.id for tick in ticks}) == READINGS.partitions


async def test_the_clock_of_a_replay_follows_what_kafka_has(tmp_path: Path) -> None:
    doors = Doors(tmp_path, event_clock="readings")
    intake = doors.app.state.intake
    assert not await intake.tick()
    doors.publisher.down = True
    await doors.post("/v1/readings", a_reading(occurred_at="2020-08-19T11:25:00Z"))
    doors.publisher.down = False
    assert not await intake.tick()
    for change in (
        {"occurred_at": "2020-08-19T11:25:00Z"},
        {"occurred_at": "2020-08-19T11:20:00Z"},
        {"occurred_at": "2026-07-01T07:00:00Z", "status": "Exercise"},
    ):
        assert (await doors.post("/v1/readings", a_reading(**change))).status_code == 202
    doors.publisher.sent.clear()
    assert await intake.tick()
    tick = READINGS.model.validate_json(doors.publisher.sent[0].value)
    assert tick.occurred_at == datetime(2020, 8, 19, 11, 25, tzinfo=UTC)


@pytest.mark.parametrize("off", [timedelta(minutes=-3), timedelta(minutes=59)])
async def test_a_wrong_clock_of_this_machine_refuses_no_sensor_and_writes_no_wrong_tick(
    doors: Doors, off: timedelta
) -> None:
    doors.app.state.platform.clock = StillClock(NOW + off)
    await doors.app.state.intake.tick()  # the first may be wrong: scoring refuses what runs ahead
    assert doors.metric("fenghuo_ingest_clock_off_seconds") == pytest.approx(
        off.total_seconds(), abs=60
    )
    doors.publisher.sent.clear()
    assert (await doors.post("/v1/readings", a_reading(occurred_at=str(NOW)))).status_code == 202
    late = a_reading(occurred_at=str(NOW + timedelta(minutes=30)))
    assert (await doors.post("/v1/readings", late)).status_code == 422
    await doors.app.state.intake.tick()
    reading, *ticks = (READINGS.model.validate_json(one.value) for one in doors.publisher.sent)
    assert len(ticks) == READINGS.partitions
    for moment in (reading.sent_at, *(one.occurred_at for one in ticks)):
        assert NOW <= moment < NOW + timedelta(minutes=2)


async def test_a_tick_that_fails_says_so(doors: Doors) -> None:
    doors.publisher.down = True
    with pytest.raises(Transient):
        await doors.app.state.intake.tick()


@pytest.mark.parametrize("text", [None, "{", "[]", '{"a": "secret"}', '{"a": 1}'])
def test_a_wrong_sources_file_is_one_sentence(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "sources.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SetupError, match="sources file") as problem:
        load_sources(path)
    assert "secret" not in str(problem.value)
