"""Messages that leave by HTTP alone, when the way over Kafka, Postgres and notify may be broken."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

import httpx2
import structlog
from pydantic import SecretStr

from services.audit.watch.metrics import WatchMetrics

log = structlog.get_logger("fenghuo.audit.out_of_band")

_MOST_WAITING = 1_000
"""The most unsent messages that are kept; beyond it the oldest are dropped."""
FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0


def bearer_headers(token: SecretStr | None) -> dict[str, str]:
    """Return the headers that carry the token, none without a token."""
    return {} if token is None else {"authorization": f"Bearer {token.get_secret_value()}"}


class OutOfBandChannel:
    """Posts messages as JSON to one address, in order, until each is accepted."""

    def __init__(
        self,
        url: SecretStr | None,
        token: SecretStr | None,
        http: httpx2.AsyncClient,
        metrics: WatchMetrics,
    ) -> None:
        self._url = url
        self._headers = bearer_headers(token)
        self._http = http
        self._metrics = metrics
        self._waiting: deque[dict[str, Any]] = deque(maxlen=_MOST_WAITING)
        self._new = asyncio.Event()

    def add(self, message: dict[str, Any]) -> None:
        """Queue a message; without an address it is only counted and logged by the caller."""
        if self._url is not None:
            self._waiting.append(message)
            self._new.set()

    async def run(self) -> None:
        """Send for ever."""
        pause_s = FIRST_PAUSE_S
        while True:
            await self._new.wait()
            while self._waiting:
                if await self._send(self._waiting[0]):
                    self._waiting.popleft()
                    pause_s = FIRST_PAUSE_S
                    continue
                await asyncio.sleep(pause_s)
                pause_s = min(_LONGEST_PAUSE_S, 2 * pause_s)
            self._new.clear()

    async def _send(self, message: dict[str, Any]) -> bool:
        assert self._url is not None, "nothing is queued without an address"
        try:
            response = await self._http.post(
                self._url.get_secret_value(), json=message, headers=self._headers
            )
            accepted = response.is_success
        except httpx2.HTTPError as error:
            log.warning("out_of_band_failed", error=type(error).__name__)
            accepted = False
        self._metrics.out_of_band.labels("sent" if accepted else "failed").inc()
        return accepted
