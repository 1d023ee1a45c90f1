"""The consumer of every process, and consumers without a group."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Literal

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.consumer.fetcher import Fetcher

from shared.runtime.fetching.fetch_results import (
    FetchedPartitions,
    UnreadableError,
    check_aiokafka,
)
from shared.runtime.fetching.fetch_states import failures
from shared.runtime.fetching.partition_records import OrdinaryRecords, RecordReader

ISOLATION: Literal["read_committed"] = "read_committed"
"""A record of a transaction counts when that is committed, and never when it is aborted."""


class CheckedConsumer(AIOKafkaConsumer):  # type: ignore[misc]
    """An AIOKafkaConsumer that reads every kind of batch, and each partition by itself.

    `reader` makes the records of a fetch; shared/fastpath has a faster one. Raises ValueError for a
    deserializer, and RuntimeError where the installed aiokafka has changed inside.
    """

    def __init__(
        self, *topics: str, reader: RecordReader = OrdinaryRecords, **settings: Any
    ) -> None:
        if settings.get("key_deserializer") or settings.get("value_deserializer"):
            raise ValueError("a deserializer has no effect: the reader makes the records")
        check_aiokafka()
        self._reader = reader
        self._checked_fetcher: Fetcher | None = None
        super().__init__(*topics, **settings)

    @property
    def _fetcher(self) -> Fetcher | None:
        """The fetcher, which `start` makes and which has not fetched anything when it is set."""
        return self._checked_fetcher

    @_fetcher.setter
    def _fetcher(self, fetcher: Fetcher | None) -> None:
        if fetcher is not None:
            FetchedPartitions(fetcher, self._reader)
        self._checked_fetcher = fetcher


def make_reader(bootstrap: str, **settings: Any) -> CheckedConsumer:
    """Return a consumer without a group; it begins with the first record of a partition."""
    return CheckedConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level=ISOLATION,
        **settings,
    )


async def read_to(
    consumer: AIOKafkaConsumer,
    ends: Mapping[TopicPartition, int],
    *,
    max_records: int,
    timeout_ms: int = 200,
) -> AsyncIterator[dict[TopicPartition, list[ConsumerRecord]]]:
    """Yield the records before these ends, batch by batch; then the positions are at the ends.

    Raises KafkaError: UnreadableError where a partition cannot be read to its end.
    """
    while unfinished := [
        partition for partition in ends if await consumer.position(partition) < ends[partition]
    ]:
        fetched = await consumer.getmany(
            *unfinished, timeout_ms=timeout_ms, max_records=max_records
        )
        yield {
            partition: [record for record in records if record.offset < ends[partition]]
            for partition, records in fetched.items()
        }
        if reasons := failures(consumer, unfinished):
            raise UnreadableError("; ".join(reasons))
    for partition, end in ends.items():
        if await consumer.position(partition) > end:
            consumer.seek(partition, end)  # the records after it are still to be returned
