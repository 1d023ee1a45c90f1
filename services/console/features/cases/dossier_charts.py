"""Charts of a case for print: the level with its limits, and the signatures over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.console.features.cases.words import Words
from services.console.features.commands.course import Course
from shared.contracts.catalog import SensorEntry
from shared.domain.bilingual import Bilingual
from shared.domain.measures import amount, metric

Point = tuple[float, float]
"""Seconds since 1970 and a value."""
_REACH = 0.6
"""A limit so far beyond the values, in parts of their range, is not drawn."""
_MARGIN = 0.08


@dataclass(frozen=True, slots=True)
class ChartLine:
    """A line of a chart; a stepped one keeps its value up to the next point."""

    name: Bilingual
    points: tuple[Point, ...]
    stepped: bool = False


@dataclass(frozen=True, slots=True)
class ChartLimit:
    """A horizontal line with its word; `level` is its colour."""

    name: Bilingual
    value: float
    level: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: at most two lines, the limits, and the range of both axes."""

    heading: Bilingual
    unit: str
    lines: tuple[ChartLine, ...]
    limits: tuple[ChartLimit, ...]
    begin: float
    end: float
    low: float
    high: float


def level_chart(
    sensor: SensorEntry,
    points: Sequence[Point],
    levels: Sequence[Mapping[str, Any]],
    words: Words,
) -> Chart:
    """Return the course of a sensor with the limits near its values."""
    values = [value for _, value in points]
    least, most = min(values), max(values)
    reach = (most - least or abs(most) or 1.0) * _REACH
    limits = tuple(
        ChartLimit(
            Bilingual(f"{name.zh} {level['raise_at']:.10g}", f"{name.en} {level['raise_at']:.10g}"),
            level["raise_at"],
            level["level"],
        )
        for level in levels
        for name in [words("level." + level["level"])]
        if least - reach <= level["raise_at"] <= most + reach
    )
    low, high = _range([*values, *(limit.value for limit in limits)])
    name, unit = metric(sensor.metric), amount(0, sensor.unit).zh[1:].strip()
    heading = Bilingual(f"{sensor.name}{name.zh}", f"{sensor.name}: {name.en}")
    line = ChartLine(heading, tuple(points))
    unit = f"{unit}（{sensor.datum}）" if sensor.datum else unit
    return Chart(heading, unit, (line,), limits, points[0][0], points[-1][0], low, high)


def signature_chart(course: Course, words: Words) -> Chart | None:
    """Return the units that have signed and reported over time; None without a unit."""
    if not course.points:
        return None
    at = [point.at.timestamp() for point in course.points]
    lines = (
        ChartLine(
            words("signed"),
            tuple(zip(at, (float(point.signed) for point in course.points), strict=True)),
            stepped=True,
        ),
        ChartLine(
            words("reported"),
            tuple(zip(at, (float(point.reported) for point in course.points), strict=True)),
            stepped=True,
        ),
    )
    total = ChartLimit(words("course.total", n=course.total), float(course.total), "notice")
    return Chart(
        words("course.title"), "", lines, (total,), at[0], at[-1], 0.0, course.total * (1 + _MARGIN)
    )


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = (high - low or abs(high) or 1.0) * _MARGIN
    return low - margin, high + margin
