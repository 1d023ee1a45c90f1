"""Create the topics that shared.contracts.topics lists, with its settings, and wait until each can
be written.
"""

import asyncio
import logging
import time
from itertools import cycle
from typing import TYPE_CHECKING, Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from deploy.local.errors import StackError
from deploy.local.start_limits import START_S
from deploy.local.topic_bytes import DEFAULT_GIB, letters_bytes, topic_bytes

if TYPE_CHECKING:
    from shared.contracts.topics import TopicSpec

_DEAD_LETTER_RETENTION_MS = 30 * 24 * 3600 * 1000
_COMPACTED_SEGMENT = 16 << 20
_CONNECT_S = 2.0
"""After so long the next broker is asked: an address of a dead machine answers nothing."""
_SET = 1
"""Where a setting comes from that was made for a topic, as Kafka numbers it."""
_COMMON = {"compression.type": "uncompressed", "message.timestamp.type": "LogAppendTime"}
"""Whatever a client compresses, the broker stores inflated: so `max.message.bytes` bounds what a
reader gets, and readings are looked at where they lie (docs/adr/0017). A record's time is the
broker's, not its writer's.
"""


def new_topic(spec: "TopicSpec", replication: int = 1, volume_gib: int = DEFAULT_GIB) -> NewTopic:
    """The creation request for one row of the table."""
    size = topic_bytes(spec, volume_gib)
    configs = _COMMON | {
        "cleanup.policy": spec.cleanup,
        # None keeps records for ever: compaction, not age, then bounds the topic.
        "retention.ms": str(-1 if spec.retention_ms is None else spec.retention_ms),
        # Kafka does not apply it to a compacted topic, which has a record per key.
        "retention.bytes": str(-1 if spec.cleanup == "compact" else size.retention),
        "segment.bytes": str(size.segment),
        "max.message.bytes": str(spec.max_bytes),
        "min.compaction.lag.ms": str(spec.compaction_lag_ms),
    }
    if spec.cleanup == "compact":
        # Only closed segments are compacted; with large ones a restart reads it all.
        segment = min(size.segment, _COMPACTED_SEGMENT)
        configs |= {"segment.bytes": str(segment), "segment.ms": str(3_600_000)}
    return NewTopic(spec.name, spec.partitions, replication, topic_configs=configs)


def dead_letter_topic(
    spec: "TopicSpec", replication: int = 1, volume_gib: int = DEFAULT_GIB
) -> NewTopic:
    """Return the topic of this topic's refused records."""
    size = letters_bytes(spec, volume_gib)
    configs = _COMMON | {
        "cleanup.policy": "delete",
        "retention.ms": str(_DEAD_LETTER_RETENTION_MS),
        "retention.bytes": str(size.retention),
        "segment.bytes": str(size.segment),
        "max.message.bytes": str(spec.dlq_max_bytes),
    }
    return NewTopic(spec.dlq, spec.partitions, replication, topic_configs=configs)


def planned_topics(replication: int = 1, volume_gib: int = DEFAULT_GIB) -> list[NewTopic]:
    """All topics of the table, with their dead-letter topics, in `replication` copies."""
    from shared.contracts.topics import TOPICS

    specs = TOPICS.values()
    letters = [spec for spec in specs if spec.dead_letters]
    return [
        *(new_topic(spec, replication, volume_gib) for spec in specs),
        *(dead_letter_topic(spec, replication, volume_gib) for spec in letters),
    ]


async def wait_for_broker(bootstrap: str, timeout_s: float, nodes: int = 1) -> None:
    """Return when a broker of `bootstrap` answers and so many brokers take part.

    Raises TimeoutError after `timeout_s`.
    """
    addresses = [address.rsplit(":", 1) for address in bootstrap.split(",")]
    # The client logs each refused connection as an error; while a broker starts they are expected.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    deadline = time.monotonic() + timeout_s
    for host, port in cycle(addresses):
        if time.monotonic() > deadline:
            break
        try:
            async with asyncio.timeout(_CONNECT_S):
                _, writer = await asyncio.open_connection(host, int(port))
            writer.close()
            admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=10_000)
            try:
                await admin.start()
                if len((await admin.describe_cluster())["brokers"]) >= nodes:
                    return
            finally:
                await admin.close()
        except (OSError, KafkaError, TimeoutError):
            pass
        await asyncio.sleep(0.05)
    raise TimeoutError


async def ensure_topics(
    bootstrap: str, topics_wanted: list[NewTopic], timeout_s: float = START_S
) -> int:
    """Create what is missing, settle what is there, wait for leaders; returns how many were
    created.

    Raises StackError when the broker refuses a topic or leaders do not appear in `timeout_s`.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        present = set(await admin.list_topics())
        missing = [topic for topic in topics_wanted if topic.name not in present]
        if missing:
            response = await admin.create_topics(missing)
            for name, code, *_ in response.topic_errors:
                if code and for_code(code) is not TopicAlreadyExistsError:
                    raise StackError(f"topic {name} was refused: {for_code(code).__name__}.")
        await _settle(admin, [topic for topic in topics_wanted if topic.name in present])
        deadline = time.monotonic() + timeout_s
        while without := _without_leader(
            await admin.describe_topics([topic.name for topic in topics_wanted]), topics_wanted
        ):
            if time.monotonic() > deadline:
                raise StackError(f"topics without a leader after {timeout_s:.0f} s: {without}.")
            await asyncio.sleep(0.05)
        return len(missing)
    finally:
        await admin.close()


async def _settle(admin: AIOKafkaAdminClient, topics: list[NewTopic]) -> None:
    """Bring topics of kept data to the settings of the table; what else is set there stays."""
    if not topics:
        return
    resources = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
    results: dict[str, dict[str, str]] = {}
    for answer in await admin.describe_configs(resources):
        for _, _, _, name, entries in answer.resources:
            results[name] = {key: value for key, value, _, source, *_ in entries if source == _SET}
    changed = [
        ConfigResource(ConfigResourceType.TOPIC, topic.name, configs=settled)
        for topic in topics
        if (settled := results.get(topic.name, {}) | topic.topic_configs) != results.get(topic.name)
    ]
    if not changed:
        return
    for answer in await admin.alter_configs(changed):
        for code, _, _, name in answer.resources:
            if code:
                raise StackError(f"settings of {name} were refused: {for_code(code).__name__}.")


def _without_leader(described: list[dict[str, Any]], topics_wanted: list[NewTopic]) -> list[str]:
    """Names of topics that lack a partition or a leader for one."""
    leaders = {
        topic["topic"]: [partition["leader"] for partition in topic["partitions"]]
        for topic in described
    }
    return [
        topic.name
        for topic in topics_wanted
        if len(leaders.get(topic.name, [])) < topic.num_partitions or min(leaders[topic.name]) < 0
    ]
