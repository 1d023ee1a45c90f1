"""The calendar of working days and holidays: the office's file, or that of the package."""

from __future__ import annotations

from pathlib import Path

from pydantic import field_validator

from shared.domain.roster import day_calendar
from shared.domain.roster.day_calendar import CalendarFileError, DayCalendar
from shared.runtime.errors import SetupError
from shared.runtime.settings import DatabaseSettings

CHINA = Path(day_calendar.__file__).with_name("china_holidays.csv")
"""The holidays of China that the package knows; a calendar file of the office replaces them."""


class CalendarSettings(DatabaseSettings):
    """The settings of a service that evaluates duty plans."""

    holidays_file: Path | None = None
    """CSV of holidays and of days of work at weekends (docs/duty.md), the same for duty and
    console; not set = China's, for the years that are known. Read at start."""

    @field_validator("holidays_file", mode="before")
    @classmethod
    def _empty_calendar_is_unset(cls, value: object) -> object:
        return None if value == "" else value


def load_calendar(settings: CalendarSettings) -> DayCalendar:
    """Return the calendar; raises SetupError for a file that is no calendar."""
    path = settings.holidays_file or CHINA
    try:
        return day_calendar.read(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, CalendarFileError) as error:
        raise SetupError(f"FENGHUO_HOLIDAYS_FILE cannot be used: {path}: {error}") from error
