"""Throughput of acknowledgements in one process: decode, dedupe, apply, commit.

Kafka's fetch and the outbox relay are left out. The test measures, so that it runs on demand only:
`pytest -s -m bench tests/component/command/test_throughput.py`.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest
from aiokafka import ConsumerRecord, TopicPartition

from shared.contracts.assignments import Step
from shared.contracts.fields import Level
from shared.contracts.topics import ACKNOWLEDGEMENTS
from shared.runtime.clock import SystemClock
from shared.runtime.dead_letters import DeadLetters
from shared.runtime.inbox import InboxWorker
from shared.runtime.outbound_records import encode
from shared.runtime.publisher import Publisher
from tests.component.command.harness import DISTRICT, a_harness, a_step, an_alert
from tests.support.postgres import fresh_database

pytestmark = pytest.mark.bench
BATCH = 2_000


@pytest.fixture
def dsn() -> Iterator[str]:
    """Address of a migrated, empty database whose commits wait for a disk."""
    with fresh_database(on_disk=True) as address:
        yield address


async def test_acknowledgements_per_second(dsn: str, request: pytest.FixtureRequest) -> None:
    if "bench" not in request.config.getoption("-m"):
        pytest.skip("a measurement: ask for it with -m bench")
    async with a_harness(dsn) as harness:
        await harness.apply(an_alert(Level.RED, areas=(DISTRICT,)))
        command = await harness.the_command()
        units = [row["unit"] for row in await harness.rows("SELECT unit FROM command.assignment")]
        letters = DeadLetters(
            "command",
            Publisher("127.0.0.1:1", harness.driver.platform.metrics),
            harness.driver.platform.metrics,
            SystemClock(),
        )
        apply = harness.driver.platform.apply
        assert apply is not None
        worker = InboxWorker(
            harness.database,
            "bench",
            apply,
            letters,
            harness.driver.platform.metrics,
        )
        await worker.restore([TopicPartition(ACKNOWLEDGEMENTS.name, 0)])
        offset = 0
        for step in (Step.SIGN, Step.REPORT):
            random.Random(1).shuffle(units)
            records = []
            for unit in units:
                value = encode(a_step(command, unit, step))
                records.append(
                    ConsumerRecord(
                        ACKNOWLEDGEMENTS.name, 0, offset, 0, 0, b"k", value, None, 0, 0, ()
                    )
                )
                offset += 1
            started = time.perf_counter()
            for at in range(0, len(records), BATCH):
                await worker.handle(records[at : at + BATCH])
            rate = len(records) / (time.perf_counter() - started)
            print(f"{step}: {rate:,.0f} acknowledgements/s")
        assert await harness.wrongly_armed() == await harness.wrongly_counted() == 0
