"""The auditor's own bootstrap: it serves HTTP and watches at once, whatever is away.

The auditor reads with the consumer of every service, whose rules end a process that cannot go on
(shared/runtime/errors.py). This process does not end with what it watches: here such an end, and an
attempt to start without Kafka or Postgres, end the platform alone, and a new one is made.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, NoReturn

import structlog

from services.audit.watch.watch import Watch
from shared.runtime import errors
from shared.runtime.errors import SetupError
from shared.runtime.platform import ServiceApplication

log = structlog.get_logger("fenghuo.audit.bootstrap")

PAUSE_S = 1.0
"""The time before a platform is made anew, in seconds."""
_STOP_TIMEOUT_S = 20.0
"""The time that an ended platform has to close its connections."""


class AuditBootstrap:
    """The ASGI application of this process: the watch, and the platform that runs at present."""

    def __init__(self, make: Callable[[], ServiceApplication], watch: Watch) -> None:
        self._make = make
        self.watch = watch
        self._ended: asyncio.Future[str] | None = None
        self._reason: str | None = "not started yet"
        self._application = self._new_application()

    @property
    def platform(self) -> Any:
        """The present platform."""
        return self._application.platform

    def ready(self) -> str | None:
        """Return None for /readyz while the platform runs, otherwise why it does not."""
        return self._reason

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve HTTP by the present platform; run platforms as long as the server runs."""
        if scope["type"] != "lifespan":
            await self._application(scope, receive, send)
            return
        await receive()
        errors.replace_end_of_process(self._end)
        tasks = [asyncio.create_task(self.watch.run()), asyncio.create_task(self._run_for_ever())]
        try:
            await send({"type": "lifespan.startup.complete"})
            await receive()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            errors.replace_end_of_process(None)
        await send({"type": "lifespan.shutdown.complete"})

    def _new_application(self) -> ServiceApplication:
        application = self._make()
        application.platform.health.add("bootstrap", self.ready)
        self.watch.register_metrics(application.platform.registry)
        return application

    def _end(self, reason: str) -> NoReturn:
        """Take the place of the end of the process: end the platform, and the calling task."""
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(reason)
        raise asyncio.CancelledError(reason)

    async def _run_for_ever(self) -> None:
        while True:
            self.watch.metrics.starts.inc()
            reason = await self._run_once()
            log.error("auditor_starts_anew", reason=reason)
            self._reason = reason
            await asyncio.sleep(PAUSE_S)
            self._application = self._new_application()

    async def _run_once(self) -> str:
        """Run the present platform until it ends; return why."""
        ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._ended = ended
        run = asyncio.create_task(self._serve(self._application))
        ends: set[asyncio.Future[Any]] = {run, ended}
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            run.cancel()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_STOP_TIMEOUT_S):
                    await asyncio.wait({run})
        if ended.done():
            return ended.result()
        if not run.done() or run.cancelled():
            return "the platform was cancelled"
        return str(run.exception() or "the platform stopped")

    async def _serve(self, application: ServiceApplication) -> None:
        try:
            async with application.start_lifespan_context():
                self._reason = None
                await asyncio.Event().wait()
        except SetupError:
            raise
        except Exception:
            log.exception("auditor_broken")
            raise
