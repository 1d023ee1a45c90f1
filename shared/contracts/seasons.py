"""Seasons and hours of day in which a rule holds, on the wall clock of the installation."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.contracts.fields import Contract

_LEAP_YEAR = 2024
"""Spans are compared in a leap year: it has every day that a season may name."""
_DAY_MINUTES = 24 * 60


class SeasonSpan(Contract):
    """The days of every year from `begin` to `end`, both included, over new year where `end` is
    the earlier: `11-01` to `03-31`. 29 February is the end of February.
    """

    begin: Annotated[str, Field(pattern=r"^[0-9]{2}-[0-9]{2}$")]
    end: Annotated[str, Field(pattern=r"^[0-9]{2}-[0-9]{2}$")]

    @model_validator(mode="after")
    def _names_days(self) -> Self:
        for text in (self.begin, self.end):
            month, day = month_day(text)
            if not 1 <= month <= 12 or not 1 <= day <= monthrange(_LEAP_YEAR, month)[1]:
                raise ValueError(f"{text} is no day of a year; allowed: 01-01 to 12-31")
        return self


class HourSpan(Contract):
    """The hours of a day from `begin` until before `end`, over midnight where `end` is the earlier:
    `22:00` to `06:00`.
    """

    begin: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    end: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


Seasons = Annotated[tuple[SeasonSpan, ...], Field(max_length=8)]
HoursOfDay = Annotated[tuple[HourSpan, ...], Field(max_length=8)]


def month_day(text: str) -> tuple[int, int]:
    """Return `MM-DD` as two numbers."""
    return int(text[:2]), int(text[3:])


def minute_of_day(text: str) -> int:
    """Return `HH:MM` as the minute of the day."""
    return int(text[:2]) * 60 + int(text[3:])


def season_problem(seasons: Iterable[SeasonSpan]) -> str | None:
    """Return what is wrong with seasons together; None when nothing is."""
    days: list[int] = []
    for season in seasons:
        first, last = (
            date(_LEAP_YEAR, *month_day(text)).timetuple().tm_yday
            for text in (season.begin, season.end)
        )
        days += (
            range(first, last + 1) if first <= last else (*range(first, 367), *range(1, last + 1))
        )
    return _problem("seasons", days, 366, "year")


def hours_problem(hours: Iterable[HourSpan]) -> str | None:
    """Return what is wrong with hours together; None when nothing is."""
    minutes: list[int] = []
    for span in hours:
        first, last = minute_of_day(span.begin), minute_of_day(span.end)
        if first < last:
            minutes += range(first, last)
        else:
            minutes += (*range(first, _DAY_MINUTES), *range(last))
    return _problem("hours", minutes, _DAY_MINUTES, "day")


def _problem(name: str, covered: list[int], total: int, of: Literal["year", "day"]) -> str | None:
    if len(covered) > len(set(covered)):
        return f"{name} overlap; allowed are spans that lie apart"
    if len(covered) == total:
        return f"{name} cover the complete {of}: leave them out"
    return None
