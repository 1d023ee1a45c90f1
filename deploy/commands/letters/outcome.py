"""The outcome of a replay at each service that reads the topic."""

from __future__ import annotations

from datetime import timedelta

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from deploy.acl import BY_GROUP, TABLES, group
from shared.contracts.topics import TopicSpec
from shared.domain.letters.history import PlaceHistory
from shared.runtime.letter_log import read_letters

_CLOCKS_DIFFER = timedelta(minutes=10)
"""The most by which the clocks of operator and broker differ."""


async def outcomes(
    bootstrap: str, reader: AIOKafkaConsumer, spec: TopicSpec, history: PlaceHistory
) -> dict[str, str]:
    """Return by service: `waiting`, `passed` (applied, or dropped as a repeat), `in_table`, or the
    reason of a second refusal. Raises KafkaError.
    """
    if history.target is None:
        return {}
    partition, offset = history.target
    results = dict.fromkeys((name for name, specs in TABLES.items() if spec in specs), "in_table")
    tp = TopicPartition(spec.name, partition)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        for service in (name for name, specs in BY_GROUP.items() if spec in specs):
            stored = await admin.list_consumer_group_offsets(group(service), partitions=[tp])
            passed = tp in stored and stored[tp].offset > offset
            results[service] = "passed" if passed else "waiting"
    finally:
        await admin.close()
    async for letters in read_letters(reader, spec, since=history.act.at - _CLOCKS_DIFFER):
        for letter, _ in letters:
            if (letter.partition, letter.offset) == (partition, offset):
                results[letter.service] = letter.reason.value
    return results
