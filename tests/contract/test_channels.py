"""AsyncAPI is right: a channel per topic, one message of its contract, words, examples, real
directions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import ConsumerRecord
from faststream.specification.asyncapi.v3_0_0.schema import ApplicationSchema
from jsonschema import Draft7Validator
from pydantic import BaseModel

from deploy import acl
from shared.contracts.dead_letter import DeadLetter
from shared.contracts.topics import DEAD_LETTER, READINGS, SCORING_STATE, TOPICS
from shared.runtime.asyncapi import field_words, undescribed, words
from shared.runtime.dead_letters import letter_of
from shared.runtime.decoding import decode
from shared.runtime.errors import Reject
from tests.contract.update import EXAMPLES, as_text, golden_records
from tests.support.services import SERVICES, built_platform

FOLDER = Path(__file__).parent
DOCUMENTS: dict[str, dict[str, Any]] = {
    service: json.loads((FOLDER / "asyncapi" / f"{service}.json").read_text(encoding="utf-8"))
    for service in SERVICES
}
"""The snapshots, which equal what the services show (test_asyncapi.py)."""
HAN = re.compile(r"[\u4e00-\u9fff]")
NAME = re.compile(r"[A-Za-z0-9._-]+")
ALLOWED = {
    "channels": {"address", "title", "description", "servers", "messages", "bindings"},
    "operations": {"action", "channel", "messages", "summary", "bindings"},
    "messages": {"name", "title", "summary", "contentType", "payload", "bindings", "examples"},
}
"""Fields of AsyncAPI 3.0 objects that the documents use; another one is looked up in the
specification first.
"""


def channels(service: str) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Address, channel and message of every topic in a document."""
    document = DOCUMENTS[service]
    for name, channel in document["channels"].items():
        if "kafka" in channel.get("bindings", {}):
            (reference,) = [entry["$ref"] for entry in channel["messages"].values()]
            yield name, channel, resolved(document, reference)


def resolved(document: dict[str, Any], reference: str) -> Any:
    assert reference.startswith("#/")
    result: Any = document
    for step in reference.removeprefix("#/").split("/"):
        result = result[step]
    return result


def judge(service: str, message: dict[str, Any]) -> Any:
    """The validator of the payloads of a message."""
    return Draft7Validator({**message["payload"], "components": DOCUMENTS[service]["components"]})


def contract_name(topic: str) -> str:
    if topic.endswith(".dlq"):
        return "DeadLetter"
    contract = TOPICS[topic].contract
    return contract.__name__ if isinstance(contract, type) else "ReadingRecord"


@pytest.mark.parametrize("service", SERVICES)
def test_a_document_is_asyncapi(service: str) -> None:
    document = DOCUMENTS[service]
    ApplicationSchema.model_validate(document)
    for kind, objects in (
        ("channels", document["channels"]),
        ("operations", document["operations"]),
        ("messages", document["components"]["messages"]),
    ):
        for name, body in objects.items():
            assert NAME.fullmatch(name), name
            assert body.keys() <= ALLOWED[kind], name
    for name, schema in document["components"]["schemas"].items():
        assert NAME.fullmatch(name), name
        Draft7Validator.check_schema(schema)
        for part in parts(schema):
            assert "prefixItems" not in part, name
            assert isinstance(part.get("discriminator", ""), str), name
            assert "$ref" not in part or len(part) == 1, f"{name}: nothing counts beside $ref"
    for part in parts(document):
        if isinstance(part.get("$ref"), str):
            resolved(document, part["$ref"])


def parts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for part in value.values():
            yield from parts(part)
    elif isinstance(value, list):
        for part in value:
            yield from parts(part)


@pytest.mark.parametrize("service", SERVICES)
def test_each_channel_is_a_topic_with_one_message_named_after_its_contract(service: str) -> None:
    count = 0
    for topic, channel, message in channels(service):
        count += 1
        assert channel["address"] == channel["bindings"]["kafka"]["topic"] == topic
        name = contract_name(topic)
        assert list(channel["messages"]) == [name]
        assert message["name"] == name
        assert message["payload"] == {"$ref": f"#/components/schemas/{name}"}
    assert count


@pytest.mark.parametrize("service", SERVICES)
def test_each_channel_describes_its_key(service: str) -> None:
    for topic, channel, message in channels(service):
        spec = TOPICS[topic.removesuffix(".dlq")]
        key = message["bindings"]["kafka"]["key"]
        assert channel["bindings"]["kafka"]["partitions"] == spec.partitions
        assert HAN.search(key["description"]), topic
        if topic == spec.name:
            assert key["description"].startswith(f"`{spec.key}`")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_receives_and_sends_what_the_access_lists_say(service: str) -> None:
    """The lists are compared with what the services do (tests/laws/test_acl.py)."""
    document = DOCUMENTS[service]
    results: dict[str, set[str]] = {"send": set(), "receive": set()}
    for operation in document["operations"].values():
        channel = resolved(document, operation["channel"]["$ref"])
        if "kafka" in channel.get("bindings", {}):
            results[operation["action"]].add(channel["address"])
    by_group = {topic_spec.name for topic_spec in acl.BY_GROUP.get(service, ())}
    private = {SCORING_STATE.name}
    assert results["send"] == acl.written(service) - private
    assert results["receive"] == (by_group | acl.without_group(service)) - private
    groups = {
        resolved(document, entry["channel"]["$ref"])["address"]: entry["bindings"]["kafka"][
            "groupId"
        ]
        for entry in document["operations"].values()
        if "kafka" in entry.get("bindings", {})
    }
    assert groups.keys() == by_group
    assert all(entry["enum"] == [acl.group(service)] for entry in groups.values())


