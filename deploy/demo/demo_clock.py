"""The demo's event time: five days of August 2020, Beijing time."""

from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))
START = datetime(2020, 8, 18, 8, 0, tzinfo=BEIJING)
END = datetime(2020, 8, 23, 8, 0, tzinfo=BEIJING)
SPAN_S = (END - START).total_seconds()


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of August 2020."""
    return datetime(2020, 8, day, hour, minute, tzinfo=BEIJING)


def clock(moment: datetime) -> str:
    """`08-20 04:00`, for people."""
    return moment.astimezone(BEIJING).strftime("%m-%d %H:%M")
