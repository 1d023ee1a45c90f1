"""Silent sensors of a district: the places to be told, and the places heard again.

A place is a town, or the place of a sensor above the towns. Several places that fall silent
together have one cause, so that the district alone is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.alerting.core.alarms.snapshot import AlarmSnapshot
from services.alerting.core.alerts.grouping import scope_of
from services.alerting.core.silences.silence import Silence, silence_hiding
from shared.contracts.alarms import AlarmEvent
from shared.contracts.fields import Status

SETTLING = timedelta(seconds=90)
"""From the first silent sensor of a district until its places are told."""
RETURNING = timedelta(seconds=15)
"""The same from the first sensor that is heard again."""
RECHECK = timedelta(minutes=5)
"""From one look to the next while silences hide silent sensors."""
SEVERAL = 4
"""So many places that fall silent together are told as their district."""


@dataclass(frozen=True, slots=True)
class SilentSensor:
    """A silent sensor: alarm, name in the words of the alarm, and last reading.

    `last_seen_at` of a sensor without a reading is the beginning of the wait.
    """

    alarm: AlarmSnapshot
    headline: str
    last_seen_at: datetime

    @property
    def place(self) -> str:
        """Return the place that is told of the silence."""
        return scope_of(self.alarm.place)


@dataclass(frozen=True, slots=True)
class SilentPlace:
    """A place that has been told of its silent sensors; `wide`: a district for its places."""

    unit: str
    wide: bool
    fault_id: str
    headline: str
    text: str
    since: datetime
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SilenceChanges:
    """The places to be told, each with its silent sensors, and those that are heard again."""

    raised: Mapping[str, Sequence[SilentSensor]]
    wide: frozenset[str]
    cleared: Sequence[SilentPlace]


def concerns_silence(event: AlarmEvent) -> bool:
    """Return whether an alarm says that a sensor of the real world is silent, or heard again."""
    is_real = event.status is Status.ACTUAL and not event.condition
    return is_real and event.kind == "absence" and event.sensor_id is not None


def silent_since(event: AlarmEvent) -> datetime:
    """Return the time of the last reading; without a reading, the beginning of the wait."""
    if event.evidence.last_seen_at is not None:
        return event.evidence.last_seen_at
    began_at = event.started_at or event.occurred_at
    return began_at - timedelta(seconds=event.evidence.limit)


def visible_sensors(
    sensors: Sequence[SilentSensor], silences: Mapping[str, Silence], now: datetime
) -> list[SilentSensor]:
    """Return the silent sensors that no silence or maintenance window hides."""
    hiding = list(silences.values())
    return [sensor for sensor in sensors if silence_hiding(hiding, sensor.alarm, now) is None]


def changes_of(
    district: str, sensors: Sequence[SilentSensor], existing_places: Mapping[str, SilentPlace]
) -> SilenceChanges:
    """Return the changes of a district; `existing_places` are the places that were told before."""
    by_place: dict[str, list[SilentSensor]] = {}
    for sensor in sensors:
        by_place.setdefault(sensor.place, []).append(sensor)
    above = existing_places.get(district)
    was_wide = above is not None and above.wide
    new_places = [place for place in by_place if place not in existing_places]
    is_wide = len(by_place) > 1 if was_wide else above is None and len(new_places) >= SEVERAL
    raised: dict[str, Sequence[SilentSensor]] = {}
    if is_wide and not was_wide:
        raised[district] = [sensor for place in new_places for sensor in by_place[place]]
    elif not is_wide:
        raised = {place: by_place[place] for place in new_places}
        if was_wide and district in by_place:
            raised[district] = by_place[district]
    cleared = [
        place
        for unit, place in existing_places.items()
        if (place.wide and not is_wide) or (not place.wide and unit not in by_place)
    ]
    return SilenceChanges(raised, frozenset({district} if is_wide else ()), cleared)
