"""The moments at which a rule with seasons and hours of day holds.

Spans are on the wall clock of the installation and begin and end at moments: a span is from its
begin until before its end, also where clocks are changed.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from math import inf
from zoneinfo import ZoneInfo

from shared.contracts.seasons import HourSpan, SeasonSpan, month_day
from shared.domain.local_time import instant

_DAY = timedelta(days=1)
_Span = tuple[float, float]
"""Begin and end in seconds since 1970."""


class RuleCalendar:
    """The seasons and hours of a rule in a time zone; moments are in seconds since 1970."""

    __slots__ = ("_hours", "_seasons", "_zone")

    def __init__(self, seasons: Sequence[SeasonSpan], hours: Sequence[HourSpan], zone: str) -> None:
        self._seasons = tuple(seasons)
        self._hours = tuple(hours)
        self._zone = zone

    def contains(self, at: float) -> bool:
        """Return whether the rule holds at a moment."""
        return _end(self._spans_of_seasons(at), at) > at and _end(self._spans_of_hours(at), at) > at

    def end_of(self, at: float) -> float:
        """Return the moment at which the rule, which holds at `at`, ceases to hold."""
        return min(_end(self._spans_of_seasons(at), at), _end(self._spans_of_hours(at), at))

    def begin_of(self, at: float) -> float:
        """Return the begin of the span of a moment at which the rule holds."""
        begins = (
            max((begin for begin, end in spans if begin <= at < end), default=-inf)
            for spans in (self._spans_of_seasons(at), self._spans_of_hours(at))
        )
        return max(begins)

    def next_begin(self, at: float) -> float:
        """Return the next moment at which the rule, which does not hold at `at`, holds again.

        The result is infinite where no hour ever meets a season.
        """
        moment = at
        for _ in range(4):
            for spans in (self._spans_of_seasons, self._spans_of_hours):
                if _end(spans(moment), moment) <= moment:
                    moment = min(
                        (begin for begin, _ in spans(moment) if begin > moment), default=inf
                    )
                if moment == inf:
                    return inf
            if self.contains(moment):
                return moment
        return inf

    def _spans_of_hours(self, at: float) -> Iterator[_Span]:
        """Yield the spans of the days around a moment, and a span without end without hours."""
        if not self._hours:
            yield -inf, inf
            return
        today = self._date_of(at)
        for day in (today - _DAY, today, today + _DAY):
            for hours in self._hours:
                begin, end = time.fromisoformat(hours.begin), time.fromisoformat(hours.end)
                yield (
                    self._moment(day, begin),
                    self._moment(day if begin < end else day + _DAY, end),
                )

    def _spans_of_seasons(self, at: float) -> Iterator[_Span]:
        """Yield the spans of the years around a moment, likewise."""
        if not self._seasons:
            yield -inf, inf
            return
        this_year = self._date_of(at).year
        for year in (this_year - 1, this_year, this_year + 1):
            for season in self._seasons:
                is_over_new_year = month_day(season.end) < month_day(season.begin)
                yield (
                    self._moment(_first_day(year, season.begin), time()),
                    self._moment(_last_day(year + is_over_new_year, season.end) + _DAY, time()),
                )

    def _date_of(self, at: float) -> date:
        return datetime.fromtimestamp(at, ZoneInfo(self._zone)).date()

    def _moment(self, day: date, wall: time) -> float:
        return instant(datetime.combine(day, wall), self._zone).timestamp()


def calendar_of(
    seasons: Sequence[SeasonSpan], hours: Sequence[HourSpan], zone: str
) -> RuleCalendar | None:
    """Return the calendar of a rule; None for a rule that always holds."""
    return RuleCalendar(seasons, hours, zone) if seasons or hours else None


def _end(spans: Iterator[_Span], at: float) -> float:
    """Return the end of the spans around a moment; the moment itself outside of all spans.

    Spans that touch are one.
    """
    end = at
    for begin, until in sorted(spans):
        if begin <= end < until:
            end = until
    return end


def _first_day(year: int, text: str) -> date:
    """Return a day of a year; 29 February of a common year is 1 March."""
    month, day = month_day(text)
    if day > monthrange(year, month)[1]:
        return date(year, month + 1, 1)
    return date(year, month, day)


def _last_day(year: int, text: str) -> date:
    """Return a day of a year; 29 February of a common year is 28 February."""
    month, day = month_day(text)
    return date(year, month, min(day, monthrange(year, month)[1]))
