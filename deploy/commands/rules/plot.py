"""`plot`: a sensor's readings with the rule's levels and the alarms it raises, as PNG or SVG.

Long recordings are thinned to least and greatest per slice, so a plot of a million readings has the
same peaks as one of a thousand. Names in Chinese are drawn only when the machine has letters for
them.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.commands.rules.episodes import Episode
from shared.contracts.rules import (
    BaselineRule,
    RangeRule,
    RateRule,
    RuleDefinition,
    ThresholdRule,
    WindowRule,
)
from shared.definitions.rules.ladders import ladder_of
from shared.definitions.yaml_files.screen import LOCAL, plain

SUFFIXES = (".png", ".svg")
COLOURS = {
    "notice": "#7f7f7f",
    "blue": "#1f77ff",
    "yellow": "#d9b300",
    "orange": "#ff7f0e",
    "red": "#d62728",
}
MOST_POINTS = 6_000
_CJK = (
    "Noto Sans CJK SC",
    "Noto Serif CJK SC",
    "Source Han Sans SC",
    "WenQuanYi Zen Hei",
    "SimHei",
)


@dataclass
class Series:
    """Times in seconds since 1970 and values, thinned during growth."""

    at: list[float] = field(default_factory=list)
    value: list[float] = field(default_factory=list)

    def add(self, at: float, value: float) -> None:
        """Add a point; at most twice MOST_POINTS stay."""
        self.at.append(at)
        self.value.append(value)
        if len(self.at) >= 2 * MOST_POINTS:
            self._thin()

    def _thin(self) -> None:
        """Return least and greatest of every four points, in order of time."""
        times: list[float] = []
        values: list[float] = []
        for start in range(0, len(self.at), 4):
            group = range(start, min(start + 4, len(self.at)))
            ends = {
                min(group, key=self.value.__getitem__),
                max(group, key=self.value.__getitem__),
            }
            for place in sorted(ends):
                times.append(self.at[place])
                values.append(self.value[place])
        self.at, self.value = times, values


class Judged:
    """The values that a rule compares with its limits, computed independently for each reading.

    None for rules whose quantity is the value itself or cannot be drawn (the adaptive score).
    """

    def __init__(self, rule: RuleDefinition) -> None:
        self._body = rule.body
        self._values_in_window: deque[tuple[float, float]] = deque()
        self._total = 0.0

    def next(self, at: float, value: float) -> float | None:
        """Return the quantity after a reading in order of time."""
        match self._body:
            case WindowRule():
                return self._window(self._body, at, value)
            case RateRule():
                last = self._values_in_window[-1] if self._values_in_window else None
                self._values_in_window.append((at, value))
                if len(self._values_in_window) > 1 and last is not None:
                    self._values_in_window.popleft()
                    gap = at - last[0]
                    if 0 < gap <= self._body.gap_s:
                        return (value - last[1]) / gap * self._body.per_s
                return None
            case _:
                return None

    def _window(self, body: WindowRule, at: float, value: float) -> float | None:
        window = self._values_in_window
        window.append((at, value))
        self._total += value
        while window[0][0] <= at - body.window_s:
            self._total -= window.popleft()[1]
        if len(window) < body.min_count:
            return None
        values = [value for _, value in window] if body.aggregate in ("min", "max") else []
        match body.aggregate:
            case "sum":
                return self._total
            case "mean":
                return self._total / len(window)
            case "count":
                return float(len(window))
            case "delta":
                return window[-1][1] - window[0][1] if len(window) > 1 else None
            case "min":
                return min(values)
            case "max":
                return max(values)


def on_the_value(rule: RuleDefinition) -> bool:
    """Return whether the rule's limits are values of the sensor."""
    body = rule.body
    return isinstance(body, ThresholdRule) or (
        isinstance(body, WindowRule) and body.aggregate in ("mean", "min", "max")
    )


