"""The dead-man's switch: a heartbeat that leaves while the chain is whole. Silence is the alarm.

The receiver, outside of this system, calls a person when no heartbeat has arrived for a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx2
import structlog
from pydantic import SecretStr

from services.audit.watch.metrics import WatchMetrics
from services.audit.watch.out_of_band import bearer_headers

log = structlog.get_logger("fenghuo.audit.heartbeat")


class Heartbeat:
    """Posts to the address of the receiver while `broken` returns None."""

    def __init__(
        self,
        url: SecretStr,
        token: SecretStr | None,
        interval_s: float,
        broken: Callable[[], str | None],
        http: httpx2.AsyncClient,
        metrics: WatchMetrics,
    ) -> None:
        self._url = url
        self._headers = bearer_headers(token)
        self._interval_s = interval_s
        self._broken = broken
        self._http = http
        self._metrics = metrics
        self._reason: str | None = None

    async def run(self) -> None:
        """Beat for ever; an unreachable receiver changes nothing."""
        while True:
            reason = self._broken()
            if reason != self._reason:
                log.warning("heartbeat_stops" if reason else "heartbeat_goes_on", reason=reason)
            self._reason = reason
            outcome = "withheld" if reason else await self._beat()
            self._metrics.heartbeats.labels(outcome).inc()
            await asyncio.sleep(self._interval_s)

    async def _beat(self) -> str:
        try:
            response = await self._http.post(self._url.get_secret_value(), headers=self._headers)
        except httpx2.HTTPError as error:
            log.warning("heartbeat_failed", error=type(error).__name__)
            return "failed"
        return "sent" if response.is_success else "failed"
