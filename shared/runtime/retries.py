"""Retries with back-off of work that an outage of Kafka or Postgres interrupts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from shared.runtime.errors import Transient
from shared.runtime.metrics import RuntimeMetrics

log = structlog.get_logger("fenghuo.retries")
T = TypeVar("T")

_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 2.0
_GIVE_BACK_AFTER_S = 30.0
_REPORT_AFTER_S = 5.0
LONGEST_ATTEMPT_S = 120.0
"""A handler that has stored nothing for so long never will: each of its waits has a limit."""


class Retries:
    """Retries the batches of one consumer."""

    def __init__(self, metrics: RuntimeMetrics) -> None:
        self._metrics = metrics
        self._retrying_since: float | None = None
        self._attempt_began: float | None = None
        self._stored: object = None

    @property
    def retrying(self) -> bool:
        """True while the last attempt has failed."""
        return self._retrying_since is not None

    def is_hanging(self, stored: object) -> bool:
        """Return whether an attempt stores nothing for longer than any transaction may take.

        `stored` are the offsets that the worker has stored: an attempt may have many transactions.
        """
        if self._attempt_began is None:
            return False
        if stored != self._stored:
            self._stored, self._attempt_began = stored, time.monotonic()
        return time.monotonic() - self._attempt_began > LONGEST_ATTEMPT_S

    def ready(self) -> str | None:
        """Return None unless an outage has lasted for some seconds, else the reason for /readyz."""
        since = self._retrying_since
        if since is not None and time.monotonic() - since > _REPORT_AFTER_S:
            return "a dependency fails, retrying"
        return None

    async def attempt(self, batch: Callable[[], Awaitable[None]], records: int) -> bool:
        """Call `batch` until it succeeds; return False when it still fails after half a minute.

        Each Transient is retried; any other error is raised and ends the attempts.
        """
        started, delay = time.monotonic(), _FIRST_DELAY_S
        while True:
            self._attempt_began = time.monotonic()
            try:
                await batch()
            except Transient as error:
                self._metrics.retries.inc()
                self._retrying_since = self._retrying_since or time.monotonic()
                log.warning("batch_retry", error=str(error), records=records)
                if time.monotonic() - started > _GIVE_BACK_AFTER_S:
                    return False
            except Exception:
                self._retrying_since = None
                raise
            else:
                self._retrying_since = None
                return True
            finally:
                self._attempt_began = None
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LONGEST_DELAY_S)


async def until_success(call: Callable[[], Awaitable[T]]) -> T:
    """Call until it no longer raises Transient, and return the result."""
    delay = _FIRST_DELAY_S
    while True:
        try:
            return await call()
        except Transient as error:
            log.warning("restore_retry", error=str(error))
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LONGEST_DELAY_S)
