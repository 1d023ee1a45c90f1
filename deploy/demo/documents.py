"""Validation of each record on each topic against the AsyncAPI documents of the services."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
from aiokafka import TopicPartition
from jsonschema import Draft7Validator

from deploy.demo import topic_reader as topic_log
from deploy.local.seeded_stack import SeededStack
from deploy.local.services import SERVICES
from shared.contracts.topics import DEAD_LETTER, TOPICS, TopicSpec

MOST_BY_SCHEMA = 50_000
"""Of a topic the first so many records are judged by the schema in the document, then one in
`_STRIDE`.

A validator takes a fifth of a millisecond for a reading. Every record is judged by the contract.
"""
_STRIDE = 20
_EXAMPLES = 5
Json = dict[str, Any]
Place = tuple[str, int, int]
"""Topic, partition and offset."""


@dataclass
class DocumentValidator:
    """Holds the documents and judges records; `documents` by service."""

    documents: dict[str, Json]
    unread: list[str] = field(default_factory=list)
    """Services that have not shown their document, and why."""
    records: Counter[str] = field(default_factory=Counter)
    by_schema: Counter[str] = field(default_factory=Counter)
    _faults: dict[Place, str] = field(default_factory=dict)
    _refused: set[Place] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._schemas = {
            address: validator
            for document in self.documents.values()
            for address, validator in _validators(document)
        }

    def add(self, record: Any) -> None:
        """Judge a record; one without a value deletes its key and says nothing else."""
        if not record.value:
            return
        self.records[record.topic] += 1
        why = self._why_not(record.topic, record.value)
        if why is not None:
            self._faults[(record.topic, record.partition, record.offset)] = why
        elif record.topic.endswith(".dlq"):
            letter = DEAD_LETTER.validate_json(record.value)
            self._refused.add((letter.topic, letter.partition, letter.offset))

    def _why_not(self, topic: str, value: bytes) -> str | None:
        schema = self._schemas.get(topic)
        if schema is None:
            return "no document has a channel for it"
        model = DEAD_LETTER if topic.endswith(".dlq") else TOPICS[topic].model
        try:
            model.validate_json(value)
            body = json.loads(value)
        except ValueError as error:
            return f"contract: {error}"
        if self.records[topic] > MOST_BY_SCHEMA and self.records[topic] % _STRIDE:
            return None
        self.by_schema[topic] += 1
        fault = next(schema.iter_errors(body), None)
        return None if fault is None else f"schema: {fault.json_path}: {fault.message}"

    def figures(self) -> Json:
        """Return the counts of accepted records and of invalid records."""
        refused = self._faults.keys() & self._refused
        return {
            "asyncapi_records": self.records.total() - len(refused),
            "asyncapi_by_schema": self.by_schema.total(),
            "asyncapi_invalid": len(self._faults) - len(refused),
        }

    def examples(self) -> list[str]:
        """Some of the faults, with their place."""
        wrong = sorted(self._faults.keys() - self._refused)
        places = [f"{place}: {self._faults[place][:200]}" for place in wrong[:_EXAMPLES]]
        return [*self.unread, *places]


def _validators(document: Json) -> Iterator[tuple[str, Any]]:
    for channel in document["channels"].values():
        if "kafka" in channel.get("bindings", {}):
            (reference,) = [message["$ref"] for message in channel["messages"].values()]
            message = document["components"]["messages"][reference.rpartition("/")[2]]
            schema = {**message["payload"], "components": document["components"]}
            yield channel["address"], Draft7Validator(schema)


async def validate_records(stack: SeededStack) -> DocumentValidator:
    """All that Kafka holds, judged. Raises KafkaError."""
    validator = DocumentValidator(*await _documents(stack))
    async for record in topic_log.records(stack.kafka_bootstrap, _partitions(TOPICS.values())):
        validator.add(record)
    return validator


async def _documents(stack: SeededStack) -> tuple[dict[str, Json], list[str]]:
    documents, unread = {}, []
    async with httpx2.AsyncClient(timeout=60, trust_env=False) as client:
        for service in SERVICES:
            try:
                answer = await client.get(f"{stack.url(service)}/docs/asyncapi.json")
                documents[service] = answer.raise_for_status().json()
            except httpx2.HTTPError as error:
                unread.append(f"{service} does not show its document: {error!r}")
    return documents, unread


def _partitions(specs: Iterable[TopicSpec]) -> Iterator[TopicPartition]:
    """Of every topic with a public contract, and of its dead letters."""
    for spec in specs:
        if spec.contract is not None:
            for number in range(spec.partitions):
                yield TopicPartition(spec.name, number)
                if spec.dead_letters:
                    yield TopicPartition(spec.dlq, number)
