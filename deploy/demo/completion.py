"""The end of the scenario: no open work, judged from the stored offsets and the log's ends."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.demo import stored_state
from deploy.local.start_limits import StallTimeout
from shared.contracts.topics import READINGS
from shared.runtime.database import CLIENT_ERRORS

_POLL_S = 0.5
_TWICE = 2
_READINGS = [TopicPartition(READINGS.name, number) for number in range(READINGS.partitions)]


async def wait_until_quiet(
    bootstrap: str,
    dsn: str,
    open_subjects: Callable[[], str | None],
    progress: Callable[[], object],
    still_s: float,
    report: Callable[[str], None],
) -> str | None:
    """Wait for the end of the scenario and of every service's work; returns None at the end.

    When neither `progress` nor the open work has changed for `still_s` seconds, the sentence names
    the open work.
    """
    quiet_polls, why = 0, "not looked yet"
    stall_timeout = StallTimeout(still_s, lambda: (progress(), why))
    # Ticks never end: of the readings it is enough that what is there now has been scored.
    scored = await _until(lambda: _ends(bootstrap, _READINGS), stall_timeout)
    while not stall_timeout.has_expired():
        open_ = open_subjects()
        try:
            behind = await _behind(bootstrap, dsn, scored) if open_ is None else None
        except (KafkaError, OSError, *CLIENT_ERRORS) as error:
            behind = f"{type(error).__name__}"
        why = open_ or behind or ""
        report(why)
        quiet_polls = 0 if why else quiet_polls + 1
        if quiet_polls == _TWICE:
            return None
        await asyncio.sleep(_POLL_S)
    return why


async def _behind(bootstrap: str, dsn: str, scored: Mapping[TopicPartition, int]) -> str | None:
    """Return a sentence about a service's unread or unwritten records; None without such."""
    connection = await asyncpg.connect(dsn)
    try:
        stored = await stored_state.stored_offsets(connection)
        for service in stored_state.STATEFUL:
            waiting = await connection.fetchval(
                f"SELECT count(*) FROM {service}.outbox"  # noqa: S608
            )
            if waiting:
                return f"{service} has {waiting} records to publish"
    finally:
        await connection.close()
    positions = {
        (service, TopicPartition(topic, part)): offset
        for (service, topic, part), offset in stored.items()
    }
    committed = await _committed(bootstrap, "fenghuo-scoring")
    backlog = sum(max(0, end - committed.get(partition, 0)) for partition, end in scored.items())
    if backlog:
        return f"scoring has {backlog} readings to score"
    ends = await _ends(bootstrap, sorted({tp for _, tp in positions}))
    for (service, partition), offset in positions.items():
        if ends[partition] > offset:
            return f"{service} is {ends[partition] - offset} records behind in {partition.topic}"
    return None


async def _until(
    ask: Callable[[], Awaitable[dict[TopicPartition, int]]], stall_timeout: StallTimeout
) -> dict[TopicPartition, int]:
    """The answer, asked for again while Kafka is not there.

    Raises KafkaError when the timeout has expired.
    """
    while True:
        try:
            return await ask()
        except KafkaError:
            if stall_timeout.has_expired():
                raise
            await asyncio.sleep(_POLL_S)


async def _committed(bootstrap: str, group: str) -> dict[TopicPartition, int]:
    """Scoring keeps its offsets in Kafka; it commits within a second or two."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        result = await admin.list_consumer_group_offsets(group)
    finally:
        await admin.close()
    return {tp: meta.offset for tp, meta in result.items() if tp.topic == READINGS.name}


async def _ends(bootstrap: str, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        # All at once: asked about topics it does not know, it fetches metadata for one after the
        # other.
        consumer.assign(partitions)
        ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
    finally:
        await consumer.stop()
    return ends
