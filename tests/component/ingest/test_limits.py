"""A source is held to the limits of its entry at every door, and each refused right is noted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.ingest.refusal_writer import SourceRefusalWriter
from shared.contracts.fields import DataGrade
from shared.contracts.refusals import SourceRefusal
from shared.contracts.sources import SourceDoor
from shared.contracts.topics import READINGS, REPORTS, SOURCE_REFUSALS, WARNINGS
from tests.component.ingest.harness import NOW, TOKEN, TOWN, IngestHarness, a_reading, a_report
from tests.support.cap import a_document
from tests.support.sources import a_key

SINGLE, BATCH, REPORT, WARNING = "/v1/readings", "/v1/readings/batch", "/v1/reports", "/v1/warnings"
NEIGHBOUR = "500118119000"


@pytest.fixture
def ingest() -> IngestHarness:
    return IngestHarness()


async def refusals_in_the_trail(ingest: IngestHarness) -> list[tuple[str, str, str]]:
    state = ingest.app.state
    writer = SourceRefusalWriter(state.platform, state.intake.admission.refusals, state.intake.now)
    await writer.write()
    records = [
        SourceRefusal.model_validate_json(record.value or b"")
        for record in ingest.publisher.sent
        if record.topic == SOURCE_REFUSALS.name
    ]
    assert {(record.source, record.origin_unit) for record in records} <= {
        ("gauges", "500118000000")
    }
    return [(record.action, record.reason.value, record.subject_id) for record in records]


BODIES: dict[str, Any] = {
    SINGLE: a_reading(),
    BATCH: {"readings": [a_reading()]},
    REPORT: a_report(),
    WARNING: a_document(),
}
DOORS = {
    SINGLE: SourceDoor.READINGS,
    BATCH: SourceDoor.READINGS,
    REPORT: SourceDoor.REPORTS,
    WARNING: SourceDoor.WARNINGS,
}


async def knock(ingest: IngestHarness, path: str) -> int:
    kind = {"content-type": "application/cap+xml"} if path == WARNING else {}
    answer = await ingest.post(path, BODIES[path], **kind)
    return answer.status_code


@pytest.mark.parametrize("path", BODIES)
async def test_a_door_is_open_to_sources_that_may_use_it(ingest: IngestHarness, path: str) -> None:
    ingest.put_source(doors=(DOORS[path],))
    assert await knock(ingest, path) == 202
    ingest.put_source(doors=tuple(door for door in SourceDoor if door is not DOORS[path]))
    ingest.publisher.sent.clear()
    assert await knock(ingest, path) == 403
    assert ingest.publisher.sent == []
    assert await refusals_in_the_trail(ingest) == [(f"POST {path}", "door_not_allowed", "")]


async def test_a_reading_of_another_sensor_is_refused_and_its_neighbours_are_taken(
    ingest: IngestHarness,
) -> None:
    ingest.put_source(sensors=("rain-*",))
    rain = a_reading(id="r", sensor_id="rain-7", metric="rain_10min", unit="mm", datum=...)
    answer = await ingest.post(BATCH, {"readings": [a_reading(id="z"), rain]})
    assert answer.status_code == 207
    [refused, accepted] = answer.json()["items"]
    assert accepted["accepted"]
    assert [(error["code"], error["allowed"]) for error in refused["errors"]] == [
        ("sensor_not_allowed", "rain-*")
    ]
    answer = await ingest.post(SINGLE, a_reading(id="z"))
    assert (answer.status_code, answer.json()["type"]) == (
        403,
        "urn:fenghuo:problem:sensor_not_allowed",
    )
    assert await refusals_in_the_trail(ingest) == [
        (f"POST {BATCH}", "sensor_not_allowed", "gauges:z"),
        (f"POST {SINGLE}", "sensor_not_allowed", "gauges:z"),
    ]


async def test_a_source_does_not_learn_which_sensors_of_others_there_are(
    ingest: IngestHarness,
) -> None:
    ingest.put_source(sensors=("rain-*",))
    answers = [
        await ingest.post(SINGLE, a_reading(sensor_id=sensor, unit="cm", metric="flow"))
        for sensor in ("zhutuo-3", "ghost-3")
    ]
    assert len({answer.text.replace("ghost-3", "zhutuo-3") for answer in answers}) == 1
    assert (
        (await ingest.post(SINGLE, a_reading(sensor_id="rain-9")))
        .json()["type"]
        .endswith("unknown_sensor")
    )


async def test_sensors_and_reports_outside_the_places_are_refused(ingest: IngestHarness) -> None:
    ingest.put_source(places=(NEIGHBOUR,))
    for path, body, subject in (
        (SINGLE, a_reading(), "gauges:zhutuo-3:000001"),
        (REPORT, a_report(), "gauges:report-1"),
    ):
        answer = await ingest.post(path, body)
        assert answer.status_code == 403
        assert [error["allowed"] for error in answer.json()["errors"]] == [NEIGHBOUR]
        assert (f"POST {path}", "place_not_allowed", subject) in await refusals_in_the_trail(ingest)
    ingest.put_source(places=(NEIGHBOUR, TOWN))
    assert (await ingest.post(SINGLE, a_reading())).status_code == 202
    assert (await ingest.post(REPORT, a_report())).status_code == 202


async def test_a_warning_of_an_area_outside_the_places_is_refused(ingest: IngestHarness) -> None:
    assert await knock(ingest, WARNING) == 202
    warning = WARNINGS.model.validate_json(ingest.publisher.sent[-1].body)
    assert warning.areas
    ingest.put_source(places=warning.areas)
    assert await knock(ingest, WARNING) == 202
    ingest.put_source(places=(NEIGHBOUR,))
    assert await knock(ingest, WARNING) == 403
    assert await refusals_in_the_trail(ingest) == [
        (f"POST {WARNING}", "place_not_allowed", warning.id)
    ]


async def test_records_have_the_grade_of_their_source(ingest: IngestHarness) -> None:
    ingest.put_source(grade=DataGrade.IMPORTANT)
    for path in BODIES:
        assert await knock(ingest, path) == 202
    grades = {
        spec.model.validate_json(record.body).data_grade
        for record in ingest.publisher.sent
        for spec in (READINGS, REPORTS, WARNINGS)
        if record.topic == spec.name
    }
    assert grades == {DataGrade.IMPORTANT}
    for path, body in (
        (SINGLE, a_reading(data_grade="general")),
        (REPORT, a_report(id="r-2", data_grade="core")),
    ):
        answer = await ingest.post(path, body)
        assert (answer.status_code, answer.json()["errors"][0]["allowed"]) == (403, "important")
    ingest.put_source(sets_grade=True)
    ingest.publisher.sent.clear()
    assert (await ingest.post(SINGLE, a_reading(data_grade="core"))).status_code == 202
    record = READINGS.model.validate_json(ingest.publisher.sent[0].body)
    assert record.data_grade is DataGrade.CORE


async def test_a_reading_of_the_general_grade_is_as_short_as_before(ingest: IngestHarness) -> None:
    assert (await ingest.post(SINGLE, a_reading())).status_code == 202
    assert b"data_grade" not in ingest.publisher.sent[0].body


async def test_an_ended_key_and_an_ended_source_are_refused(ingest: IngestHarness) -> None:
    ingest.put_source(key_hashes=(a_key(TOKEN, NOW + timedelta(seconds=1)),))
    assert await knock(ingest, SINGLE) == 202
    ingest.app.state.platform.clock.moment = NOW + timedelta(seconds=1)
    assert await knock(ingest, SINGLE) == 401
    ingest.put_source()
    assert await knock(ingest, SINGLE) == 202
    ingest.put_source(ended=True)
    answer = await ingest.post(SINGLE, a_reading())
    assert answer.status_code == 401
    assert "has ended" in answer.json()["detail"]
    assert answer.headers["www-authenticate"] == "Bearer"
    assert await refusals_in_the_trail(ingest) == [(f"POST {SINGLE}", "not_valid", "")]
    ingest.put_source()
    ingest.app.state.intake.on_deleted("source:gauges")
    assert await knock(ingest, SINGLE) == 401
    assert ingest.metric("fenghuo_ingest_sources") == 0


async def test_both_keys_are_taken_while_a_source_changes_its_key(ingest: IngestHarness) -> None:
    keys = (a_key(TOKEN, NOW + timedelta(hours=1)), a_key("the-new-one"))
    ingest.put_source(key_hashes=keys)
    for token in (TOKEN, "the-new-one"):
        answer = await ingest.post(SINGLE, a_reading(), authorization=f"Bearer {token}")
        assert answer.status_code == 202
    ingest.put_source(key_hashes=keys[1:])
    assert await knock(ingest, SINGLE) == 401


async def test_a_source_that_sends_too_much_waits(ingest: IngestHarness) -> None:
    ingest.put_source(per_minute=3)
    batch = {"readings": [a_reading(id=f"z:{number}") for number in range(3)]}
    assert (await ingest.post(BATCH, batch)).status_code == 202
    answer = await ingest.post(SINGLE, a_reading())
    assert answer.status_code == 429
    assert answer.json()["errors"][0]["allowed"] == "3 records a minute"
    assert 1 <= int(answer.headers["retry-after"]) <= 20
    assert await refusals_in_the_trail(ingest) == [(f"POST {SINGLE}", "rate_exceeded", "")]
    ingest.put_source()
    assert await knock(ingest, SINGLE) == 202
