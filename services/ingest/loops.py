"""Ingest's clock: a tick for every partition of the readings, twice a second."""

from __future__ import annotations

import asyncio

import structlog

from services.ingest.consumer import Intake
from shared.runtime.errors import Transient

log = structlog.get_logger("fenghuo.ingest.ticks")


async def write_ticks(intake: Intake, every_s: float) -> None:
    """Background loop; a tick that cannot be written is left out, the next one says more.

    The first is written at once: it compares this machine's clock with Kafka's.
    """
    while True:
        try:
            await intake.tick()
        except Transient as error:
            log.warning("tick_failed", error=str(error))
        await asyncio.sleep(every_s)
