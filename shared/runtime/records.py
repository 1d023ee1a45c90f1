"""Kafka records without what nobody reads: half of what fetching costs is aiokafka's `ConsumerRecord`.

aiokafka builds eleven fields per record, through a frozen dataclass. `Record` has the seven that are
used, under the same names. The place where it is put in is private to aiokafka, so `install` looks at
it first and leaves everything as it is when it has changed; tests/unit/runtime/test_records.py then
fails, and holds both kinds of records to the same content.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import msgspec
import structlog
from aiokafka import TopicPartition
from aiokafka.consumer import fetcher

log = structlog.get_logger("fenghuo.records")

_KNOWN = "(self, tp, record)"
_Ordinary: Any = fetcher.PartitionRecords


class Record(msgspec.Struct, frozen=True, gc=False):
    """What of a record is read; `timestamp` is Kafka's, in milliseconds since 1970."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


class LightRecords(_Ordinary):  # type: ignore[misc]
    """The records of one fetch from one partition, as `Record`s."""

    def __iter__(self) -> Iterator[Record]:
        records: Iterator[Record] = self._records_iterator
        return records

    def _consumer_record(self, tp: TopicPartition, record: Any) -> Any:
        if self._key_deserializer or self._value_deserializer:
            return super()._consumer_record(tp, record)
        return Record(
            tp.topic,
            tp.partition,
            record.offset,
            record.timestamp,
            record.key,
            record.value,
            record.headers,
        )


def fits(ordinary: Any) -> bool:
    """Whether this class of aiokafka is made as `LightRecords` expects it."""
    build = getattr(ordinary, "_consumer_record", None)
    unpack = getattr(ordinary, "_unpack_records", None)
    return (
        build is not None
        and str(inspect.signature(build)) == _KNOWN
        and unpack is not None
        and inspect.isgeneratorfunction(unpack)
    )


def install() -> None:
    """Let every consumer made from now on hand out light records, where that can be done."""
    if fits(_Ordinary):
        fetcher.PartitionRecords = LightRecords
    else:
        log.warning("ordinary_records", reason="aiokafka has changed")
