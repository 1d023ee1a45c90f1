"""Settings of duty."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.runtime.day_calendars import CalendarSettings


class Settings(CalendarSettings):
    """From the environment, prefix FENGHUO_."""

    keep_days: Annotated[int, Field(ge=30, le=36_500)] = 400
    """Days for which the entries of a duty plan stay after their end."""
