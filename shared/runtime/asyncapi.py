"""The AsyncAPI 3.0 document of a service, from the table of topics and from what the service reads
and writes.

A channel is a topic: its name is the address, its one message has the name of the contract. The
words of topics and fields in both languages lie in shared/contracts/words.json, the examples beside
them; those are the golden records of the tests.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from shared.contracts.ids import dead_letter_id
from shared.contracts.topics import DEAD_LETTER, TopicSpec

Json = dict[str, Any]
Action = Literal["receive", "send"]

DATA = Path(__file__).parents[1] / "contracts"
LETTER = "dead_letter"
"""The name of dead letters among words and examples."""
_SCHEMAS = "#/components/schemas/"
_SERVER = "development"
_PARTITIONER = (
    "UTF-8. The partition is murmur2 of the key, as Kafka's Java client chooses it · "
    "UTF-8 编码；分区由键的 murmur2 值决定，与 Kafka 的 Java 客户端一致"
)
_LETTER_KEY = (
    "The key of the refused record (its first 4096 bytes), or none; "
    "the partition is that of the record · "
    "被拒收记录的键（前 4096 字节），可无；分区与该记录相同"
)
_DESCRIPTION = (
    "Records on Kafka that this service reads and writes; values are JSON in UTF-8. "
    "On a compacted topic a record without a value deletes its key. · "
    "本服务在 Kafka 上读写的记录；值为 UTF-8 编码的 JSON。压缩主题中没有值的记录表示删除该键。"
)


@dataclass(frozen=True)
class Operation:
    """The use of a topic, or of its dead letters, by a service; `group` is the consumer group."""

    action: Action
    spec: TopicSpec
    letters: bool = False
    group: str | None = None

    @property
    def address(self) -> str:
        """The name of the topic on Kafka."""
        return self.spec.dlq if self.letters else self.spec.name


class Traffic:
    """The topics that a service declares to read and to write."""

    def __init__(self, service: str) -> None:
        self.service = service
        self._operations: dict[tuple[str, str], Operation] = {}

    def note(self, operation: Operation) -> None:
        """Add an operation; of two on the same topic the one with a consumer group stays."""
        place = (operation.address, operation.action)
        before = self._operations.get(place)
        if operation.spec.contract is not None and (before is None or before.group is None):
            self._operations[place] = operation

    def reads(self, spec: TopicSpec, group: str | None = None) -> None:
        """Note a topic that is read; refused records go to its dead letters."""
        self.note(Operation("receive", spec, group=group))
        if spec.dead_letters:
            self.note(Operation("send", spec, letters=True))

    def operations(self) -> list[Operation]:
        """Return the operations in the order of topics."""
        return [self._operations[place] for place in sorted(self._operations)]


@cache
def words() -> dict[str, tuple[str, str]]:
    """English and Chinese of a topic, of a field (`Model.field`), or of a field of any model
    (`field`)."""
    table = json.loads((DATA / "words.json").read_text(encoding="utf-8"))
    return {name: (en, zh) for name, (en, zh) in table.items()}


@cache
def _examples() -> dict[str, dict[str, Json]]:
    loaded: dict[str, dict[str, Json]] = json.loads(
        (DATA / "examples.json").read_text(encoding="utf-8")
    )
    return loaded


def field_words(model: str, field: str) -> str | None:
    """Return the description of a field in both languages, None where there is none."""
    return both_of(f"{model}.{field}") or both_of(field)


def both_of(name: str) -> str | None:
    """Return English and Chinese as one description."""
    pair = words().get(name)
    return None if pair is None else " · ".join(pair)


def examples(operation: Operation, service: str) -> list[Json]:
    """Real records of a channel, each with a name of its own; a letter is the service's where it
    sends them."""
    result = _examples()[LETTER if operation.letters else operation.spec.name]
    if operation.letters:
        sender = service if operation.action == "send" else None
        result = {name: _letter_on(operation.spec, row, sender) for name, row in result.items()}
    return [{"name": name, "payload": copy.deepcopy(row)} for name, row in result.items()]


def _letter_on(spec: TopicSpec, letter: Json, sender: str | None) -> Json:
    service = sender or letter["service"]
    letter_id = dead_letter_id(service, spec.name, letter["partition"], letter["offset"])
    return {**letter, "id": letter_id, "service": service, "topic": spec.name}


def schemas(operations: Iterable[Operation]) -> tuple[dict[str, str], dict[str, Json]]:
    """Return the contract's name by address, and every model's schema by name, with words."""
    adapters: dict[str, TypeAdapter[Any]] = {
        operation.address: DEAD_LETTER if operation.letters else operation.spec.model
        for operation in operations
    }
    tops, definitions = TypeAdapter.json_schemas(
        [(address, "validation", adapter) for address, adapter in adapters.items()],
        ref_template=_SCHEMAS + "{model}",
    )
    jsons: dict[str, Json] = dict(definitions.get("$defs", {}))
    names: dict[str, str] = {}
    for (address, _), top in tops.items():
        name = top["$ref"].removeprefix(_SCHEMAS) if "$ref" in top else top["title"]
        names[address] = name
        jsons.setdefault(name, top)
    for schema in jsons.values():
        for field, described in schema.get("properties", {}).items():
            text = field_words(str(schema["title"]), field)
            if text is not None:
                described["description"] = text
    return names, {name: _as_draft_7(jsons[name]) for name in sorted(jsons)}


def _as_draft_7(schema: Any) -> Any:
    """Return the schema as AsyncAPI takes it, a superset of draft 7 of JSON Schema.

    In draft 7 nothing counts beside `$ref`, a tuple is in `items`, and a discriminator is a name.
    """
    if isinstance(schema, list):
        return [_as_draft_7(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    draft_7 = {name: _as_draft_7(value) for name, value in schema.items()}
    if isinstance(discriminator := draft_7.get("discriminator"), dict):
        draft_7["discriminator"] = discriminator["propertyName"]
    if "prefixItems" in draft_7:
        draft_7["items"] = draft_7.pop("prefixItems")
    if "$ref" in draft_7 and len(draft_7) > 1:
        draft_7["allOf"] = [{"$ref": draft_7.pop("$ref")}]
    return draft_7


def document(traffic: Traffic) -> Json:
    """Return the document of a service."""
    operations = traffic.operations()
    names, models = schemas(operations)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"Fenghuo {traffic.service}",
            "version": "1.0.0",
            "description": _DESCRIPTION,
        },
        "defaultContentType": "application/json",
        "servers": {_SERVER: {"host": "kafka:9092", "pathname": "", "protocol": "kafka"}},
        "channels": {
            operation.address: _channel(operation, names[operation.address])
            for operation in operations
        },
        "operations": dict(
            _operation(operation, names[operation.address]) for operation in operations
        ),
        "components": {
            # Of a topic that is read and written the operation `send` is the last.
            "messages": {
                operation.address: _message(operation, names[operation.address], traffic.service)
                for operation in operations
            },
            "schemas": models,
        },
    }


def _channel(operation: Operation, name: str) -> Json:
    spec = operation.spec
    configuration: Json = {
        "cleanup.policy": ["delete" if operation.letters else spec.cleanup],
        "max.message.bytes": spec.dlq_max_bytes if operation.letters else spec.max_bytes,
    }
    if spec.retention_ms is not None and not operation.letters:
        configuration["retention.ms"] = spec.retention_ms
    return {
        "address": operation.address,
        "title": operation.address,
        "description": _purpose(operation),
        "servers": [{"$ref": f"#/servers/{_SERVER}"}],
        "messages": {name: {"$ref": f"#/components/messages/{operation.address}"}},
        "bindings": {
            "kafka": {
                "topic": operation.address,
                "partitions": spec.partitions,
                "topicConfiguration": configuration,
                "bindingVersion": "0.4.0",
            }
        },
    }


def _purpose(operation: Operation) -> str | None:
    if not operation.letters:
        return both_of(operation.spec.name)
    en, zh = words()[LETTER]
    return f"{en} `{operation.spec.name}` · {zh} `{operation.spec.name}`"


def _message(operation: Operation, name: str, service: str) -> Json:
    key: Json = {"type": "string", "description": f"`{operation.spec.key}`. {_PARTITIONER}"}
    if operation.letters:
        key = {"type": ["string", "null"], "description": _LETTER_KEY}
    return {
        "name": name,
        "title": name,
        "summary": _purpose(operation),
        "contentType": "application/json",
        "payload": {"$ref": _SCHEMAS + name},
        "bindings": {"kafka": {"key": key, "bindingVersion": "0.4.0"}},
        "examples": examples(operation, service),
    }


def _operation(operation: Operation, name: str) -> tuple[str, Json]:
    body: Json = {
        "action": operation.action,
        "channel": {"$ref": f"#/channels/{operation.address}"},
        "messages": [{"$ref": f"#/channels/{operation.address}/messages/{name}"}],
    }
    if operation.group is not None:
        group = {"type": "string", "enum": [operation.group]}
        body["bindings"] = {"kafka": {"groupId": group, "bindingVersion": "0.4.0"}}
    return f"{operation.action}.{operation.address}", body


def undescribed(models: dict[str, Json]) -> Iterator[str]:
    """Fields without words, as `Model.field`."""
    for schema in models.values():
        for field, described in schema.get("properties", {}).items():
            if "description" not in described:
                yield f"{schema['title']}.{field}"
