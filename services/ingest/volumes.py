"""The loop that asks Kafka's nodes how full their volumes are."""

from __future__ import annotations

import asyncio

import structlog

from services.ingest.core.volume_guard import VolumeGuard
from services.ingest.metrics import IngestMetrics
from shared.runtime.errors import Transient
from shared.runtime.log_volumes import LogVolumes

log = structlog.get_logger("fenghuo.ingest.volumes")

_ASK_EVERY_S = 5.0


async def watch_volumes(
    volumes: LogVolumes,
    guard: VolumeGuard,
    metrics: IngestMetrics,
    interval_s: float = _ASK_EVERY_S,
) -> None:
    """Ask for ever; while no node answers, the last answer holds."""
    while True:
        try:
            answers = await volumes.ask()
        except Transient as error:
            log.warning("volumes_not_known", error=str(error))
        else:
            refused = guard.refuses
            guard.update({volume.node: volume.free_share for volume in answers})
            for volume in answers:
                metrics.volume_free.labels(str(volume.node)).set(volume.free_share)
            metrics.refuses_readings.set(guard.refuses)
            if guard.refuses != refused:
                log.warning(
                    "readings_refused" if guard.refuses else "readings_taken_again",
                    free={volume.node: volume.free_bytes for volume in answers},
                )
        await asyncio.sleep(interval_s)
