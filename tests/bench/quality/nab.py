"""NAB's score under its standard profile, written anew from the paper and checked by hand in tests.

Source: Lavin and Ahmad, "Evaluating Real-time Anomaly Detection Algorithms - the Numenta Anomaly
Benchmark", ICMLA 2015, arXiv:1510.03336 (docs/sources.md S37), and the arithmetic of numenta/NAB
(its sweeper), which differs from the paper in two places: inside a window the position counts from
one row past its right edge and the value is divided by the value at the left edge, so that a
detection in a window's first row is worth exactly 1.

In short: the first 15 % of a series (750 rows at most) do not count. A window has the worth of the
earliest detection, 1 at the left edge falling to nearly 0 at the right edge, or -1 without a
detection. Every detected row outside a window costs 0.11, less just after a window, for a late
detection. A detector with every window found in the first row scores 100, a blind detector 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

PROBATION = 0.15
LONGEST_PROBATION = 750
A_TP, A_FP, A_FN = 1.0, 0.11, 1.0
"""The standard profile. NAB's true negatives are worth nothing in every profile."""

Span = tuple[int, int]
"""First and last row of a labelled window, both inside it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One scored row: the detector's score, what a detection here is worth, the window it is in."""

    score: float
    worth: float
    window: int | None


@dataclass(frozen=True, slots=True)
class Raw:
    """A raw score and its parts: all windows, found windows, false rows."""

    score: float
    windows: int
    found_windows: int
    false_rows: int

    def __add__(self, addend: Raw) -> Raw:
        return Raw(
            self.score + addend.score,
            self.windows + addend.windows,
            self.found_windows + addend.found_windows,
            self.false_rows + addend.false_rows,
        )


ZERO = Raw(0.0, 0, 0, 0)


def probation(rows: int) -> int:
    """Return the number of rows at the start of a series that are not scored."""
    return min(math.floor(PROBATION * rows), LONGEST_PROBATION)


def scaled_sigmoid(position: float) -> float:
    """Return the worth at a position: -1 is the left edge, 0 the right edge, 1 a width further."""
    if position >= 3.0:
        return -1.0
    return 2.0 / (1.0 + math.exp(5.0 * position)) - 1.0


def rows_of(scores: Sequence[float], windows: Iterable[Span]) -> list[Row]:
    """The scored rows of one series; windows in order and apart from each other."""
    spans = sorted(windows)
    best = scaled_sigmoid(-1.0)
    first = probation(len(scores))
    rows: list[Row] = []
    ahead = 0
    for index, score in enumerate(scores):
        while ahead < len(spans) and spans[ahead][1] < index:
            ahead += 1
        if index < first:
            continue
        if ahead < len(spans) and spans[ahead][0] <= index:
            start, end = spans[ahead]
            position = -(end - index + 1) / (end - start + 1)
            rows.append(Row(score, A_TP * scaled_sigmoid(position) / best, ahead))
            continue
        position = 3.0
        if ahead > 0:
            start, end = spans[ahead - 1]
            position = (index - end) / max(end - start, 1)
        rows.append(Row(score, A_FP * scaled_sigmoid(position), None))
    return rows


def raw(rows: Iterable[Row], threshold: float) -> Raw:
    """The raw score of one series when every row of at least `threshold` is a detection."""
    worth: dict[int, float] = {}
    false, cost, windows = 0, 0.0, set()
    for row in rows:
        if row.window is not None:
            windows.add(row.window)
        if row.score < threshold:
            continue
        if row.window is None:
            false += 1
            cost += row.worth
        else:
            worth[row.window] = max(worth.get(row.window, -math.inf), row.worth)
    missed = len(windows) - len(worth)
    return Raw(sum(worth.values()) + cost - A_FN * missed, len(windows), len(worth), false)


def normalised(total: Raw) -> float:
    """The score from 0 (nothing found) to 100 (perfect) of a sum over a corpus; it can be negative.

    Raises ValueError for a corpus without a labelled window, for which the scale does not exist.
    """
    if not total.windows:
        raise ValueError("a corpus without labelled windows has no NAB score")
    worst, perfect = -A_FN * total.windows, A_TP * total.windows
    return 100.0 * (total.score - worst) / (perfect - worst)


def best_threshold(corpus: Sequence[Sequence[Row]]) -> tuple[float, float]:
    """NAB's sweep: the one threshold with the best raw score over a corpus, and that score.

    Every score that occurs is tried, and infinity, which detects nothing. Time: n log n.
    """
    events = sorted(
        ((row, series) for series, rows in enumerate(corpus) for row in rows),
        key=lambda event: -event[0].score,
    )
    windows = {(series, row.window) for row, series in events if row.window is not None}
    total = -A_FN * len(windows)
    worth: dict[tuple[int, int | None], float] = {}
    best, best_at = total, math.inf
    for place, (row, series) in enumerate(events):
        if row.window is None:
            total += row.worth
        else:
            known_worth = worth.get((series, row.window), -A_FN)
            total += max(row.worth - known_worth, 0.0)
            worth[series, row.window] = max(row.worth, known_worth)
        last = place + 1 == len(events) or events[place + 1][0].score != row.score
        if last and total > best:
            best, best_at = total, row.score
    return best_at, best
