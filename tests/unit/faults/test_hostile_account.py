"""The account of hostile input finds what is planted; the classes are as many as promised."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from tests.faults.hostile import files, forged_letters, framing, records, requests
from tests.faults.hostile.conservation import RecordTraces, unaccounted_records
from tests.faults.hostile.console_requests import with_real_ids
from tests.faults.hostile.http_client import parsed
from tests.faults.hostile.kafka_writer import WrittenRecord
from tests.faults.hostile.requests import HostileRequest

TOPIC = "incident.reports.v1"
RECORD = WrittenRecord("record:noise", (TOPIC, 1, 5), "hst-1", must_be_refused=False)


def traces(*, position: int = 6, applied: bool = True, refused: bool = False) -> RecordTraces:
    return RecordTraces(
        letters={(TOPIC, 1, 5): {"command"}} if refused else {},
        inboxes={("command", TOPIC, "hst-1")} if applied else set(),
        positions={("command", TOPIC, 1): position},
    )


@pytest.mark.parametrize(
    ("record", "evidence", "details"),
    [
        (RECORD, traces(), []),
        (RECORD, traces(applied=False, refused=True), []),
        (RECORD, traces(applied=False), ["command left no trace"]),
        (RECORD, traces(position=5), ["command has not read it"]),
        (replace(RECORD, must_be_refused=True), traces(), ["nobody refused it"]),
        (replace(RECORD, visible=False), traces(applied=False), []),
        (replace(RECORD, traced=False), traces(applied=False), []),
        (replace(RECORD, traced=False), traces(position=5), ["command has not read it"]),
        (
            replace(RECORD, visible=False),
            traces(applied=False, refused=True),
            ["['command'] refused a record of an aborted transaction"],
        ),
    ],
)
def test_each_record_is_accounted_for(
    record: WrittenRecord, evidence: RecordTraces, details: list[str]
) -> None:
    assert [item.detail for item in unaccounted_records([record], evidence)] == details


def test_there_are_more_than_a_hundred_classes_and_each_is_sent() -> None:
    names = [*records.classes(), *framing.classes(), *requests.classes("ingest")]
    assert len({name.partition(":")[2] for name in names}) >= 100
    topics = len(records.golden_records())
    sent = records.records(Random(1), topics * len(records.classes()))
    assert {record.input_class for record in sent} == set(records.classes())
    assert {name for name, _ in framing.frames(Random(1), 300)} == set(framing.classes())
    letters = {record.input_class for record in forged_letters.forged_letters(Random(1))}
    assert letters == set(forged_letters.classes())
    assert {request.input_class for request in files.file_requests()} == set(files.classes())


def test_an_entry_of_a_table_is_deleted_under_its_own_key() -> None:
    keys = [
        records.key_of_table("catalog.resources.v1", value)
        for value in records.golden_records()["catalog.resources.v1"]
    ]
    assert {key.partition(b":")[0] for key in keys if key} == {
        b"unit",
        b"group",
        b"sensor",
        b"source",
        b"topic",
        b"data",
    }
    assert {b"unit:500118118201/grid/001", b"source:gas-network"} <= set(keys)


def test_a_request_about_something_that_exists_names_it_in_address_and_body() -> None:
    request = HostileRequest("", "POST", "/api/pages/pag-1/answers", b'{"page_id": "pag-1"}')
    named = [with_real_ids(request, {"pag-1": ["a/b"]}, Random(seed)) for seed in range(9)]
    assert {item.path for item in named} == {request.path, "/api/pages/a%2Fb/answers"}
    assert {item.body for item in named} == {request.body, b'{"page_id": "a/b"}'}


def test_the_same_seed_sends_the_same() -> None:
    first, second = (list(records.records(Random(7), 300)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\n\r\n{}", 202),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 Bad\r\n\r\n", 400),
        (b"", 0),
        (b"\x15\x03\x01", 0),
    ],
)
def test_the_first_final_answer_of_a_connection_counts(data: bytes, status: int) -> None:
    assert parsed(data).status == status
