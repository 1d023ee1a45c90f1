"""On a compacted topic a record's key is that of its message, or the record is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiokafka import TopicPartition

from shared.contracts.catalog import kind_and_id
from shared.contracts.dead_letter import Reason
from shared.contracts.record_keys import RECORD_KEYS
from shared.contracts.topics import CATALOG, TOPICS
from shared.runtime.decoding import decode
from shared.runtime.errors import Reject
from shared.runtime.fetching.partition_records import Record
from shared.runtime.tables import CompactedTable
from tests.contract.update import golden_records

COMPACTED = [
    spec for spec in TOPICS.values() if spec.cleanup == "compact" and spec.contract is not None
]
RECORDS = [
    (spec, json.dumps(value).encode())
    for spec in COMPACTED
    for value in golden_records()[spec.name].values()
]
WRONG_KEYS = (None, b"", b"sensor:another", b"\xff", b"k" * 9_000)


def test_every_compacted_topic_has_keys() -> None:
    assert {spec.name for spec in COMPACTED} == set(RECORD_KEYS)
    assert {spec.name for spec in COMPACTED} <= {spec.name for spec, _ in RECORDS}


@pytest.mark.parametrize(("spec", "value"), RECORDS)
def test_another_key_is_refused(spec: Any, value: bytes) -> None:
    key = RECORD_KEYS[spec.name](spec.model.validate_json(value)).encode()
    assert decode(spec, Record(spec.name, 0, 0, 0, key, value, ())) is not None
    for wrong in (*WRONG_KEYS, key + b" ", key.upper() + b"X"):
        with pytest.raises(Reject) as refusal:
            decode(spec, Record(spec.name, 0, 0, 0, wrong, value, ()))
        assert refusal.value.reason is Reason.KEY_MISMATCH
        assert len(refusal.value.detail) < 1_000


def test_the_key_of_an_entry_names_kind_and_id() -> None:
    kinds = set()
    for value in golden_records()[CATALOG.name].values():
        message = CATALOG.model.validate_json(json.dumps(value))
        kind, entry_id = kind_and_id(RECORD_KEYS[CATALOG.name](message))
        assert kind == message.entry.kind
        assert entry_id in message.entry.model_dump().values()
        kinds.add(kind)
    assert kinds == {"unit", "group", "sensor", "source", "topic", "data"}


async def test_a_table_takes_no_entry_of_another_key() -> None:
    """A sensor under another sensor's key would replace that sensor after compaction."""
    applied: list[Any] = []
    refused: list[Any] = []

    async def note(rejects: Any) -> None:
        refused.extend(rejects)

    table = CompactedTable("", CATALOG, applied.append, lambda _key: None, note)
    value = json.dumps(golden_records()[CATALOG.name]["sensor"]).encode()
    records = [Record(CATALOG.name, 0, 0, 0, b"sensor:another", value, ())]
    await table._apply_fetched({TopicPartition(CATALOG.name, 0): records})
    assert applied == []
    assert [reject.reason for _, reject in refused] == [Reason.KEY_MISMATCH]
