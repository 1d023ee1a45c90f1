"""Every kind of problem: its status, its location, and that no record reached Kafka."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import structlog

from services.ingest.refusal_writer import SourceRefusalWriter
from services.ingest.web import source_loads
from shared.contracts.refusals import RefusedFor, SourceRefusal
from shared.contracts.topics import READINGS, SOURCE_REFUSALS
from shared.domain.refusal_log import INTERVAL
from shared.runtime.errors import Transient
from shared.runtime.outbound_records import OutboundRecord
from tests.component.ingest.harness import IngestHarness, a_reading, a_report
from tests.support.waiting import until

SINGLE, BATCH, REPORT = "/v1/readings", "/v1/readings/batch", "/v1/reports"


@pytest.fixture
def ingest() -> IngestHarness:
    return IngestHarness()


def raw(reading: dict[str, Any], old: str, new: str) -> bytes:
    text = json.dumps(reading)
    assert old in text
    return text.replace(old, new).encode()


REFUSALS: dict[str, tuple[str, Any, int, str, str]] = {
    "not JSON": (SINGLE, b"reading=1", 400, "not_json", "line 1"),
    "cut off": (SINGLE, b'{"id": "a', 400, "not_json", "line 1"),
    "empty": (SINGLE, b"", 400, "not_json", "line 1"),
    "two documents": (SINGLE, b"{}{}", 400, "not_json", "line 1"),
    "not UTF-8": (SINGLE, b'{"id": "\xff"}', 400, "not_json", "byte 8"),
    "UTF-16": (SINGLE, '{"id": "a"}'.encode("utf-16"), 400, "not_json", "byte 0"),
    "repeated key": (
        SINGLE, raw(a_reading(), '"unit"', '"value": 3, "unit"'), 400, "duplicate_key", "value",
    ),
    "repeated key inside": (
        BATCH, b'{"readings": [{"id": "a", "id": "b"}]}', 400, "duplicate_key", "id",
    ),
    "deep arrays": (SINGLE, b"[" * 40 + b"]" * 40, 400, "too_deep", "body"),
    "bottomless": (SINGLE, b"[" * 60_000, 400, "too_deep", "body"),
    "deep in a field": (
        SINGLE, raw(a_reading(), "212.31", '{"a":' * 33 + "1" + "}" * 33), 400, "too_deep", "body",
    ),
    "NaN": (SINGLE, raw(a_reading(), "212.31", "NaN"), 400, "not_json", "NaN"),
    "-Infinity": (SINGLE, raw(a_reading(), "212.31", "-Infinity"), 400, "not_json", "-Infinity"),
    "1e999": (SINGLE, raw(a_reading(), "212.31", "1e999"), 422, "not_finite", "value"),
    "400 digits": (SINGLE, raw(a_reading(), "212.31", "9" * 400), 422, "not_finite", "value"),
    "5000 digits": (SINGLE, raw(a_reading(), "212.31", "9" * 5000), 400, "not_json", "body"),
    "number as text": (SINGLE, a_reading(value="212.31"), 422, "schema", "value"),
    "number as bool": (SINGLE, a_reading(value=True), 422, "schema", "value"),
    "null value": (SINGLE, a_reading(value=None), 422, "schema", "value"),
    "an array": (SINGLE, [a_reading()], 422, "schema", "body"),
    "missing id": (SINGLE, a_reading(id=...), 422, "schema", "id"),
    "hostile id": (SINGLE, a_reading(id="a\u0000b"), 422, "schema", "id"),
    "lone surrogate": (
        REPORT, raw(a_report(headline="HERE"), "HERE", r"\ud800"), 400, "not_json", "body",
    ),
    "NUL in text": (REPORT, a_report(text="a\u0000b"), 422, "schema", "text"),
    "unknown field": (SINGLE, a_reading(colour="red"), 422, "schema", "colour"),
    "no zone": (
        SINGLE, a_reading(occurred_at="2026-07-01T07:59:40"), 422, "schema", "occurred_at",
    ),
    "unknown status": (SINGLE, a_reading(status="Draft"), 422, "schema", "status"),
    "unknown sensor": (
        SINGLE, a_reading(sensor_id="ghost"), 422, "unknown_sensor", "sensor_id",
    ),
    "wrong unit": (SINGLE, a_reading(unit="cm"), 422, "unit_mismatch", "unit"),
    "wrong datum": (SINGLE, a_reading(datum="黄海"), 422, "datum_mismatch", "datum"),
    "no datum": (SINGLE, a_reading(datum=...), 422, "datum_mismatch", "datum"),
    "wrong metric": (SINGLE, a_reading(metric="flow"), 422, "metric_mismatch", "metric"),
    "year 1": (
        SINGLE, a_reading(occurred_at="0001-01-01T00:00:00+14:00"), 422, "past_time", "occurred_at",
    ),
    "year 9999 west": (
        REPORT, a_report(occurred_at="9999-12-31T23:59:59-12:00"), 422, "future_time",
        "occurred_at",
    ),
    "future": (
        SINGLE, a_reading(occurred_at="2026-07-01T08:02:01Z"), 422, "future_time", "occurred_at",
    ),
    "year 9999": (
        SINGLE, a_reading(occurred_at="9999-12-31T23:59:59Z"), 422, "future_time", "occurred_at",
    ),
    "epoch": (
        SINGLE, a_reading(occurred_at="1970-01-01T00:00:00Z"), 422, "past_time", "occurred_at",
    ),
    "empty batch": (BATCH, {"readings": []}, 422, "schema", "readings"),
    "1001 readings": (
        BATCH,
        {"readings": [a_reading(id=f"z:{number}") for number in range(1001)]},
        422,
        "schema",
        "readings",
    ),
    "report in the future": (
        REPORT, a_report(occurred_at="2026-07-01T09:00:00Z"), 422, "future_time", "occurred_at",
    ),
    "report without a place": (REPORT, a_report(place="here"), 422, "schema", "place"),
    "report from beyond the pole": (
        REPORT, a_report(position={"lat": 91.0, "lon": 105.8}), 422, "schema", "position.lat",
    ),
    "report of half a position": (
        REPORT, a_report(position={"lat": 28.9}), 422, "schema", "position.lon",
    ),
    "report with a negative number of injured": (
        REPORT, a_report(facts={"injured": -1}), 422, "schema", "facts.injured",
    ),
    "report with a fact that is none": (
        REPORT, a_report(facts={"weather": "bad"}), 422, "schema", "facts.weather",
    ),
    "report with a fact of no zone": (
        REPORT, a_report(facts={"event_at": "2026-07-01T07:00:00"}), 422, "schema",
        "facts.event_at",
    ),
    "64 KiB and one": (SINGLE, b" " * 65_537, 413, "too_large", "body"),
    "1 MiB and one": (BATCH, b" " * 1_048_577, 413, "too_large", "body"),
    "10 MB": (SINGLE, b"x" * 10_000_000, 413, "too_large", "body"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
async def test_refusal(ingest: IngestHarness, name: str) -> None:
    path, body, status, kind, location = REFUSALS[name]
    answer = await ingest.post(path, body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["type"] == f"urn:fenghuo:problem:{kind}"
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    assert any(error["where"].startswith(location) for error in document["errors"])
    assert all(error["what"] for error in document["errors"])
    assert ingest.publisher.sent == []
    assert ingest.metric("fenghuo_ingest_refused_total", reason=kind) == 1


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer wrong", "Basic a-token-of-the-gauge-network", "Bearer " + "x" * 5000],
)
async def test_without_a_known_token_nothing_is_read(ingest: IngestHarness, header: str) -> None:
    answer = await ingest.post(SINGLE, b"not even JSON", authorization=header)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert ingest.publisher.calls == 0


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_only_json_is_read(ingest: IngestHarness, kind: str) -> None:
    answer = await ingest.post(SINGLE, a_reading(), **{"content-type": kind})
    assert answer.status_code == 415
    compressed = await ingest.post(SINGLE, a_reading(), **{"content-encoding": "gzip"})
    assert compressed.status_code == 415


async def test_an_endless_body_is_cut_off_at_the_limit(ingest: IngestHarness) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"x" * 16_384

    receive = endless()

    async def next_part() -> dict[str, Any]:
        return {"type": "http.request", "body": await anext(receive), "more_body": True}

    answers: list[Any] = []

    async def send(message: Any) -> None:
        answers.append(message)

    request = ingest.client.build_request("POST", SINGLE)
    scope = {
        "type": "http",
        "method": "POST",
        "path": SINGLE,
        "raw_path": SINGLE.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "http_version": "1.1",
        "headers": [*request.headers.raw, (b"content-type", b"application/json")],
        "client": None,
        "server": None,
        "asgi": {"version": "3.0"},
    }
    await ingest.app(scope, next_part, send)
    assert answers[0]["status"] == 413
    assert read == 5  # four parts fill 64 KiB, the fifth is one too many


async def test_kafka_not_confirming_is_503_and_the_same_may_be_sent_again(
    ingest: IngestHarness,
) -> None:
    ingest.publisher.down = True
    answer = await ingest.post(SINGLE, a_reading())
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["type"] == "urn:fenghuo:problem:unavailable"
    ingest.publisher.down = False
    repeated = await ingest.post(SINGLE, a_reading())
    assert repeated.status_code == 202


async def test_the_waits_that_are_asked_of_senders_differ(ingest: IngestHarness) -> None:
    ingest.publisher.down = True
    waits = {(await ingest.post(SINGLE, a_reading())).headers["retry-after"] for _ in range(40)}
    assert len(waits) > 1
    assert waits <= {"1", "2", "3", "4"}


@pytest.mark.parametrize(("requests", "total_bytes"), [(4, 10**9), (10**9, 1_000)])
async def test_what_waits_for_kafka_is_limited_for_each_source(
    ingest: IngestHarness, monkeypatch: pytest.MonkeyPatch, requests: int, total_bytes: int
) -> None:
    monkeypatch.setattr(source_loads, "MAX_REQUESTS", requests)
    monkeypatch.setattr(source_loads, "MAX_BYTES", total_bytes)
    size = len(json.dumps(a_reading(), ensure_ascii=False).encode())
    most = min(requests, total_bytes // size)
    gate, waiting = asyncio.Event(), 0
    send = ingest.publisher.send

    async def stalled(records: Iterable[OutboundRecord]) -> list[int]:
        nonlocal waiting
        waiting += 1
        await gate.wait()
        return await send(records)

    monkeypatch.setattr(ingest.publisher, "send", stalled)
    posts = [asyncio.create_task(ingest.post(SINGLE, a_reading())) for _ in range(20)]
    await until(lambda: waiting == most and sum(post.done() for post in posts) == 20 - most)
    gate.set()
    answers = await asyncio.gather(*posts)
    assert Counter(answer.status_code for answer in answers) == {202: most, 429: 20 - most}
    [refused, *_] = [answer for answer in answers if answer.status_code == 429]
    assert refused.json()["type"] == "urn:fenghuo:problem:too_many"
    assert int(refused.headers["retry-after"]) > 0
    assert (await ingest.post(SINGLE, a_reading())).status_code == 202, "the places are free again"


async def test_a_second_body_under_an_id_is_a_conflict_and_the_same_body_a_repeat(
    ingest: IngestHarness,
) -> None:
    for _ in range(2):  # the time of sending differs, the report does not
        assert (await ingest.post(REPORT, a_report())).status_code == 202
        ingest.app.state.platform.clock.moment += timedelta(seconds=1)
    answer = await ingest.post(REPORT, a_report(headline="另一件事"))
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:fenghuo:problem:id_conflict"
    assert [error["where"] for error in answer.json()["errors"]] == ["id"]
    assert len(ingest.publisher.sent) == 2
    assert ingest.metric("fenghuo_ingest_refused_total", reason="id_conflict") == 1
    assert (await ingest.post(REPORT, a_report(id="report-2", text="x"))).status_code == 202
    assert (await ingest.post(REPORT, a_report())).status_code == 202


async def test_conflicts_of_ids_are_entries_of_the_trail_with_their_number(
    ingest: IngestHarness,
) -> None:
    state = ingest.app.state
    writer = SourceRefusalWriter(state.platform, state.intake.admission.refusals, state.intake.now)
    assert (await ingest.post(REPORT, a_report())).status_code == 202
    for _ in range(3):
        assert (await ingest.post(REPORT, a_report(headline="另一件事"))).status_code == 409
        ingest.publisher.down = True
        with suppress(Transient):
            await writer.write()
        ingest.publisher.down = False
        await writer.write()
    state.platform.clock.moment += INTERVAL
    await writer.write()
    await writer.write()
    records = [
        SourceRefusal.model_validate_json(record.value or b"")
        for record in ingest.publisher.sent
        if record.topic == SOURCE_REFUSALS.name
    ]
    assert [(record.source, record.reason, record.count) for record in records] == [
        ("gauges", RefusedFor.ID_CONFLICT, 1),
        ("gauges", RefusedFor.ID_CONFLICT, 2),
    ]
    assert {(record.action, record.subject_id, record.origin_unit) for record in records} == {
        ("POST /v1/reports", "gauges:report-1", "500118000000")
    }


async def test_a_conflict_has_kafkas_time_on_a_machine_with_a_wrong_clock(
    ingest: IngestHarness,
) -> None:
    state = ingest.app.state
    writer = SourceRefusalWriter(state.platform, state.intake.admission.refusals, state.intake.now)
    state.platform.clock.moment += timedelta(minutes=59)
    for partition in range(READINGS.partitions):
        await state.intake.write_tick(partition)
    assert (await ingest.post(REPORT, a_report())).status_code == 202
    assert (await ingest.post(REPORT, a_report(headline="另一件事"))).status_code == 409
    await writer.write()
    record = SourceRefusal.model_validate_json(ingest.publisher.sent[-1].value or b"")
    assert abs(record.occurred_at - ingest.publisher.time) < timedelta(minutes=1)
    assert abs(record.sent_at - ingest.publisher.time) < timedelta(minutes=1)


async def test_a_body_that_kafka_has_not_confirmed_keeps_its_id(ingest: IngestHarness) -> None:
    ingest.publisher.down = True
    assert (await ingest.post(REPORT, a_report())).status_code == 503
    ingest.publisher.down = False
    assert (await ingest.post(REPORT, a_report(headline="另一件事"))).status_code == 409
    assert (await ingest.post(REPORT, a_report())).status_code == 202


async def test_other_methods_and_paths(ingest: IngestHarness) -> None:
    assert (await ingest.client.get(SINGLE)).status_code == 405
    assert (await ingest.post("/v1/nothing", a_reading())).status_code == 404


async def test_other_paths_and_methods_are_answered_by_problem_documents(
    ingest: IngestHarness,
) -> None:
    for method, path, status, kind in (
        ("GET", SINGLE, 405, "method"),
        ("POST", "/v1/nothing", 404, "no_such_door"),
        ("POST", "/v1/readings/", 404, "no_such_door"),
        ("GET", "/", 404, "no_such_door"),
    ):
        answer = await ingest.client.request(method, path, headers={"host": "elsewhere.example"})
        assert answer.status_code == status, (method, path)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == f"urn:fenghuo:problem:{kind}"
        assert "elsewhere" not in answer.text + str(answer.headers)
    assert (await ingest.client.get(SINGLE)).headers["allow"] == "POST"


async def test_an_internal_error_is_a_problem_with_the_number_of_the_log_entry(
    ingest: IngestHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> int:
        raise OverflowError("date value out of range: an inside of ours")

    monkeypatch.setattr(ingest.app.state.intake, "_store_readings", broken)
    ingest.client = httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=ingest.app, raise_app_exceptions=False),
        base_url="http://ingest",
        headers=ingest.client.headers,
    )
    with structlog.testing.capture_logs() as logged:
        answer = await ingest.post(SINGLE, a_reading())
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:fenghuo:problem:unexpected"
    assert "date value" not in answer.text
    [entry] = [entry for entry in logged if entry["event"] == "request_failed"]
    assert entry["number"] in answer.json()["detail"]
    assert isinstance(entry["exc_info"], OverflowError)
    assert ingest.metric("fenghuo_ingest_refused_total", reason="unexpected") == 1
