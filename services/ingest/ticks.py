"""The loop of the ticks: one for every partition of the readings, twice a second."""

from __future__ import annotations

import asyncio

import structlog

from services.ingest.intake import Intake
from shared.contracts.topics import READINGS
from shared.runtime.errors import Transient

log = structlog.get_logger("fenghuo.ingest.ticks")


async def write_ticks(intake: Intake, interval_s: float) -> None:
    """Write ticks for ever; an unconfirmed partition delays no other partition.

    The first tick is written at once, to compare this machine's clock with Kafka's.
    """
    async with asyncio.TaskGroup() as group:
        for partition in range(READINGS.partitions):
            group.create_task(_write_ticks_of(partition, intake, interval_s))


async def _write_ticks_of(partition: int, intake: Intake, interval_s: float) -> None:
    """Write the ticks of a partition. A tick that fails is skipped: the next one replaces it."""
    while True:
        try:
            await intake.write_tick(partition)
        except Transient as error:
            log.warning("tick_failed", partition=partition, error=str(error))
        await asyncio.sleep(interval_s)
