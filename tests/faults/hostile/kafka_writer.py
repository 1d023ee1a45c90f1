"""Writes hostile records, and keeps the place of each, or the reason of its refusal."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from tests.faults.hostile.records import HostileRecord
from tests.support.kafka import send_raw

_AT_ONCE = 200
_CODECS = (None, "gzip", "snappy", "lz4", "zstd")
_RAW = "raw"
Place = tuple[str, int, int]
"""Topic, partition, offset."""


@dataclass
class WrittenRecord:
    """A record in the log. `identifier` is None where the value has no id."""

    input_class: str
    place: Place
    identifier: str | None
    must_be_refused: bool
    visible: bool = True
    """False for a record that no reader gets."""
    traced: bool = True
    """False if nothing but its passing can be expected of a reader."""


@dataclass
class KafkaWriter:
    """Writes records of every codec, in and outside of transactions."""

    bootstrap: str
    written: list[WrittenRecord] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    """Records that the broker or the client refused, by class and error."""
    _producers: dict[Any, AIOKafkaProducer] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        for codec in _CODECS:
            self._producers[codec] = self._producer(compression_type=codec)
        for outcome in ("committed", "aborted"):
            self._producers[outcome] = self._producer(transactional_id=f"hostile-{outcome}")
        self._producers[_RAW] = self._producer()
        for producer in self._producers.values():
            await producer.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for producer in self._producers.values():
            await producer.stop()

    def _producer(self, **options: Any) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=self.bootstrap,
            acks="all",
            max_request_size=16_000_000,
            max_batch_size=65_536,
            linger_ms=2,
            **options,
        )

    async def write(self, records: Iterable[HostileRecord]) -> None:
        """Write these records; returns when each is in the log or refused."""
        remaining = iter(records)
        while part := list(islice(remaining, _AT_ONCE)):
            plain = [record for record in part if record.transaction is None]
            await asyncio.gather(*(self._write(record, record.codec) for record in plain))
            for outcome in ("committed", "aborted"):
                marked = [record for record in part if record.transaction == outcome]
                if marked:
                    await self._write_transaction(outcome, marked)

    async def _write_transaction(self, outcome: str, records: list[HostileRecord]) -> None:
        producer = self._producers[outcome]
        await producer.begin_transaction()
        await asyncio.gather(*(self._write(record, outcome) for record in records))
        if outcome == "committed":
            await producer.commit_transaction()
        else:
            await producer.abort_transaction()

    async def _write(self, record: HostileRecord, producer: Any) -> None:
        try:
            partition, offset = await self._sent(record, self._producers[producer])
        except (KafkaError, ValueError, TypeError, AssertionError) as error:
            self.refused[f"{record.input_class} {type(error).__name__}"] += 1
            return
        self.written.append(
            WrittenRecord(
                record.input_class,
                (record.topic, partition, offset),
                _identifier(record.value),
                record.must_be_refused,
                visible=record.visible,
                traced=record.traced,
            )
        )

    async def _sent(self, record: HostileRecord, producer: AIOKafkaProducer) -> tuple[int, int]:
        """Send a record; return its partition and offset. Raises what Kafka's client raises."""
        if record.batch is None:
            metadata = await producer.send_and_wait(
                record.topic,
                record.value,
                key=record.key,
                partition=record.partition,
                headers=list(record.headers),
            )
            return metadata.partition, metadata.offset
        assert record.partition is not None
        offset = await send_raw(self._producers[_RAW], record.topic, record.partition, record.batch)
        return record.partition, offset


def _identifier(value: bytes | None) -> str | None:
    try:
        document = json.loads(value or b"", parse_int=str)
    except (ValueError, RecursionError):
        return None
    identifier = document.get("id") if isinstance(document, dict) else None
    return identifier if isinstance(identifier, str) else None
