"""From scores to episodes: anomalous from .. to, without flapping.

An episode is raised when a score reaches `raise_at` and cleared when `calm` readings in a row have
stayed below `clear_at`. For `hold_s` seconds and `hold` readings after a raise, whether or not it has
been cleared, only something clearly worse is told again: a score that beats the episode's peak by
`worse` decades. One failure is one alarm; a second, graver one is not hidden by the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Event = Literal["raised", "worse", "cleared"]


@dataclass(frozen=True, slots=True)
class EpisodeSpec:
    """When an episode begins and ends. Scores are within 0 and 1, `worse` is a ratio of odds.

    With score = d / (d + decades), d is proportional to score / (1 - score): `worse` 1.4 asks for
    1.4 times the surprise of the peak.
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
    peak: float = 0.0
    readings: int = 0
    below: int = 0

    def step(self, spec: EpisodeSpec, at: float, score: float) -> Event | None:
        """What the officer is to be told after this score, if anything."""
        self.readings += 1
        held = self.peak > 0.0 and (at - self.since < spec.hold_s or self.readings <= spec.hold)
        need = spec.raise_at
        if held or self.open:
            odds = spec.worse * self.peak / max(1.0 - self.peak, 1e-9)
            need = max(need, odds / (1.0 + odds))
        if score >= need:
            event: Event = "worse" if self.open else "raised"
            self.open, self.since, self.readings, self.below = True, at, 0, 0
            self.peak = score
            return event
        if not self.open:
            return None
        self.below = self.below + 1 if score < spec.clear_at else 0
        if self.below < spec.calm:
            return None
        self.open, self.below = False, 0
        return "cleared"

    def dump(self) -> list[Any]:
        """As a plain list."""
        return [self.open, self.since, self.peak, self.readings, self.below]

    @staticmethod
    def load(plain: list[Any]) -> Episode:
        """The inverse of `dump`."""
        return Episode(*plain)
