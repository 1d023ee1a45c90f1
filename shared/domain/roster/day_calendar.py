"""Kinds of days: days of the week, working days, days of rest, and public holidays.

A calendar file is CSV with the columns `begin`, `end`, `kind`, `zh` and `en`: one line per holiday
(`holiday`, with its names) or per day of work at a weekend (`workday` 调休). A year without a line
has its weeks alone: Monday to Friday are working days, and no day is a holiday. The package has the
year 2026 (docs/sources.md S45).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from shared.contracts.duty import DayKind
from shared.domain.bilingual import Bilingual

_COLUMNS = ["begin", "end", "kind", "zh", "en"]
_WEEK = tuple(DayKind)[:7]
"""Monday to Sunday, in the order of `date.weekday()`."""
_MOST_DAYS = 4_000
_DAY = timedelta(days=1)


class CalendarFileError(ValueError):
    """A refused calendar file; the text names the line."""


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day off in a holiday, or a day of work at a weekend, with the name of the holiday."""

    is_holiday: bool
    name: Bilingual


class DayCalendar:
    """The days of some years that differ from the days of an ordinary week."""

    def __init__(self, days: Iterable[tuple[date, SpecialDay]] = ()) -> None:
        self._days = dict(days)
        self._years = frozenset(day.year for day in self._days)

    def special(self, day: date) -> SpecialDay | None:
        """Return what is special about a day, None for a day of an ordinary week."""
        return self._days.get(day)

    def knows(self, year: int) -> bool:
        """Return True when the calendar has the holidays of a year."""
        return year in self._years

    def is_workday(self, day: date) -> bool:
        """Return True for a working day."""
        special = self._days.get(day)
        return _is_ordinary_workday(day) if special is None else not special.is_holiday

    def matches(self, day: date, kinds: Collection[DayKind]) -> bool:
        """Return True when a day is of one of these kinds; no kind = every day."""
        if not kinds or _WEEK[day.weekday()] in kinds:
            return True
        special = self._days.get(day)
        if DayKind.HOLIDAY in kinds and special is not None and special.is_holiday:
            return True
        return (DayKind.WORKDAY if self.is_workday(day) else DayKind.REST_DAY) in kinds

    def count(self, kinds: Collection[DayKind], first: date, before: date) -> int:
        """Return the number of days of these kinds from `first` to the day before `before`."""
        length = max(0, (before - first).days)
        if not kinds:
            return length
        ordinary = {number for number in range(7) if ORDINARY_WEEKS.matches(_monday(number), kinds)}
        weeks, remainder = divmod(length, 7)
        counted = weeks * len(ordinary) + sum(
            (first.weekday() + number) % 7 in ordinary for number in range(remainder)
        )
        for day in self._days:
            if first <= day < before:
                counted += self.matches(day, kinds) - (day.weekday() in ordinary)
        return counted


def read(text: str) -> DayCalendar:
    """Return the calendar of a file; raises CalendarFileError."""
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    if rows.fieldnames != _COLUMNS:
        raise CalendarFileError(f"line 1: the columns are {', '.join(_COLUMNS)}")
    days: dict[date, SpecialDay] = {}
    for row in rows:
        try:
            begin, end, special = _span_of(row)
        except ValueError as error:
            raise CalendarFileError(f"line {rows.line_num}: {error}") from None
        for number in range((end - begin).days + 1):
            day = begin + number * _DAY
            if day in days:
                raise CalendarFileError(f"line {rows.line_num}: {day} is there twice")
            days[day] = special
        if len(days) > _MOST_DAYS:
            raise CalendarFileError(f"line {rows.line_num}: more than {_MOST_DAYS} days")
    return DayCalendar(days.items())


def _span_of(row: dict[str, str]) -> tuple[date, date, SpecialDay]:
    if None in row.values() or None in row:
        raise ValueError(f"a line has {len(_COLUMNS)} cells")
    begin, end = (date.fromisoformat(row[name].strip()) for name in ("begin", "end"))
    if not begin <= end < begin + 60 * _DAY:
        raise ValueError("end lies within 60 days after begin")
    kind = row["kind"].strip()
    if kind not in (DayKind.HOLIDAY, DayKind.WORKDAY):
        raise ValueError(f"kind is {DayKind.HOLIDAY} or {DayKind.WORKDAY}")
    zh, en = row["zh"].strip()[:40], row["en"].strip()[:40]
    if not zh or not en:
        raise ValueError("a day needs its name in Chinese and in English")
    return begin, end, SpecialDay(kind == DayKind.HOLIDAY, Bilingual(zh, en))


def _is_ordinary_workday(day: date) -> bool:
    return day.weekday() < 5


def _monday(number: int) -> date:
    """Return a day of an ordinary week, 0 = Monday."""
    return date(2001, 1, 1) + number * _DAY


ORDINARY_WEEKS = DayCalendar()
"""No day is special."""
