"""The result of a fetch from one partition; a failure concerns that partition only.

aiokafka drops the records of all partitions when one of them cannot be read. Here an unreadable
record costs other partitions nothing: no position moves over the record, and after RETRY_S Kafka is
asked again. `FetchedPartitions` changes the fetcher of one consumer; aiokafka stays unchanged for
the rest of the process.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, Fetcher, FetchResult
from aiokafka.consumer.fetcher import PartitionRecords as AiokafkaRecords
from aiokafka.errors import KafkaError

from shared.runtime.fetching.fetch_states import FetchState, state_of
from shared.runtime.fetching.normal_batches import normalise
from shared.runtime.fetching.partition_records import PartitionRecords, RecordReader

log = structlog.get_logger("fenghuo.records")

RETRY_S = 5.0
"""An unreadable record is fetched again after so many seconds, perhaps from another broker."""
_LOG_INTERVAL_S = 60.0
_NO_LIMIT = 1 << 60
_EXPECTED_FETCH = "(self, assignment, node_id, request)"
_EXPECTED_NAMES = {"send", "_client", "_records", "FetchResult"}
_EXPECTED_RECORDS = {"_aborted_transactions", "_records_iterator", "next_fetch_offset"}
_EXPECTED_RESULT = {"_assignment", "_backoff", "_partition_records", "_topic_partition"}


class UnreadableError(KafkaError):  # type: ignore[misc]
    """A partition holds an unreadable record."""


class UnreadableRecords:
    """Takes the place of unreadable records, until Kafka is asked again."""

    def __init__(self, next_fetch_offset: int, error: Exception) -> None:
        self.next_fetch_offset = next_fetch_offset
        self.error = error
        self.until = time.monotonic() + RETRY_S


class PartitionResult(FetchResult):  # type: ignore[misc]
    """The records of one fetch from one partition. An unreadable record never raises an error."""

    _partition_records: PartitionRecords | UnreadableRecords | None

    def getall(self, max_records: int | None = None) -> list[Any]:
        """Return at most so many records; an empty list where the next is unreadable."""
        if not self.check_assignment(self._topic_partition) or not self.has_more():
            return []
        records = self._partition_records
        assert records is not None
        if isinstance(records, UnreadableRecords):
            if time.monotonic() >= records.until:
                self._partition_records = None
            return []
        state = state_of(self._assignment.state_value(self._topic_partition))
        try:
            batch, more = records.read(_NO_LIMIT if max_records is None else max_records)
            if not batch and records.batches.error is not None:
                raise records.batches.error
        except Exception as error:
            # No position moves over it; the records of other partitions are returned.
            self._update_position()
            offset = records.next_fetch_offset
            state.fail(offset, error)
            _log_failure(self._topic_partition, state)
            self._partition_records = UnreadableRecords(offset, error)
            return []
        self._update_position()
        state.advance(records.batches.empty_ranges, bool(batch))
        if not more and records.batches.error is None:
            self._partition_records = None
        return batch

    def getone(self) -> Any:
        """Return the next record, None at the end; raises UnreadableError."""
        records = self.getall(1)
        if not records and isinstance(self._partition_records, UnreadableRecords):
            raise UnreadableError(repr(self._partition_records.error))
        return records[0] if records else None


class FetchedPartitions:
    """Lets one fetcher of aiokafka keep a `PartitionResult` for each fetched partition.

    The fetcher's method for a request and the client's `send` are replaced on these two objects.
    aiokafka recognises a result by the exact class, so aiokafka's own result stays in the fetcher
    and passes each call on.
    """

    def __init__(self, fetcher: Fetcher, read: RecordReader) -> None:
        self._fetcher = fetcher
        self._read = read
        self._responses: dict[int, Any] = {}
        self._fetch: Callable[[Any, Any, Any], Awaitable[bool]] = fetcher._proc_fetch_request
        self._send: Callable[..., Awaitable[Any]] = fetcher._client.send
        fetcher._proc_fetch_request = self.fetch
        fetcher._client.send = self.send

    async def send(self, node_id: Any, request: Any, **options: Any) -> Any:
        """Send a request and remember the response when the request is a fetch under way."""
        response = await self._send(node_id, request, **options)
        if id(request) in self._responses:
            self._responses[id(request)] = response
        return response

    async def fetch(self, assignment: Any, node_id: Any, request: Any) -> bool:
        """Fetch as aiokafka does, replace the results, and return whether there are new ones."""
        self._responses[id(request)] = None
        try:
            has_results = await self._fetch(assignment, node_id, request)
        except asyncio.CancelledError:
            # As aiokafka for the request alone: a fetch that waits after an error would cancel the
            # task that stops the consumer, which leaves the connections open.
            return False
        finally:
            response = self._responses.pop(id(request))
        # Nothing is awaited between the response and this line, so nobody has read a result yet.
        for topic, partitions in () if response is None else response.topics:
            for number, _, _, *fields in partitions:
                result = self._fetcher._records.get(TopicPartition(topic, number))
                if type(result) is FetchResult and "getall" not in vars(result):
                    self._replace(result, fields[-1])
        return has_results

    def _replace(self, result: Any, raw: bytes) -> None:
        fetcher, records = self._fetcher, result._partition_records
        committed = fetcher._isolation_level == READ_COMMITTED
        aborted = records._aborted_transactions if committed else None
        check = fetcher._check_crcs
        batches = normalise(raw, aborted, check)
        partition = result._topic_partition
        own = PartitionResult(
            partition,
            assignment=result._assignment,
            partition_records=self._read(partition, batches, records.next_fetch_offset, check),
            backoff=result._backoff,
        )
        # aiokafka's iterator and its records refer to each other: the bytes would stay in memory.
        records._records_iterator = result._partition_records = None
        result.getall, result.getone, result.has_more = own.getall, own.getone, own.has_more


_logged: dict[TopicPartition, tuple[str | None, float]] = {}


def _log_failure(partition: TopicPartition, state: FetchState) -> None:
    """Log a failure once in a while: the record is fetched again and again."""
    now = time.monotonic()
    failure, logged_at = _logged.get(partition, (None, 0.0))
    if failure != state.failure or now > logged_at + _LOG_INTERVAL_S:
        _logged[partition] = state.failure, now
        log.error(
            "cannot_read", place=f"{partition.topic}:{partition.partition}", why=state.failure
        )


def is_as_expected(fetcher: Any, records: Any, result: Any) -> bool:
    """Return whether these classes of aiokafka are as `FetchedPartitions` expects."""
    fetch, getall = getattr(fetcher, "_proc_fetch_request", None), getattr(result, "getall", None)
    return (
        fetch is not None
        and str(inspect.signature(fetch)) == _EXPECTED_FETCH
        and {*fetch.__code__.co_names} >= _EXPECTED_NAMES
        and {*records.__init__.__code__.co_names} >= _EXPECTED_RECORDS
        and getall is not None
        and str(inspect.signature(getall)) == "(self, max_records=None)"
        and {*getall.__code__.co_names, *result.__init__.__code__.co_names} >= _EXPECTED_RESULT
    )


def check_aiokafka() -> None:
    """Raise RuntimeError where the installed aiokafka has changed inside."""
    if not is_as_expected(Fetcher, AiokafkaRecords, FetchResult):
        raise RuntimeError(
            "aiokafka has changed inside: see shared/runtime/fetching/fetch_results.py"
        )
