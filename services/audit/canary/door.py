"""The canary's readings, sent through the door of ingest like those of every source."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import httpx2
import structlog
from pydantic import SecretStr

from services.audit.watch.out_of_band import bearer_headers
from shared.contracts.catalog import CANARY
from shared.contracts.fields import Status

log = structlog.get_logger("fenghuo.audit.canary")

_TIMEOUT_S = 3.0
HIGH, LOW = 1.0, 0.0
"""The values of a reading that raises the alarm, and of one that clears it."""


class CanaryReading(NamedTuple):
    """A reading of a sensor of the canary."""

    id: str
    sensor_id: str
    value: float
    at: datetime


class IngestDoor:
    """Sends readings to ingest, with the token of a source."""

    def __init__(self, url: str, token: SecretStr) -> None:
        self._url = f"{url.rstrip('/')}/v1/readings/batch"
        self._http = httpx2.AsyncClient(
            headers=bearer_headers(token), timeout=_TIMEOUT_S, trust_env=False
        )

    async def send(self, *readings: CanaryReading) -> bool:
        """Return whether ingest has accepted all readings."""
        body = {
            "readings": [
                {
                    "id": reading.id,
                    "sensor_id": reading.sensor_id,
                    "metric": CANARY,
                    "value": reading.value,
                    "unit": "1",
                    "occurred_at": reading.at.isoformat(),
                    "status": Status.SYSTEM,
                }
                for reading in readings
            ]
        }
        try:
            response = await self._http.post(self._url, json=body)
        except httpx2.HTTPError as error:
            log.warning("canary_not_accepted", error=type(error).__name__)
            return False
        accepted = response.status_code == httpx2.codes.ACCEPTED
        if not accepted:  # 207: a reading of the canary was refused
            log.warning(
                "canary_not_accepted", status=response.status_code, text=response.text[:300]
            )
        return accepted

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()
