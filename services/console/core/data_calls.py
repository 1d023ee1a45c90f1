"""Data calls 数据调用: answers of the read API, counted by day and by the entry of the ledger.

An answer with status 200 is a call of the topic whose data it delivers; the readings of a sensor
are a call of the sensor, too. The live stream is no call, and a page of a list is one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date

from shared.contracts.topics import (
    ALARMS,
    ALERTS,
    ASSIGNMENTS,
    CATALOG,
    COMMANDS,
    PAGES,
    READINGS,
    REPORTS,
    RESPONSE_MODES,
    SENSOR_HEALTH,
    SILENCE_STATES,
    SUPERVISION,
    WARNINGS,
)

TOPICS_OF_ROUTES: Mapping[str, str] = {
    "/api/alarms": ALARMS.name,
    "/api/alerts": ALERTS.name,
    "/api/alerts/{alert_id}": ALERTS.name,
    "/api/assignments": ASSIGNMENTS.name,
    "/api/assignments/{assignment_id}": ASSIGNMENTS.name,
    "/api/commands": COMMANDS.name,
    "/api/commands/{command_id}": COMMANDS.name,
    "/api/incidents/{incident_id}/reports": REPORTS.name,
    "/api/modes": RESPONSE_MODES.name,
    "/api/pages": PAGES.name,
    "/api/pages/{page_id}": PAGES.name,
    "/api/sensors": SENSOR_HEALTH.name,
    "/api/sensors/silent": SENSOR_HEALTH.name,
    "/api/sensors/{sensor_id}/readings": READINGS.name,
    "/api/silences": SILENCE_STATES.name,
    "/api/supervision": SUPERVISION.name,
    "/api/units": CATALOG.name,
    "/api/warnings": WARNINGS.name,
}
"""The counted routes; answers of further routes are made from several topics and not counted."""
DayCalls = Mapping[tuple[date, str], int]
"""The number of calls by day and key of the entry."""


def called_entries(route: str, parameters: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys of the entries whose data an answer of a route delivers."""
    topic = TOPICS_OF_ROUTES.get(route)
    if topic is None:
        return ()
    sensor = parameters.get("sensor_id")
    return (f"topic:{topic}",) if sensor is None else (f"topic:{topic}", f"sensor:{sensor}")


class CallCounts:
    """The calls that are not stored yet."""

    def __init__(self) -> None:
        self._calls: Counter[tuple[date, str]] = Counter()

    def add(self, day: date, entries: tuple[str, ...]) -> None:
        """Count a call of each entry."""
        for entry in entries:
            self._calls[day, entry] += 1

    def take(self) -> DayCalls:
        """Return the calls, and begin anew."""
        calls, self._calls = self._calls, Counter()
        return calls

    def put_back(self, calls: DayCalls) -> None:
        """Count calls that could not be stored once more."""
        self._calls.update(calls)