@pytest.mark.parametrize("service", SERVICES)
def test_the_examples_are_golden_records_that_fit_the_payload(service: str) -> None:
    golden = golden_records()
    for topic, _channel, message in channels(service):
        examples = {example["name"]: example["payload"] for example in message["examples"]}
        assert examples, topic
        fits = judge(service, message)
        for record in examples.values():
            assert [iter_error.message for iter_error in fits.iter_errors(record)] == [], topic
        if topic in golden:
            assert examples == golden[topic]
        else:
            for record in examples.values():
                letter = DEAD_LETTER.validate_json(json.dumps(record))
                assert letter.topic == topic.removesuffix(".dlq")


@pytest.mark.parametrize("service", SERVICES)
def test_a_payload_that_is_no_record_of_the_topic_does_not_fit(service: str) -> None:
    """Neither a record of another topic, nor a batch of records, nor one that lacks something."""
    golden = golden_records()
    for topic, _channel, message in channels(service):
        fits = judge(service, message)
        for golden_topic, records in golden.items():
            for record in records.values():
                letter = topic.endswith(".dlq") and golden_topic == "dead_letter"
                assert fits.is_valid(record) == (golden_topic == topic or letter), (
                    topic,
                    golden_topic,
                )
                assert not fits.is_valid([record])
        for example in message["examples"]:
            lacking = {k: v for k, v in example["payload"].items() if k != "id"}
            assert not fits.is_valid(lacking), topic


@pytest.mark.parametrize("service", SERVICES)
def test_each_topic_and_field_is_described_in_both_languages(service: str) -> None:
    missing = sorted(undescribed(DOCUMENTS[service]["components"]["schemas"]))
    assert missing == []
    for schema in DOCUMENTS[service]["components"]["schemas"].values():
        for field, described in schema.get("properties", {}).items():
            assert described["description"] == field_words(schema["title"], field)
    for topic, channel, _message in channels(service):
        assert HAN.search(channel["description"]), topic


def test_every_word_is_in_both_languages_and_in_use() -> None:
    for name, (english, chinese) in words().items():
        assert english, name
        assert not HAN.search(english), name
        assert HAN.search(chinese), name
    models = list(contracts(BaseModel))
    fields = {field for model in models for field in model.model_fields}
    exact = {f"{model.__name__}.{field}" for model in models for field in model.model_fields}
    assert words().keys() <= fields | exact | {*TOPICS, "dead_letter"}


def contracts(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for child in model.__subclasses__():
        if child.__module__.startswith("shared.contracts"):
            yield child
        yield from contracts(child)


def test_the_examples_are_the_golden_records() -> None:
    """`python -m tests.contract.update` after a change of a golden record."""
    assert EXAMPLES.read_text(encoding="utf-8") == as_text(golden_records())


def test_the_golden_dead_letter_equals_a_service_s_dead_letter() -> None:
    golden = golden_records()["dead_letter"]["not_json"]
    refused = ConsumerRecord(
        READINGS.name, 0, 7, 0, 0, b"gauge-zhutuo", b"not json", None, -1, -1, ()
    )
    with pytest.raises(Reject) as why:
        decode(READINGS, refused)
    letter = letter_of(refused, why.value, "scoring", datetime(2026, 11, 24, 12, tzinfo=UTC))
    assert isinstance(letter, DeadLetter)
    assert json.loads(letter.to_wire()) == golden


def test_every_public_topic_and_its_dead_letters_are_in_a_document() -> None:
    documented = {topic for service in SERVICES for topic, _, _ in channels(service)}
    public = [spec for spec in TOPICS.values() if spec.contract is not None]
    assert documented == {spec.name for spec in public} | {
        spec.dlq for spec in public if spec.dead_letters
    }


def test_nothing_private_is_documented(tmp_path: Path) -> None:
    platform = built_platform("scoring", tmp_path)
    assert SCORING_STATE.name not in {
        operation.address for operation in platform.traffic.operations()
    }


def test_a_contract_has_the_same_schema_in_every_document() -> None:
    results: dict[str, Any] = {}
    for service in SERVICES:
        for name, schema in DOCUMENTS[service]["components"]["schemas"].items():
            assert results.setdefault(name, schema) == schema, (service, name)
