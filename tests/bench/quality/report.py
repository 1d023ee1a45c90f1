"""Measures the detectors over a corpus: per series, in total, and as the record that is written."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tests.bench.quality.corpus import Series
from tests.bench.quality.detectors import DETECTORS, FIXED
from tests.bench.quality.nab import (
    A_FN,
    A_TP,
    ZERO,
    Raw,
    Row,
    best_threshold,
    normalised,
    probation,
    raw,
    rows_of,
)

MACHINE = "machine_temperature_system_failure"


@dataclass(frozen=True, slots=True)
class Line:
    """One detector at one series, with its fixed threshold. `nab_score` is None without windows."""

    series: str
    detector: str
    rows: int
    windows: int
    found_windows: int
    false_alarms: int
    days: float
    raw: float
    nab_score: float | None

    @property
    def per_day(self) -> float:
        """False alarms per day of the scored part."""
        return self.false_alarms / self.days


@dataclass(frozen=True, slots=True)
class Total:
    """One detector over the corpus; the last two with NAB's optimised threshold."""

    detector: str
    nab_score: float | None
    nab_recall: float | None
    false_alarms_per_day: float
    optimised_threshold: float
    optimised_nab_score: float | None


def measure(
    corpus: Sequence[Series], progress: Callable[[str], None]
) -> tuple[list[Line], list[Total]]:
    """Run every detector over every series. Time is linear in the rows."""
    lines: list[Line] = []
    totals: list[Total] = []
    for name, detect in DETECTORS.items():
        own: list[Line] = []
        swept: list[list[Row]] = []
        total = ZERO
        for place, series in enumerate(corpus, 1):
            progress(f"{name}: {place}/{len(corpus)} {series.name}")
            scored = detect(series)
            result = raw(rows_of(scored.alarms, series.windows), FIXED)
            total += result
            swept.append(rows_of(scored.rows, series.windows))
            own.append(_line(name, series, result))
        lines += own
        totals.append(_total(name, own, total, swept))
    return lines, totals


def _line(name: str, series: Series, raw: Raw) -> Line:
    rows = len(series.at)
    return Line(
        series.name,
        name,
        rows,
        raw.windows,
        raw.found_windows,
        raw.false_rows,
        series.days(probation(rows)),
        raw.score,
        _normalised(raw),
    )


def _total(name: str, lines: list[Line], total: Raw, swept: list[list[Row]]) -> Total:
    threshold, best = best_threshold(swept)
    days = sum(line.days for line in lines)
    windows = total.windows
    return Total(
        name,
        _normalised(total),
        total.found_windows / windows if windows else None,
        total.false_rows / days,
        threshold,
        100.0 * (best + A_FN * windows) / ((A_TP + A_FN) * windows) if windows else None,
    )


def _normalised(total: Raw) -> float | None:
    return normalised(total) if total.windows else None


def table(lines: Sequence[Line], totals: Sequence[Total]) -> str:
    """Both tables as text."""
    wide = max([len(line.series) for line in lines] + [6])
    out = [f"{'series':<{wide}}  detector          found   false alarms/day    NAB"]
    out += [
        f"{line.series:<{wide}}  {line.detector:<16} {line.found_windows:>3} of {line.windows:<2}"
        f" {line.per_day:>15.3f} {_number(line.nab_score):>8}"
        for line in sorted(lines, key=lambda line: line.series)
    ]
    out += [
        "",
        "corpus            NAB, fixed  NAB, optimised  (threshold)  recall  false alarms/day",
    ]
    for total in totals:
        recall = "" if total.nab_recall is None else f"{total.nab_recall:.2f}"
        out.append(
            f"{total.detector:<16} {_number(total.nab_score):>11} "
            f"{_number(total.optimised_nab_score):>15} {total.optimised_threshold:>12.3f} "
            f"{recall:>7} {total.false_alarms_per_day:>17.3f}"
        )
    return "\n".join(out)


def record(lines: Sequence[Line], totals: Sequence[Total]) -> dict[str, Any]:
    """Return the content of quality.json; the headline is the baseline at a fixed threshold."""
    own = totals[0]
    machine = [line for line in lines if MACHINE in line.series and line.detector == own.detector]
    return {
        "nab_score": own.nab_score,
        "nab_recall": own.nab_recall,
        "false_alarms_per_day": own.false_alarms_per_day,
        "machine_temperature_windows_caught": machine[0].found_windows if machine else None,
        "profile": "NAB standard, thresholds fixed; optimised_* with NAB's swept threshold",
        "detectors": [_finite(asdict(total)) for total in totals],
        "series": [_series(line) for line in lines],
    }


def _series(line: Line) -> dict[str, Any]:
    """Return a line as the file names its fields."""
    fields = asdict(line)
    fields["found"] = fields.pop("found_windows")
    return {**fields, "false_alarms_per_day": line.per_day}


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    """JSON has no infinity, which is the threshold of a detector best left silent."""
    return {k: None if isinstance(v, float) and math.isinf(v) else v for k, v in row.items()}


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
