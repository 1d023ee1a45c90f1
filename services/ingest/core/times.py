"""The limits of the times that sources send."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.ingest.core.refusals import ProblemKind, RequestProblem

FUTURE = timedelta(seconds=120)
"""How far the clock of a source may be ahead of Kafka's (core/clocks/kafka_clock.py)."""
OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
"""An earlier time comes from a clock that was never set."""


def time_problems(
    occurred_at: datetime, now: datetime, present: datetime | None = None
) -> list[RequestProblem]:
    """Return the problems of a time.

    `now` is the wall's time, `present` the time after which the future begins, if it differs: a
    replay has its own present.
    """
    present = present or now
    if occurred_at > present + FUTURE:
        latest = (present + FUTURE).isoformat(timespec="seconds")
        message = f"{occurred_at.isoformat()} lies in the future"
        if present != now:
            replay_time = present.isoformat(timespec="seconds")
            message += f": a replay runs here, and its clock shows {replay_time}"
        kind = ProblemKind.FUTURE_TIME
        return [RequestProblem(kind, "occurred_at", message, f"at most {latest}")]
    if occurred_at < OLDEST:
        message = f"{occurred_at.isoformat()} is before the year 2000"
        kind = ProblemKind.PAST_TIME
        return [RequestProblem(kind, "occurred_at", message, OLDEST.isoformat())]
    return []
