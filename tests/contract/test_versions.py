"""Readers of one version read the records of another: golden records with more and fewer fields.

A field may be added to any object of a record, and a field with a default may be absent.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from services.audit.rounds.windows import _audited
from services.audit.store.kafka_log import LogRecord
from services.command.fastpath import plain_steps
from services.scoring.core.partition_engine import ReadingOutcome
from services.scoring.fastpath.loop import process_run
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Contract
from shared.contracts.record_keys import RECORD_KEYS
from shared.contracts.topics import ACKNOWLEDGEMENTS, DEAD_LETTER, READINGS, TOPICS
from shared.runtime.decoding import MAX_LETTER_BYTES, decode_value
from shared.runtime.errors import Reject
from shared.runtime.inbound_messages import body_digest
from shared.runtime.inbox_decoder import BatchDecoder
from shared.runtime.loop_priority import LoopPriority
from tests.contract.test_schemas import GOLDEN, golden
from tests.support.scoring import (
    SENT,
    T0,
    Feed,
    a_reading,
    a_rule,
    a_threshold_rule,
    as_record,
    as_span,
)

FUTURE_FIELD = {"added_by_a_later_version": {"depth": [1, None, "文"]}}
TAGS = ("type", "kind", "op")
"""Constant texts that tell the members of a union apart: they are on the wire in every version."""
PATHS = [*golden(), *sorted((GOLDEN / "letters").glob("*.json"))]
Path_ = tuple[str | int, ...]


def adapter_of(path: Path) -> Any:
    return DEAD_LETTER if path.parent.name == "letters" else TOPICS[path.stem.split("@")[0]].model


def read(path: Path, value: Any) -> Any:
    return decode_value(adapter_of(path), json.dumps(value).encode(), MAX_LETTER_BYTES)


def objects(value: Any, path: Path_ = ()) -> Iterator[tuple[Path_, BaseModel]]:
    """Yield every object of a message that has a contract, with its place."""
    if isinstance(value, BaseModel):
        yield path, value
        for name in type(value).model_fields:
            yield from objects(getattr(value, name), (*path, name))
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from objects(item, (*path, name))
    elif isinstance(value, tuple | list):
        for number, item in enumerate(value):
            yield from objects(item, (*path, number))


def part(value: Any, path: Path_) -> Any:
    for step in path:
        value = value[step]
    return value


def of_a_later_version(path: Path) -> Any:
    """Return a golden record with an unknown field in every object."""
    value = json.loads(path.read_bytes())
    for place, _ in objects(read(path, value)):
        part(value, place).update(FUTURE_FIELD)
    return value


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_record_of_a_later_version_is_read_as_if_it_had_no_more_fields(path: Path) -> None:
    value = of_a_later_version(path)
    assert read(path, value) == read(path, json.loads(path.read_bytes()))
    # Doors stay strict: the same model refuses what a sender invents.
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        adapter_of(path).validate_json(json.dumps(value))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_record_of_an_earlier_version_lacks_what_has_a_default(path: Path) -> None:
    for place, message in objects(read(path, json.loads(path.read_bytes()))):
        for name, field in type(message).model_fields.items():
            if field.is_required() or name in TAGS:
                continue
            value = json.loads(path.read_bytes())
            part(value, place).pop(name, None)
            default = field.get_default(call_default_factory=True)
            try:
                read_message: Any = read(path, value)
            except Reject as reject:
                if "Value error" not in reject.detail:
                    raise
                continue  # another field calls for this one: no writer leaves it out
            for step in place:
                read_message = (
                    getattr(read_message, str(step))
                    if hasattr(read_message, str(step))
                    else read_message[step]
                )
            assert getattr(read_message, name) == default, (place, name)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_what_a_service_has_stored_is_read_by_an_earlier_version(path: Path) -> None:
    message = read(path, json.loads(path.read_bytes()))
    assert isinstance(message, Contract)
    assert type(message).from_wire(json.dumps(of_a_later_version(path))) == message


@pytest.mark.parametrize("path", golden(), ids=lambda path: path.stem)
async def test_inbox_and_auditor_read_a_later_version_and_agree_on_its_digest(path: Path) -> None:
    topic, raw = path.stem.split("@")[0], json.dumps(of_a_later_version(path)).encode()
    record = as_record(0, a_reading(1, 0), T0)
    record.topic, record.value = topic, raw
    if topic in RECORD_KEYS:
        record.key = RECORD_KEYS[topic](
            TOPICS[topic].model.validate_json(path.read_bytes())
        ).encode()
    fast = {ACKNOWLEDGEMENTS.name: plain_steps.read}
    for decoders in ({}, fast):
        batch = await BatchDecoder(LoopPriority(), None, decoders).decode_batch([record])
        assert batch.refused == []
        (decoded,) = batch.decoded
        assert decoded.message == read(path, json.loads(path.read_bytes()))
        assert decoded.digest == body_digest(raw)
    (audited,) = await _audited(topic, [LogRecord(0, 0, raw)])
    assert audited.event_id == getattr(decoded.message, "id", None)
    assert audited.body_hash in (decoded.digest, b"")


@pytest.mark.parametrize("inside_the_batch", [False, True])
def test_scoring_judges_a_reading_of_a_later_version_as_any_other(inside_the_batch: bool) -> None:
    """The scanner of bytes leaves the record to the contract, which ignores the field."""
    plain = Feed(a_rule(a_threshold_rule(("red", 216, 215))))
    later = Feed(a_rule(a_threshold_rule(("red", 216, 215))))
    refused: list[Any] = []
    for number, value in enumerate([205.0, 217.0, 218.0, 205.0]):
        reading = a_reading(value, 60.0 * number, event_id=f"r{number}")
        raw = json.dumps({**json.loads(reading.to_wire()), **FUTURE_FIELD}).encode()
        for feed, body in ((plain, reading.to_wire()), (later, raw)):
            record = as_record(number + 1, reading, T0 + 1e8)
            record.value = body
            run = as_span([record]) if inside_the_batch else [record]
            outcomes = process_run(feed.engine, run, SENT, refused)
            assert outcomes == {ReadingOutcome.SCORED: 1}
    assert refused == []
    assert plain.engine.messages == later.engine.messages != []


@pytest.mark.parametrize("path", golden(), ids=lambda path: path.stem)
def test_a_digest_depends_on_the_bytes_and_on_no_contract(path: Path) -> None:
    value = json.loads(path.read_bytes())
    digest = body_digest(json.dumps(value).encode())
    resent = {**copy.deepcopy(value), "sent_at": "2030-01-01T00:00:00Z", "trace_id": "other"}
    assert body_digest(json.dumps(resent).encode()) == digest
    for name in value.keys() - {"sent_at", "trace_id"}:
        changed = {**value, name: ["another value"]}
        assert body_digest(json.dumps(changed).encode()) != digest, name
        del changed[name]
        assert body_digest(json.dumps(changed).encode()) != digest, name


def test_a_digest_tells_where_a_name_ends() -> None:
    values = (b'{"a":"b","c":1}', b'{"a":"bc","":1}', b'{"ab":"","c":1}', b'{"a":"b"}', b"{}")
    assert len({body_digest(value) for value in values}) == len(values)


@pytest.mark.parametrize("oddity", ["NaN", "Infinity", "-Infinity"])
async def test_an_ignored_field_that_is_no_json_is_refused_like_any_other(oddity: str) -> None:
    reading = a_reading(1, 0)
    record = as_record(0, reading, T0)
    record.value = reading.to_wire()[:-1] + b',"later":' + oddity.encode() + b"}"
    batch = await BatchDecoder(LoopPriority(), None, {}).decode_batch([record])
    assert [reject.reason for _, reject in batch.refused] == [Reason.NOT_JSON]
    with pytest.raises(Reject):
        body_digest(record.value)
    (audited,) = await _audited(TOPICS["alarm.events.v1"].name, [LogRecord(0, 0, record.value)])
    assert audited.event_id is None
    assert READINGS.name == record.topic
