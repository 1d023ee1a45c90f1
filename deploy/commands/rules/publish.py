"""`publish`: new versions of rules to the topic, after a check against the published versions.

A rule that the check refuses is never sent: on a compacted topic a bad version would replace the
good version for good. Unchanged rules are not sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer

from shared.contracts.rules import RuleDefinition
from shared.contracts.topics import RULES
from shared.definitions.publication import NextVersion
from shared.runtime.outbound_records import encode


async def send(bootstrap: str, planned: Sequence[NextVersion[RuleDefinition]]) -> None:
    """Publish the rules, each acknowledged by all replicas. Raises KafkaError, TimeoutError."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, request_timeout_ms=5_000
    )
    await producer.start()
    try:
        async with asyncio.timeout(30):
            for change in planned:
                await producer.send_and_wait(
                    RULES.name,
                    key=change.value.rule_id.encode(),
                    value=encode(change.value),
                    headers=[("content-type", b"application/json")],
                )
    finally:
        await producer.stop()
