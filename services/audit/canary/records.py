"""The records of the canary: read from the end of the topics on, without a group."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from services.audit.core.canary.chain import CanaryRecord
from shared.contracts.fields import Status
from shared.contracts.topics import ALARMS, ALERTS, ASSIGNMENTS, TOPICS
from shared.runtime.bounded_waits import stop_client
from shared.runtime.decoding import decode
from shared.runtime.errors import Reject
from shared.runtime.fetching.consumer import make_reader
from shared.runtime.inbound_messages import is_of_canary

_MARK = f'"{Status.SYSTEM}"'.encode()
"""Every record of the canary contains these bytes; few others do, and are not decoded."""
_POLL_MS = 200


class CanaryRecords:
    """The new records of the canary. `records` raises KafkaError."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._consumer: AIOKafkaConsumer | None = None

    async def __aenter__(self) -> Self:
        """Connect, and begin at the end of the topics. Raises KafkaError."""
        consumer = self._consumer = make_reader(
            self._bootstrap, client_id="fenghuo-audit-canary", request_timeout_ms=5_000
        )
        try:
            await consumer.start()
            partitions = [
                TopicPartition(spec.name, part)
                for spec in (ALARMS, ALERTS, ASSIGNMENTS)
                for part in range(spec.partitions)
            ]
            consumer.assign(partitions)
            await consumer.seek_to_end(*partitions)
        except BaseException:
            await stop_client(consumer)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        if self._consumer is not None:
            await stop_client(self._consumer)

    async def records(self) -> list[CanaryRecord]:
        """Return the records that have come, after a short while none."""
        assert self._consumer is not None, "the records are read while connected"
        fetched = await self._consumer.getmany(timeout_ms=_POLL_MS)
        messages = [_message(record) for records in fetched.values() for record in records]
        return [message for message in messages if message is not None]


def _message(record: ConsumerRecord) -> CanaryRecord | None:
    if record.value is None or _MARK not in record.value:
        return None
    try:
        message: CanaryRecord = decode(TOPICS[record.topic], record)
    except Reject:
        return None
    return message if is_of_canary(message) else None
