"""From scores to what a ladder may judge: one failure is one alarm, without flapping.

An episode begins when a score reaches `raise_at` and ends when `calm` readings in a row have stayed below
`clear_at`. As long as it lasts, the ladder sees its worst score, afterwards nothing. For `hold_s` seconds and
`hold` readings after a beginning, whether or not it has ended, only something clearly worse counts again: a
score that beats the episode's worst by `worse` decades. A second, graver failure is not hidden by the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class EpisodeSpec:
    """When an episode begins and ends. Scores are within 0 and 1, `worse` is a ratio of odds.

    With score = d / (d + decades), d is proportional to score / (1 - score): `worse` 1.4 asks for
    1.4 times the surprise of the worst.
    """

    raise_at: float = 0.5
    clear_at: float = 0.4
    calm: int = 12
    hold_s: float = 86400.0
    hold: int = 96
    worse: float = 1.4


@dataclass(slots=True)
class Episode:
    """Whether a sensor is in an episode, since when, and the worst score of it."""

    open: bool = False
    since: float = 0.0
    worst: float = 0.0
    readings: int = 0
    below: int = 0

    def step(self, spec: EpisodeSpec, at: float, score: float) -> float:
        """What counts after this score: the worst of the episode while it lasts, else 0."""
        self.readings += 1
        held = self.worst > 0.0 and (at - self.since < spec.hold_s or self.readings <= spec.hold)
        need = spec.raise_at
        if held or self.open:
            odds = spec.worse * self.worst / max(1.0 - self.worst, 1e-9)
            need = max(need, odds / (1.0 + odds), self.worst)  # near 1 the odds say less
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
        """As a plain list."""
        return [self.open, self.since, self.worst, self.readings, self.below]

    @staticmethod
    def load(plain: list[Any]) -> Episode:
        """The inverse of `dump`."""
        return Episode(*plain)
