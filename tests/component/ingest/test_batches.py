"""The door of batches answers per reading: 202 for all, 207 for a part, 422 for none."""

from __future__ import annotations

import pytest

from shared.contracts.topics import READINGS
from tests.component.ingest.harness import IngestHarness, a_reading

BATCH = "/v1/readings/batch"


@pytest.fixture
def ingest() -> IngestHarness:
    return IngestHarness()


def sent_ids(ingest: IngestHarness) -> list[str]:
    return [READINGS.model.validate_json(record.body).id for record in ingest.publisher.sent]


async def test_the_good_readings_are_taken_and_each_reading_has_its_outcome(
    ingest: IngestHarness,
) -> None:
    answer = await ingest.post(
        BATCH,
        {
            "readings": [
                a_reading(id="z:0"),
                a_reading(id="z:1", unit="cm", datum="黄海"),
                a_reading(id="z:2"),
                a_reading(id="z:3", value="212"),
            ]
        },
    )
    assert (answer.status_code, answer.headers["content-type"]) == (207, "application/json")
    document = answer.json()
    items = document.pop("items")
    assert document == {"accepted": 2, "refused": 2, "id_prefix": "gauges:"}
    assert [(item["index"], item["id"], item["accepted"]) for item in items] == [
        *((0, "z:0", True), (1, "z:1", False), (2, "z:2", True), (3, "z:3", False))
    ]
    assert "errors" not in items[0]
    assert items[1]["errors"] == [
        {
            "code": "unit_mismatch",
            "where": "readings[1].unit",
            "what": "cm is not the unit of zhutuo-3",
            "allowed": "m",
        },
        {
            "code": "datum_mismatch",
            "where": "readings[1].datum",
            "what": "黄海 is not the datum of zhutuo-3",
            "allowed": "吴淞",
        },
    ]
    assert [error["code"] for error in items[3]["errors"]] == ["schema"]
    assert sent_ids(ingest) == ["gauges:z:0", "gauges:z:2"]
    assert ingest.metric("fenghuo_ingest_accepted_total", kind="reading", status="Actual") == 2
    for reason in ("unit_mismatch", "schema"):
        name = "fenghuo_ingest_refused_readings_total"
        assert ingest.metric(name, reason=reason) == 1
        assert ingest.metric("fenghuo_ingest_refused_total", reason=reason) == 0


async def test_a_batch_without_a_good_reading_is_refused_as_a_whole(ingest: IngestHarness) -> None:
    readings = [
        a_reading(id="z:0", unit="cm", datum="黄海"),
        a_reading(id="z:1", sensor_id="ghost"),
    ]
    answer = await ingest.post(BATCH, {"readings": readings})
    assert answer.status_code == 422
    errors = {error["where"]: error for error in answer.json()["errors"]}
    assert set(errors) == {"readings[0].unit", "readings[0].datum", "readings[1].sensor_id"}
    assert errors["readings[0].datum"]["allowed"] == "吴淞"
    assert ingest.publisher.sent == []
    assert ingest.metric("fenghuo_ingest_refused_total", reason="unit_mismatch") == 1
    assert ingest.metric("fenghuo_ingest_refused_readings_total", reason="unit_mismatch") == 0


async def test_a_mended_batch_may_be_sent_again_as_it_is(ingest: IngestHarness) -> None:
    first = [a_reading(id="z:0"), a_reading(id="z:1", unit="cm")]
    assert (await ingest.post(BATCH, {"readings": first})).status_code == 207
    mended = await ingest.post(BATCH, {"readings": [first[0], a_reading(id="z:1")]})
    assert (mended.status_code, mended.json()) == (202, {"accepted": 2, "id_prefix": "gauges:"})
    assert sent_ids(ingest) == ["gauges:z:0", "gauges:z:0", "gauges:z:1"]


async def test_while_kafka_is_away_nothing_is_answered_per_reading(ingest: IngestHarness) -> None:
    body = {"readings": [a_reading(id="z:0"), a_reading(id="z:1", unit="cm")]}
    ingest.publisher.down = True
    assert (await ingest.post(BATCH, body)).status_code == 503
    assert ingest.metric("fenghuo_ingest_refused_readings_total", reason="unit_mismatch") == 0
    ingest.publisher.down = False
    assert (await ingest.post(BATCH, body)).status_code == 207


async def test_a_thousand_readings_share_a_thousand_errors(ingest: IngestHarness) -> None:
    bad = dict.fromkeys("abcdefgh", "x")
    readings = [a_reading(id=f"z:{number}", **bad) for number in range(999)]
    answer = await ingest.post(BATCH, {"readings": [*readings, a_reading(id="good")]})
    assert answer.status_code == 207
    items = answer.json()["items"]
    assert [len(item.get("errors", [])) for item in items] == [1] * 999 + [0]
    alone = await ingest.post(BATCH, {"readings": [readings[0], a_reading(id="good")]})
    assert len(alone.json()["items"][0]["errors"]) == len(bad)
