"""Ingest's clock: a tick for every partition of the readings, twice a second."""

from __future__ import annotations

import asyncio

import structlog

from services.ingest.consumer import Intake
from shared.contracts.topics import READINGS
from shared.runtime.errors import Transient

log = structlog.get_logger("fenghuo.ingest.ticks")


async def write_ticks(intake: Intake, every_s: float) -> None:
    """Background loop; each partition ticks by itself, also while another takes nothing.

    The first tick is written at once: it compares this machine's clock with Kafka's.
    """
    async with asyncio.TaskGroup() as group:
        for partition in range(READINGS.partitions):
            group.create_task(_tick(intake, partition, every_s))


async def _tick(intake: Intake, partition: int, every_s: float) -> None:
    """A tick that cannot be written is left out, the next one says more."""
    while True:
        try:
            await intake.tick(partition)
        except Transient as error:
            log.warning("tick_failed", partition=partition, error=str(error))
        await asyncio.sleep(every_s)
