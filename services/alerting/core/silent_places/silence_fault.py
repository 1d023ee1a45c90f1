"""The record and the words about a place whose sensors are silent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.alerting.core.silent_places.silent_place import SilentPlace, SilentSensor
from shared.contracts.faults import SILENT_SENSORS, FaultState, SystemFault
from shared.contracts.fields import DataGrade
from shared.contracts.ids import content_id, transition_id
from shared.contracts.units import tier_of
from shared.domain.bilingual import Bilingual, bilingual_of

_VERSIONS = {FaultState.RAISED: 1, FaultState.CLEARED: 2}
_NAMED = 8
"""So many silent sensors are named; the others are counted."""
_MOST_PLACES = 64
_TEXT_CHARACTERS = 4_000


_SINGLE = Bilingual("1 个传感器失联", "1 sensor is silent")


def silent_place(
    unit: str, sensors: Sequence[SilentSensor], cause_id: str, *, wide: bool
) -> SilentPlace:
    """Return the place with its words; `cause_id` distinguishes one silence from the next."""
    first = sorted(sensors, key=lambda sensor: (sensor.last_seen_at, sensor.alarm.alarm_id))
    places = sorted({sensor.place for sensor in sensors})
    return SilentPlace(
        unit=unit,
        wide=wide,
        fault_id=content_id("flt", SILENT_SENSORS, unit, cause_id),
        headline=_headline(first, places, wide=wide),
        text=_text(first),
        since=first[0].last_seen_at,
        places=tuple(places[:_MOST_PLACES]),
    )


def fault_of_place(place: SilentPlace, state: FaultState, now: datetime) -> SystemFault:
    """Return the record of a place that is silent, or heard again."""
    version = _VERSIONS[state]
    return SystemFault(
        id=transition_id(place.fault_id, version),
        occurred_at=place.since if state is FaultState.RAISED else now,
        sent_at=now,
        origin_unit=place.unit,
        tier=tier_of(place.unit),
        areas=place.places,
        fault_id=place.fault_id,
        version=version,
        state=state,
        kind=SILENT_SENSORS,
        subject_id=place.unit,
        unit=place.unit,
        reported_by="alerting",
        headline=place.headline,
        text=place.text,
    )


def _headline(sensors: Sequence[SilentSensor], places: Sequence[str], *, wide: bool) -> str:
    number = len(sensors)
    if number == 1:
        return sensors[0].headline if _is_named(sensors[0]) else _SINGLE.joined()
    if wide:
        return Bilingual(
            f"{len(places)} 处共 {number} 个传感器失联",
            f"{number} sensors are silent in {len(places)} places",
        ).joined()
    return Bilingual(f"{number} 个传感器失联", f"{number} sensors are silent").joined()


def _text(sensors: Sequence[SilentSensor]) -> str:
    general = [sensor for sensor in sensors if _is_named(sensor)][:_NAMED]
    if not general:
        return ""
    names = [bilingual_of(sensor.headline) for sensor in general]
    surplus = len(sensors) - len(names)
    more = Bilingual(f"，另有 {surplus} 个", f"; {surplus} more") if surplus else Bilingual("", "")
    return Bilingual(
        f"失联设备：{'、'.join(name.zh for name in names)}{more.zh}",
        f"Silent: {'; '.join(name.en for name in names)}{more.en}",
    ).joined(_TEXT_CHARACTERS)


def _is_named(sensor: SilentSensor) -> bool:
    """Return whether a page may name the sensor: words of graded data stay out of pages."""
    return sensor.alarm.grade is DataGrade.GENERAL
