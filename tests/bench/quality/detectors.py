"""The three detectors under measurement. Each turns a series into scores, one per row, within 0 and 1.

An alarm engine tells an officer about a crossing, not about every reading beyond it, so with its
fixed threshold every detector detects at the row at which an alarm is raised (`Scored.alarms`). For
NAB's optimised threshold the two plain detectors hand in a score for every row, as NAB asks
(`Scored.rows`); ours scores the rows at which it raises and nothing elsewhere.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.scoring.core.baseline import Baseline, BaselineSpec
from services.scoring.core.baseline_episode import Episode, EpisodeSpec
from tests.bench.quality.corpus import Series
from tests.bench.quality.nab import probation

FIXED = 0.5
"""The fixed threshold of all three; each maps its own limit to it."""
WINDOW = 288
SIGMAS = 4.0
"""The plain z-score: a window of 288 readings (a day at five minutes), a limit of four deviations."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores per row: `rows` for a sweep of thresholds, `alarms` with everything but raises at 0."""

    rows: list[float]
    alarms: list[float]


Detector = Callable[[Series], Scored]


def ours(series: Series) -> Scored:
    """The adaptive baseline with its defaults, and its episodes."""
    spec, episodes = BaselineSpec(), EpisodeSpec()
    model, episode = Baseline(), Episode()
    scores = []
    for at, value in zip(series.at, series.values, strict=True):
        verdict = model.step(spec, at, value)
        event = None if verdict is None else episode.step(episodes, at, verdict.score)
        told = verdict is not None and event in ("raised", "worse")
        scores.append(verdict.score if verdict is not None and told else 0.0)
    return Scored(scores, scores)


def static(series: Series) -> Scored:
    """Limits fixed once: the least and greatest value of the probationary part."""
    known = series.values[: max(probation(len(series.values)), 1)]
    low, high = min(known), max(known)
    scale = max(high - low, 1e-9 * max(abs(low), abs(high)), 1e-12)
    rows = []
    for value in series.values:
        beyond = max(value - high, low - value) / scale
        rows.append(0.5 + 0.5 * beyond / (1.0 + beyond) if beyond > 0.0 else 0.0)
    return Scored(rows, crossings(rows))


def z_score(series: Series) -> Scored:
    """Distance from the mean of the last 288 readings in their standard deviations."""
    rows = []
    window: deque[float] = deque(maxlen=WINDOW)
    for value in series.values:
        count = len(window)
        if count < WINDOW // 4:
            rows.append(0.0)
        else:
            mean = math.fsum(window) / count
            spread = math.sqrt(math.fsum((v - mean) ** 2 for v in window) / count)
            z = abs(value - mean) / max(spread, 1e-9 * max(abs(mean), 1.0))
            rows.append(z / (z + SIGMAS))
        window.append(value)
    return Scored(rows, crossings(rows))


def crossings(rows: Sequence[float]) -> list[float]:
    """The scores at which the fixed threshold is crossed from below; 0 elsewhere."""
    before = [0.0, *rows[:-1]]
    return [s if s >= FIXED > last else 0.0 for s, last in zip(rows, before, strict=True)]


DETECTORS: dict[str, Detector] = {
    "baseline": ours,
    "static threshold": static,
    "z-score": z_score,
}
