"""Models of the response with the load."""

from __future__ import annotations

from datetime import date, datetime

from services.console.web.response_models import ResponseModel
from shared.contracts.fields import Status


class LoadFigures(ResponseModel):
    """Counts of a period."""

    readings: int
    alarms: int
    alerts: int
    incidents: int
    pages: int


class LoadDay(LoadFigures):
    """Counts of a day in China."""

    day: date
    officers: int


class LoadHour(LoadFigures):
    """Counts of an hour of the day over all days."""

    hour: int


class OfficerLoad(ResponseModel):
    """Pages of an officer in the period."""

    name: str | None
    own: bool
    unit: str
    unit_name: str
    pages: int
    days: int
    most: int


class PlaceLoad(ResponseModel):
    """The load of a subtree in 28 days."""

    status: Status
    unit: str
    unit_name: str
    now: datetime
    since: date | None
    days: list[LoadDay]
    hours: list[LoadHour]
    totals: LoadFigures
    alarms_per_incident: float | None
    pages_per_officer_day: float | None
    readings_per_page: float | None
    officers: list[OfficerLoad]
    officer_count: int
    all_officers: bool
