"""Structured logs: one JSON object a line on stdout, control characters escaped by JSON itself."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import structlog
from structlog.typing import Processor

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0
_MAX_MESSAGES = 1_000


@dataclass(slots=True)
class _RepeatedMessage:
    passed_at: float
    pause_s: float
    last_at: float
    suppressed: int = 0


class RepeatFilter(logging.Filter):
    """Passes a library's message once, then after growing pauses, with the number suppressed.

    A client whose broker is away logs the same every 100 ms, and a process has a dozen clients.
    Messages are the same when logger, level and template are, whatever values the template has.
    """

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._now = now
        self._repeats: dict[tuple[str, int, str], _RepeatedMessage] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the message is written; set `suppressed` where earlier ones were not."""
        now = self._now()
        key = record.name, record.levelno, str(record.msg)[:200]
        # Inserted again at the end, so that the first one is the oldest.
        repeat = self._repeats.pop(key, None)
        if repeat is None or now - repeat.last_at > _LONGEST_PAUSE_S:
            repeat = _RepeatedMessage(now, _FIRST_PAUSE_S, now)
            written = True
        elif written := now - repeat.passed_at >= repeat.pause_s:
            record.suppressed = repeat.suppressed
            pause_s = min(2 * repeat.pause_s, _LONGEST_PAUSE_S)
            repeat = _RepeatedMessage(now, pause_s, now)
        else:
            repeat.suppressed += 1
            repeat.last_at = now
        self._repeats[key] = repeat
        if len(self._repeats) > _MAX_MESSAGES:
            del self._repeats[next(iter(self._repeats))]
        return written


def configure(service: str, level: str = "INFO") -> None:
    """Send structlog and the standard library's loggers to stdout as JSON lines of `service`."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            foreign_pre_chain=[
                *shared,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(allow=["suppressed"]),
            ],
        )
    )
    handler.addFilter(RepeatFilter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