def draw(
    file: Path,
    title: str,
    rule: RuleDefinition,
    readings: Series,
    judged: Series,
    episodes: Sequence[Episode],
) -> None:
    """Write the plot; `judged` empty = the value itself. Raises OSError."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    families, title = _letters(title)
    with mpl.rc_context(
        {
            "font.family": families,
            "svg.hashsalt": "fenghuo",
            "axes.unicode_minus": False,
            "text.usetex": False,
            "text.parse_math": False,
        }
    ):
        rows = 2 if judged.at and not on_the_value(rule) else 1
        figure, grid = plt.subplots(
            rows, 1, sharex=True, squeeze=False, figsize=(11, 3.2 + 2.2 * rows), dpi=110
        )
        axes: list[Any] = [row[0] for row in grid]
        try:
            _fill(axes, title, rule, readings, judged, episodes)
            figure.autofmt_xdate()
            metadata: Any = {"Date": None} if file.suffix == ".svg" else {"Software": None}
            figure.savefig(file, metadata=metadata, bbox_inches="tight")
        finally:
            plt.close(figure)


def _fill(
    axes: list[Any],
    title: str,
    rule: RuleDefinition,
    readings: Series,
    judged: Series,
    episodes: Sequence[Episode],
) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    top, bottom = axes[0], axes[-1]
    top.set_title(title, loc="left", fontsize=10)
    top.plot(
        _times(readings.at),
        readings.value,
        color="#222222",
        lw=0.9,
        marker=".",
        ms=2.5,
        label="reading",
    )
    datum = f" above datum {rule.datum}" if rule.datum and rule.datum.isascii() else ""
    top.set_ylabel(f"{rule.metric} [{rule.unit}{datum}]")
    if judged.at:
        bottom.plot(_times(judged.at), judged.value, color="#225588", lw=1.1, label=_quantity(rule))
        if bottom is not top:
            bottom.set_ylabel(_quantity(rule))
    limits = bottom if judged.at else top
    if not isinstance(rule.body, BaselineRule):
        rungs, _ = ladder_of(rule)
        for rung in rungs:
            colour = COLOURS[rung.level.value]
            limits.axhline(
                rung.raise_at,
                color=colour,
                lw=1.2,
                label=f"{rung.level.value} raise {rung.raise_at:g}",
            )
            limits.axhline(
                rung.clear_at,
                color=colour,
                lw=0.9,
                ls=":",
                label=f"{rung.level.value} clear {rung.clear_at:g}",
            )
    if isinstance(rule.body, RangeRule):
        for name, value in (("low", rule.body.low), ("high", rule.body.high)):
            top.axhline(value, color="#444444", lw=0.9, ls="--", label=f"{name} {value:g}")
    last = max((*readings.at, *(episode.began for episode in episodes)), default=0.0)
    labels: set[str] = set()
    for episode in episodes:
        level = episode.level.value
        for axis in axes:
            label = "" if level in labels or axis is not top else f"alarm, {level} at most"
            end = last if math.isinf(episode.end) else episode.end
            axis.axvspan(
                _time(episode.began),
                _time(max(end, episode.began + 1)),
                color=COLOURS[level],
                alpha=0.18,
                lw=0,
                label=label or None,
            )
        labels.add(level)
    for axis in axes:
        axis.grid(alpha=0.25)
        handles, _ = axis.get_legend_handles_labels()
        if handles:
            axis.legend(loc="upper left", bbox_to_anchor=(1.005, 1), fontsize=7, frameon=False)
    locator = AutoDateLocator(tz=LOCAL)
    bottom.xaxis.set_major_locator(locator)
    bottom.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=LOCAL))
    bottom.set_xlabel("time, UTC+8")


def _quantity(rule: RuleDefinition) -> str:
    match rule.body:
        case WindowRule():
            return f"{rule.body.aggregate} over {rule.body.window_s / 3600:g} h"
        case RateRule():
            return f"change per {rule.body.per_s:g} s"
        case _:
            return str(rule.metric)


def _letters(title: str) -> tuple[list[str], str]:
    """Fonts that can draw the title; without such fonts, the title in drawable characters."""
    from matplotlib import font_manager

    title = plain(title)
    have = {font.name for font in font_manager.fontManager.ttflist}
    results = [name for name in _CJK if name in have]
    if not results:
        title = "".join(letter for letter in title if ord(letter) < 0x2000).strip()
    return ["DejaVu Sans", *results[:1]], title


def _times(seconds: Sequence[float]) -> list[datetime]:
    return [_time(second) for second in seconds]


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
