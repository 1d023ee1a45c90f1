"""Times as cases and commands write them: durations after START, or ISO times with a zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime

START = datetime.fromisoformat("2026-07-01T00:00:00+08:00")
"""What relative times of cases count from."""
WHEN = 'such as "90s", "2h30m" or 2026-07-01T08:00:00+08:00'
_DURATION = re.compile(
    r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9}(?:\.\d{1,6})?)s)?\Z", re.ASCII
)
_UNITS_S = (86_400.0, 3_600.0, 60.0, 1.0)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 4e9
"""Seconds since 1970 beyond which no case and no recording lies (year 2096)."""


def seconds(text: str) -> float:
    """A duration such as `2h30m` in seconds. Raises ValueError."""
    match = _DURATION.match(text)
    if match is None or not any(match.groups()):
        raise ValueError(f"{text!r} is no duration")
    return sum(
        float(part) * unit for part, unit in zip(match.groups(), _UNITS_S, strict=True) if part
    )


def moment(text: str) -> float:
    """A time of a case in seconds since 1970. Raises ValueError."""
    if _DURATION.match(text) is None:
        return instant(text)
    result = START.timestamp() + seconds(text)
    if result > _LATEST:
        raise ValueError(f"{text!r} lies too far ahead")
    return result


def instant(text: str) -> float:
    """An ISO time with a zone in seconds since 1970. Raises ValueError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time") from None
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} is no time with a zone")
    result = (moment - _EPOCH).total_seconds()
    if not 0 <= result <= _LATEST:
        raise ValueError(f"{text!r} is no time of ours")
    return result


def clock(at: float) -> str:
    """A time of a case as people wrote it: relative when within ten days of START."""
    after = round(at - START.timestamp(), 3)
    if not 0 <= after <= 10 * 86_400:
        return datetime.fromtimestamp(at, UTC).isoformat()
    minutes, seconds = divmod(after, 60)
    hours, minutes = divmod(int(minutes), 60)
    text = f"{hours}h{minutes:02}m" if hours else f"{minutes}m"
    return f"{text}{seconds:g}s" if seconds else text
