"""The load as figures: rows become sums of days, hours and kinds, and the ratios between them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from services.console.core.access import Viewer
from services.console.core.masking import DataClass, opens
from services.console.core.names import UnitNames
from services.console.core.record import Json, OutgoingRecord
from shared.contracts.authority import EMERGENCY_POSTS

FIGURES = ("readings", "alarms", "alerts", "incidents", "pages")
CHINA = timezone(timedelta(hours=8))
"""The days and hours of the counts are those of China."""
_HOURS = 24

Figures = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Load:
    """The counts of a period by day, by hour of the day, and of alarms by kind and level."""

    by_day: Mapping[date, Figures]
    by_hour: Sequence[Figures]
    by_kind: Mapping[tuple[str, str], int]

    @property
    def totals(self) -> Figures:
        """The sums of the period."""
        return {name: sum(figures[name] for figures in self.by_day.values()) for name in FIGURES}


def day_in_china(at: datetime) -> date:
    """Return the day of a moment in China."""
    return at.astimezone(CHINA).date()


def load_of(rows: Iterable[OutgoingRecord], days: Collection[date]) -> Load:
    """Return the load of these days; a day without a row has zeros."""
    by_day = {day: dict.fromkeys(FIGURES, 0) for day in days}
    by_hour = [dict.fromkeys(FIGURES, 0) for _ in range(_HOURS)]
    by_kind: Counter[tuple[str, str]] = Counter()
    for row in rows:
        by_day[row["day"]][row["figure"]] += sum(row["hours"])
        for hour, count in enumerate(row["hours"]):
            by_hour[hour][row["figure"]] += count
        if row["figure"] == "alarms":
            by_kind[row["kind"], row["level"]] += sum(row["hours"])
    return Load(by_day, by_hour, by_kind)


def ratio(count: int, parts: int) -> float | None:
    """Return a quotient; None without parts."""
    return round(count / parts, 2) if parts else None


def ratios(totals: Figures, officer_days: int) -> Json:
    """Return alarms of an incident, pages of an officer and day, readings of a page.

    `officer_days` are the days of officers with at least one page.
    """
    return {
        "alarms_per_incident": ratio(totals["alarms"], totals["incidents"]),
        "pages_per_officer_day": ratio(totals["pages"], officer_days),
        "readings_per_page": ratio(totals["readings"], totals["pages"]),
    }


def days_between(first: date, last: date) -> list[date]:
    """Return all days of a period."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def sees_all_officers(viewer: Viewer) -> bool:
    """Return whether the viewer leads: the others see their own pages only."""
    return viewer.post in EMERGENCY_POSTS


def officer_view(
    row: OutgoingRecord, viewer: Viewer, officer_names: Mapping[str, str], names: UnitNames
) -> Json:
    """Return the pages of an officer; the name only where it is known and open to the viewer."""
    own = row["officer_id"] == viewer.officer_id
    named = own or opens(viewer, row["unit"], DataClass.NAME)
    return {
        "name": officer_names.get(row["officer_id"]) if named else None,
        "own": own,
        "unit": row["unit"],
        "unit_name": names.unit(row["unit"]),
        "pages": row["pages"],
        "days": row["days"],
        "most": row["most"],
    }


def load_view(load: Load, officers: Mapping[date, int]) -> Json:
    """Return days, hours, totals and ratios."""
    totals = load.totals
    return {
        "days": [
            {"day": day, **figures, "officers": officers.get(day, 0)}
            for day, figures in load.by_day.items()
        ],
        "hours": [{"hour": hour, **figures} for hour, figures in enumerate(load.by_hour)],
        "totals": totals,
        **ratios(totals, sum(officers.values())),
    }


def kinds_by_level(load: Load) -> dict[str, dict[str, int]]:
    """Return the alarms of each kind by level."""
    by_kind: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for (kind, level), count in sorted(load.by_kind.items()):
        by_kind[kind][level] = count
    return by_kind
