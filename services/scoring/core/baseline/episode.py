"""Episodes of scores: a failure makes a single alarm and does not flap.

An episode begins when a score reaches `raise_at` and ends when `calm` readings in a row have stayed
below `clear_at`. During the episode the thresholds see the worst score, afterwards 0.
For `hold_s` seconds and `hold` readings after a beginning, even past the end of the episode, only a
clearly worse score counts again: a score above the worst by `worse` decades. The first failure
therefore does not hide a second, graver failure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class EpisodeSpec:
    """When an episode begins and ends. Scores are within 0 and 1, `worse` is a ratio of odds.

    With score = d / (d + decades), d is proportional to score / (1 - score): `worse` 1.4 demands
    1.4 times the surprise of the worst score.
    """

    raise_at: float = 0.5
    clear_at: float = 0.4
    calm: int = 12
    hold_s: float = 86400.0
    hold: int = 96
    worse: float = 1.4


@dataclass(slots=True)
class ScoreEpisode:
    """The present episode of a sensor: open or not, the beginning and the worst score."""

    open: bool = False
    since: float = 0.0
    worst: float = 0.0
    readings: int = 0
    below: int = 0

    def step(self, spec: EpisodeSpec, at: float, score: float) -> float:
        """Return the score that counts: the worst of the episode while it lasts, else 0."""
        self.readings += 1
        recent = at - self.since < spec.hold_s or self.readings <= spec.hold
        need = spec.raise_at
        if (self.worst > 0.0 and recent) or self.open:
            odds = spec.worse * self.worst / max(1.0 - self.worst, 1e-9)
            need = max(need, odds / (1.0 + odds), self.worst)  # near 1 the odds are less exact
        if score >= need:
            self.open, self.since, self.readings, self.below = True, at, 0, 0
            self.worst = score
        elif self.open:
            self.below = self.below + 1 if score < spec.clear_at else 0
            self.open = self.below < spec.calm
            if not self.open:
                self.below = 0
        return self.worst if self.open else 0.0

    def dump(self) -> list[Any]:
        """Return the state as a plain list."""
        return [self.open, self.since, self.worst, self.readings, self.below]

    @staticmethod
    def load(plain: list[Any]) -> ScoreEpisode:
        """Return the state that `dump` has given this list for."""
        return ScoreEpisode(*plain)
