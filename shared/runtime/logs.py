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
_MOST_MESSAGES = 1_000


@dataclass(slots=True)
class _Repeat:
    passed_at: float
    pause_s: float
    seen_at: float
    suppressed: int = 0


class Repeats(logging.Filter):
    """Lets a library's message through once, then after pauses that grow, with the number left out.

    A client whose broker is away says the same every 100 ms, and a process has a dozen of them. The same
    is what one logger says with one template at one level, whatever it fills in.
    """

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._now = now
        self._repeats: dict[tuple[str, int, str], _Repeat] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the message is written; `suppressed` is set where others were not."""
        now = self._now()
        key = record.name, record.levelno, str(record.msg)[:200]
        # Written anew at the end, so that the first is the one that has not been seen for longest.
        repeat = self._repeats.pop(key, None)
        if repeat is None or now - repeat.seen_at > _LONGEST_PAUSE_S:
            repeat = _Repeat(now, _FIRST_PAUSE_S, now)
            written = True
        elif written := now - repeat.passed_at >= repeat.pause_s:
            record.suppressed = repeat.suppressed
            pause_s = min(2 * repeat.pause_s, _LONGEST_PAUSE_S)
            repeat = _Repeat(now, pause_s, now)
        else:
            repeat.suppressed += 1
            repeat.seen_at = now
        self._repeats[key] = repeat
        if len(self._repeats) > _MOST_MESSAGES:
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
    handler.addFilter(Repeats())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
