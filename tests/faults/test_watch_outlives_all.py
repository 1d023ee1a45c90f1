"""The watch on the real stack: without Kafka and Postgres a message leaves by HTTP alone."""

from __future__ import annotations

import time

import pytest

from deploy.local.paths import temporary_root
from deploy.local.stack import Stack
from tests.support.carrier import Receiver, running_receiver
from tests.support.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.faults, pytest.mark.timeout(1_200)]

STORES = ("kafka", "postgres")
CALL_S = 60
"""The time in seconds within which a dead component is a message."""
SILENCE_S = 5
"""The heartbeat stops with the first failed probe, seconds before the fault is a message."""


def components(receiver: Receiver, state: str) -> set[str]:
    """Return the components with a message of this state."""
    bodies = [request.body for request in receiver.requests]
    return {body["component"] for body in bodies if body["state"] == state}


async def test_without_kafka_and_postgres_a_message_leaves_and_the_heartbeat_stops() -> None:
    async with running_receiver() as messages, running_receiver() as heartbeats:
        environment = {
            "FENGHUO_AUDIT_OUT_OF_BAND_URL": messages.url,
            "FENGHUO_AUDIT_HEARTBEAT_URL": heartbeats.url,
            "FENGHUO_AUDIT_HEARTBEAT_EVERY_S": "0.5",
        }
        stack = Stack(temporary_root("watch"), ("duty", "audit"), {"audit": environment})
        try:
            async with stack:
                await until(lambda: len(heartbeats.requests) > 2, 60)
                auditor = stack.pid("audit")
                for name in STORES:
                    await stack.stop(name)
                stopped_at = time.monotonic()
                await until(lambda: components(messages, "raised") >= set(STORES), CALL_S)
                assert time.monotonic() - stopped_at <= CALL_S
                count = len(heartbeats.requests)
                assert messages.requests[-1].at - heartbeats.requests[-1].at > SILENCE_S
                for name in STORES:
                    await stack.start(name)
                await until(lambda: components(messages, "cleared") >= set(STORES), CALL_S)
                await until(lambda: len(heartbeats.requests) > count + 2, CALL_S)
                await stack.wait_ready()
                assert stack.pid("audit") == auditor, "the same process goes on"
        finally:
            stack.discard()
