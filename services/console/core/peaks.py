"""The name of a case with the peak of its gravest alarm: how far the event went."""

from __future__ import annotations

import json
from collections.abc import Iterable

from services.console.core.names import UnitNames
from services.console.core.record import Json, OutgoingRecord
from shared.contracts.fields import LEVEL_ORDER, Level
from shared.domain.bilingual import Bilingual, bilingual_of
from shared.domain.measures import amount


def gravest(rows: Iterable[OutgoingRecord]) -> OutgoingRecord | None:
    """Return the alarm of the highest level with a peak; of equals the furthest from its limit."""
    return max(
        (row for row in rows if row["peak"] is not None),
        key=lambda row: (LEVEL_ORDER[Level(row["level"])], _excess(row), row["alarm_id"]),
        default=None,
    )


def _excess(row: OutgoingRecord) -> float:
    limit = float(_evidence(row)["limit"])
    return abs(float(row["peak"]) - limit) / (abs(limit) or 1.0)


def _evidence(row: OutgoingRecord) -> Json:
    result: Json = json.loads(row["evidence"])
    return result


def name_with_peak(name: str, rows: Iterable[OutgoingRecord], names: UnitNames) -> str:
    """Return the name of a case with the peak of its gravest alarm, if one has a peak."""
    row = gravest(rows)
    if row is None:
        return name
    evidence = _evidence(row)
    sensor = names.sensor_entry(row["sensor_id"])
    if sensor is None or (sensor.metric, sensor.unit) != (evidence["metric"], evidence["unit"]):
        return name
    words, value = bilingual_of(name), amount(row["peak"], sensor.unit)
    is_above = row["peak"] >= evidence["limit"]
    return Bilingual(
        f"{words.zh}，{'最高' if is_above else '最低'} {value.zh}",
        f"{words.en}, {'peak' if is_above else 'lowest'} {value.en}",
    ).joined()
