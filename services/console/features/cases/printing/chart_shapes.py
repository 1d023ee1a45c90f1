"""The shapes of a chart within a box, for HTML and PDF; the origin is the upper left corner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil, floor, log10

from services.console.features.cases.dossier import moment
from services.console.features.cases.dossier_charts import Chart, ChartLine, Point

_WEST, _EAST, _TOP, _BOTTOM = 0.09, 0.99, 0.06, 0.88
"""The frame of the lines, in parts of the box."""
_YEAR = 5
"""The characters of the year, and its dash."""


@dataclass(frozen=True, slots=True)
class ChartText:
    """A text at a point; `anchor` is start, middle or end."""

    x: float
    y: float
    text: str
    anchor: str
    level: str = ""


@dataclass(frozen=True, slots=True)
class ChartShapes:
    """Lines and texts of a chart in units of the box."""

    lines: tuple[tuple[Point, ...], ...]
    limits: tuple[tuple[str, Point, Point], ...]
    grid: tuple[tuple[Point, Point], ...]
    texts: tuple[ChartText, ...]


def shapes_of(chart: Chart, width: float, height: float) -> ChartShapes:
    """Return the shapes of a chart for a box of this size."""
    west, east, top, bottom = width * _WEST, width * _EAST, height * _TOP, height * _BOTTOM
    passed = chart.end - chart.begin or 1.0

    def x(at: float) -> float:
        return round(west + (at - chart.begin) / passed * (east - west), 2)

    def y(value: float) -> float:
        return round(bottom - (value - chart.low) / (chart.high - chart.low) * (bottom - top), 2)

    ticks = list(_ticks(chart.low, chart.high))
    texts = [ChartText(west - 0.01 * width, y(tick), f"{tick:.10g}", "end") for tick in ticks]
    texts.append(ChartText(west, top - 0.01 * height, chart.unit, "start"))
    texts += [
        ChartText(
            west + share * (east - west),
            height * 0.97,
            moment(datetime.fromtimestamp(chart.begin + share * passed, UTC))[_YEAR:-3],
            anchor,
        )
        for share, anchor in ((0, "start"), (0.5, "middle"), (1, "end"))
    ]
    texts += [
        ChartText(east - 0.005 * width, y(limit.value) - 0.012 * height, name, "end", limit.level)
        for limit in chart.limits
        for name in (f"{limit.name.zh} {limit.name.en}",)
    ]
    return ChartShapes(
        lines=tuple(tuple((x(at), y(value)) for at, value in _steps(line)) for line in chart.lines),
        limits=tuple(
            (limit.level, (west, y(limit.value)), (east, y(limit.value))) for limit in chart.limits
        ),
        grid=tuple(((west, y(tick)), (east, y(tick))) for tick in ticks),
        texts=tuple(texts),
    )


def _steps(line: ChartLine) -> Iterator[Point]:
    """Yield the points; a stepped line has its former value right before each next point."""
    last: float | None = None
    for at, value in line.points:
        if line.stepped and last is not None:
            yield at, last
        yield at, value
        last = value


def _ticks(low: float, high: float) -> Iterator[float]:
    """Yield three to six round numbers within the range."""
    rough = (high - low) / 4
    power: float = 10.0 ** floor(log10(rough))
    step = next((size * power for size in (1, 2, 5) if size * power >= rough), 10 * power)
    number = ceil(low / step)
    while number * step <= high:
        yield round(number * step, 10)
        number += 1
