"""Requests of an import are sent a few at a time, and their answers are read from Kafka."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import monotonic

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from pydantic import ValidationError

from deploy.commands.catalog.answers import Answers
from deploy.commands.catalog.requests import request_sender
from shared.contracts.catalog_requests import CatalogRequest
from shared.contracts.topics import CATALOG, CATALOG_REQUESTS, DEAD_LETTER
from shared.runtime.decoding import decode
from shared.runtime.errors import Reject
from shared.runtime.fetching.consumer import make_reader

PATIENCE_S = 60.0
"""The service is taken for stopped when no answer comes for so long."""
_AT_ONCE = 16
"""So many requests wait for their answers: an interruption leaves no more than these."""
_POLL_MS = 200


async def deliver(
    bootstrap: str,
    requests: Sequence[CatalogRequest],
    positions: Mapping[str, int],
    answers: Answers,
    on_answer: Callable[[], None],
) -> None:
    """Send requests in their order until each has its answer, or none comes any more.

    `positions` are those up to which the ledger was read for the plan. Raises KafkaError.
    """
    consumer = make_reader(bootstrap)
    await consumer.start()
    try:
        await _begin(consumer, positions)
        async with request_sender(bootstrap) as send:
            waiting = list(reversed(requests))
            answered_at = monotonic()
            while waiting or answers.open_requests:
                while waiting and len(answers.open_requests) < _AT_ONCE:
                    request = waiting.pop()
                    answers.sent(request, await send(request))
                before = answers.applied, len(answers.refused)
                fetched = await consumer.getmany(timeout_ms=_POLL_MS)
                for records in fetched.values():
                    for record in records:
                        _apply(record, answers)
                if (answers.applied, len(answers.refused)) != before:
                    answered_at = monotonic()
                    on_answer()
                elif monotonic() - answered_at > PATIENCE_S:
                    return
    finally:
        await consumer.stop()


async def _begin(consumer: AIOKafkaConsumer, positions: Mapping[str, int]) -> None:
    """Begin with the records after the plan, and with the letters from now on."""
    entries = [TopicPartition(CATALOG.name, number) for number in range(CATALOG.partitions)]
    letters = [
        TopicPartition(CATALOG_REQUESTS.dlq, number)
        for number in range(CATALOG_REQUESTS.partitions)
    ]
    consumer.assign([*entries, *letters])
    ends = await consumer.end_offsets([*entries, *letters])
    for partition, end in ends.items():
        consumer.seek(partition, positions.get(f"{partition.topic}:{partition.partition}", end))


def _apply(record: ConsumerRecord, answers: Answers) -> None:
    if record.topic == CATALOG.name:
        key = (record.key or b"").decode("utf-8", "replace")
        try:
            answers.take(key, None if record.value is None else decode(CATALOG, record).entry)
        except Reject:
            return  # such a record is no entry for any service
    elif record.value is not None:
        try:
            answers.refuse(DEAD_LETTER.validate_json(record.value))
        except ValidationError:
            return  # such a letter refuses nothing
