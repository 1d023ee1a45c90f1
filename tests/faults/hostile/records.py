"""Classes of hostile Kafka records: mutations of the golden records, and forms of the record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from shared.contracts.topics import CATALOG, READINGS, TOPICS
from tests.faults.hostile import batches
from tests.faults.hostile.batches import BATCHES
from tests.faults.hostile.mutations import BYTES, FIELDS, is_object, mutated

GOLDEN = Path(__file__).resolve().parents[2] / "contract" / "golden"
Json = dict[str, Any]


@dataclass(frozen=True)
class HostileRecord:
    """One record. `codec` None means uncompressed; `transaction`: "committed" or "aborted"."""

    input_class: str
    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int | None = None
    codec: str | None = None
    transaction: str | None = None
    batch: bytes | None = None
    """The whole batch, sent byte for byte."""
    traced: bool = True
    """False if nothing but its passing can be expected of a reader."""
    visible: bool = True
    """False for a record that no reader gets: of an aborted transaction, or a mark."""

    @property
    def must_be_refused(self) -> bool:
        """True if no reader can see a JSON object in the value."""
        return self.traced and self.value is not None and not is_object(self.value)


def golden_records() -> dict[str, list[Json]]:
    """Return the golden records of each topic that has a contract."""
    results: dict[str, list[Json]] = {}
    for path in sorted(GOLDEN.glob("*.json")):
        topic = path.name.partition("@")[0]
        if topic in TOPICS:
            results.setdefault(topic, []).append(json.loads(path.read_text(encoding="utf-8")))
    return results


def _text_key(chance: Random, topic: str, value: Json) -> bytes:
    name = TOPICS[topic].key
    return str(value.get(name, f"hostile-{chance.randrange(1_000)}")).encode()


FORMS: dict[str, Callable[[Random, HostileRecord], HostileRecord]] = {
    "no_key": lambda _, record: replace(record, key=None),
    "empty_key": lambda _, record: replace(record, key=b""),
    "noise_key": lambda chance, record: replace(record, key=chance.randbytes(20)),
    "long_key": lambda _, record: replace(record, key=b"k" * 600_000),
    "key_of_another": lambda chance, record: replace(record, key=b"%d" % chance.randrange(10**6)),
    "no_value": lambda _, record: replace(record, value=None),
    "empty_value": lambda _, record: replace(record, value=b""),
    "value_near_limit": lambda _, record: replace(record, value=b'"' + b"a" * 1_000_000 + b'"'),
    "value_over_limit": lambda _, record: replace(record, value=b"{" + b" " * 1_500_000 + b"}"),
    "many_headers": lambda _, record: replace(
        record, headers=tuple((f"h{number}", b"x") for number in range(1_000))
    ),
    "long_header": lambda _, record: replace(record, headers=(("h" * 5_000, b"x" * 50_000),)),
    "noise_header": lambda chance, record: replace(
        record, headers=(("traceparent", chance.randbytes(30)), ("\x00\u202e", b"\xff\xfe"))
    ),
    "gzip": lambda _, record: replace(record, codec="gzip"),
    "snappy": lambda _, record: replace(record, codec="snappy"),
    "lz4": lambda _, record: replace(record, codec="lz4"),
    "zstd": lambda _, record: replace(record, codec="zstd"),
    "compressed_bomb": lambda _, record: replace(
        record, codec="gzip", value=b"[" + b" " * 8_000_000 + b"]"
    ),
    "committed_transaction": lambda _, record: replace(record, transaction="committed"),
    "aborted_transaction": lambda _, record: replace(record, transaction="aborted", visible=False),
    "foreign_partition": lambda chance, record: replace(
        record, partition=chance.randrange(TOPICS[record.topic].partitions)
    ),
}
"""Forms of a record around its value."""


_LARGE = {"long_key", "value_near_limit", "value_over_limit", "compressed_bomb", "long_header"}
_ONCE = _LARGE | batches.LARGE
"""Classes whose records have a megabyte: once per topic, for what they cost others."""


def classes() -> list[str]:
    """Return the names of all classes of records."""
    names = (*BYTES, *FIELDS, *FORMS, *BATCHES, "foreign_topic", "replay", "deleted_entry")
    return [f"record:{name}" for name in names]


def records(chance: Random, count: int) -> Iterator[HostileRecord]:
    """Yield `count` records, every class over every topic in turn."""
    golden = golden_records()
    topics = sorted(golden)
    names = [name.partition(":")[2] for name in classes()]
    pairs = [(name, topic) for name in names for topic in topics]
    sent = 0
    while sent < count:
        chance.shuffle(pairs)
        for name, topic in pairs[: count - sent]:
            yield _record(name, topic, golden, chance)
            sent += 1
        pairs = [pair for pair in pairs if pair[0] not in _ONCE]


def flood(count: int) -> Iterator[HostileRecord]:
    """Yield garbage for all partitions of the readings, as a broken gateway sends it."""
    for number in range(count):
        partition, value = number % READINGS.partitions, b"flood %d" % number
        yield HostileRecord("record:flood", READINGS.name, None, value, partition=partition)


def last_records() -> Iterator[HostileRecord]:
    """Yield a golden record for each partition: readers pass the end marks before it."""
    for topic, values in golden_records().items():
        for partition in range(TOPICS[topic].partitions):
            value = json.dumps(values[0]).encode()
            key = b"last" if TOPICS[topic].cleanup == "compact" else None
            yield HostileRecord("record:last", topic, key, value, partition=partition)


def _record(name: str, topic: str, golden: dict[str, list[Json]], chance: Random) -> HostileRecord:
    source = chance.choice(sorted(golden)) if name == "foreign_topic" else topic
    value = dict(chance.choice(golden[source]))
    if name not in ("replay", "same_id"):
        value["id"] = f"hst-{chance.randrange(10**15)}"
    key = _text_key(chance, topic, value)
    record = HostileRecord(f"record:{name}", topic, key, json.dumps(value).encode())
    if name in FORMS:
        return FORMS[name](chance, record)
    if name in BATCHES:
        return _in_batch(name, chance, record)
    if name == "deleted_entry":
        return replace(record, key=key_of_table(topic, value) or key, value=None)
    if name in ("foreign_topic", "replay"):
        return record
    return replace(record, value=mutated(name, chance, value))


def _in_batch(name: str, chance: Random, record: HostileRecord) -> HostileRecord:
    return replace(
        record,
        partition=chance.randrange(TOPICS[record.topic].partitions),
        batch=BATCHES[name](chance, record.key, record.value),
        traced=not name.startswith(("bomb_", "altered_")),
        visible=name not in batches.HIDDEN,
    )


def key_of_table(topic: str, value: Json) -> bytes | None:
    """Return the key under which a table has a golden value."""
    entry = value.get("entry", value)
    if topic == CATALOG.name:
        names = {"sensor": "sensor_id", "topic": "resource_id"}
        kind = entry.get("kind", "")
        return f"{kind}:{entry.get(names.get(kind, kind), '')}".encode()
    fields = [str(entry.get(name)) for name in TOPICS[topic].key.split(":")]
    return ":".join(fields).encode() if "None" not in fields else None
