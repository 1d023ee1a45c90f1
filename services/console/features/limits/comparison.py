"""A draft compared with the recorded decisions of a span, day by day."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.console.core.access import span_of
from services.console.features.limits import preview_queries
from services.console.features.limits.limits_parts import LimitParts
from services.console.store.connections import reading
from shared.contracts.limits import LimitsDocument
from shared.domain.limits.preview.fold import Preview, PreviewResult
from shared.runtime.database import Database

_DAY = timedelta(days=1)
_LONGEST_S = 10.0
"""After so long no further day is read: the person waits."""
_AT_ONCE = 500
"""Attempts that are judged before the process serves others."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The result up to `end`, and the number of calls that were really sent."""

    result: PreviewResult
    calls: int
    end: datetime


async def compare(
    database: Database,
    parts: LimitParts,
    document: LimitsDocument,
    place: str,
    status: str,
    period: tuple[datetime, datetime],
    longest_s: float = _LONGEST_S,
) -> Compared:
    """Return what would have been different with a document below `place` in a period.

    The days are read in their order, since a part follows its whole, until `longest_s` have passed.
    One draft is compared at a time: the screens do not wait for two.
    """
    begin, now = period
    span = span_of(place)
    preview = Preview(document, parts.book.copy(), parts.chain, now)
    async with parts.preview_turn:
        stop_at = time.monotonic() + longest_s
        day = begin
        while day < now and (day == begin or time.monotonic() < stop_at):
            next_day = min(day + _DAY, now)
            async with reading(database) as connection:
                attempts = await preview_queries.attempts(connection, status, day, next_day, span)
            for number, attempt in enumerate(attempts, 1):
                preview.add_attempt(attempt)
                if number % _AT_ONCE == 0:
                    await asyncio.sleep(0)
            day = next_day
        async with reading(database) as connection:
            for duty in await preview_queries.duties(connection, status, begin, day, span):
                preview.add_duty(duty)
            calls = await preview_queries.calls(connection, status, begin, day, span)
    return Compared(preview.result(), calls, day)
