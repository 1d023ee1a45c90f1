"""Ingest's clock: a tick for every partition of the readings, twice a second."""

from __future__ import annotations

import asyncio

import structlog

from services.ingest.consumer import Intake
from shared.runtime.errors import Transient

log = structlog.get_logger("fenghuo.ingest.ticks")


async def write_ticks(intake: Intake, every_s: float) -> None:
    """Background loop; a tick that cannot be written is left out, the next one says more."""
    while True:
        await asyncio.sleep(every_s)
        try:
            await intake.tick()
        except Transient as error:
            log.warning("tick_failed", error=str(error))
