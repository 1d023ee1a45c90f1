"""The memory of past deviations, and the surprise of a new reading by this measure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from services.scoring.core.baseline.episode import EpisodeSpec
from services.scoring.core.baseline.tail import NEVER_COMMON, Sides, Tail, size

Reason = Literal["level", "jump", "season", "shift", "unrest", "calm", "flat"]
"""The odd aspect: the value (level), its leap (jump), the hour for the value (season), the recent
mean or a long stay on one side of the level (shift), more movement than usual (unrest), less
(calm), or none for long (flat)."""

_EPISODE = EpisodeSpec()
_COMMON = 4
"""A leap that occurred this often, once a day say, is no surprise at any distance in time."""
_STEEPEST_RUN = 1.0
"""Runs grow with the clock and not by chance, so their tail is not taken to be steeper."""


@dataclass(frozen=True, slots=True)
class BaselineSpec:
    """Settings of the baseline; the defaults are meant for every sensor.

    `decades` is the surprise at which the score is 0.5; a smaller number is more sensitive. From
    the score `odd_at` on a sensor counts as odd, and the model learns slowly. For `warm_up`
    readings and `warm_up_s` seconds the model only learns. `grain_s`: the model learns from at most
    one reading in this many seconds, so that a fast sensor is remembered for more than minutes.
    Memories are in readings; weights apply to decades.
    """

    season_s: float = 86400.0
    decades: float = 3.1
    odd_at: float = 0.47
    warm_up: int = 200
    warm_up_s: float = 43200.0
    grain_s: float = 60.0
    level_memory: int = 600
    shift_memory: int = 100
    unrest_memory: int = 24
    jump_weight: float = 0.6
    season_weight: float = 0.8
    away_weight: float = 1.2
    episode: EpisodeSpec = _EPISODE


class Deviations:
    """One reading's deviations in the sensor's unit; `run` and `away` are counts of readings.

    `season` is None while the hour is unknown. `least` is the smallest deviation that is not
    rounding. `away` is negative below the level. The maker sets single fields: as
    arguments, the compiled form would make objects of the numbers.
    """

    __slots__ = ("away", "jump", "least", "level", "run", "season", "shift", "step")

    level: float
    jump: float
    season: float | None
    shift: float
    step: float
    run: int
    away: int
    least: float


class DeviationMemory:
    """Eight kinds of deviation, five of them on two sides: thirteen tails."""

    __slots__ = ("_aways", "_calm", "_flat", "_jumps", "_levels", "_seasons", "_shifts", "_unrest")

    def __init__(self) -> None:
        self._levels, self._jumps, self._seasons = Sides(), Sides(), Sides()
        self._shifts, self._aways = Sides(), Sides()
        self._unrest, self._calm, self._flat = Tail(), Tail(), Tail()

    def surprise(self, spec: BaselineSpec, new: Deviations) -> tuple[float, Reason]:
        """Return the surprise in decades and its main reason."""
        floor = size(new.least)
        level = self._levels.decades(new.level, max(size(abs(new.level)), floor))
        jump = self._jumps.decades(new.jump, max(size(abs(new.jump)), floor), _COMMON)
        jump *= spec.jump_weight
        season = 0.0
        if new.season is not None:
            season = self._seasons.decades(new.season, max(size(abs(new.season)), floor))
            season *= spec.season_weight
        shift = self._shifts.decades(new.shift, max(size(abs(new.shift)), floor))
        if abs(new.away) >= spec.shift_memory:
            away = self._aways.decades(new.away, size(abs(new.away)), NEVER_COMMON, _STEEPEST_RUN)
            shift = max(shift, away * spec.away_weight)
        step = max(size(new.step), floor)
        unrest, calm = self._unrest.decades(step, _COMMON), self._calm.decades(-step)
        flat = self._flat.decades(size(new.run))
        total = level**4 + jump**4 + season**4 + shift**4 + unrest**4 + calm**4 + flat**4
        most = max(level, jump, season, shift, unrest, calm, flat)
        reason: Reason = "flat"
        if most == level:
            reason = "level"
        elif most == jump:
            reason = "jump"
        elif most == season:
            reason = "season"
        elif most == shift:
            reason = "shift"
        elif most == unrest:
            reason = "unrest"
        elif most == calm:
            reason = "calm"
        return math.pow(total, 0.25), reason  # C would check for complex numbers

    def add(self, new: Deviations) -> None:
        """Count the deviations of a reading among the usual deviations."""
        floor = size(new.least)
        self._levels.add(new.level, max(size(abs(new.level)), floor))
        self._jumps.add(new.jump, max(size(abs(new.jump)), floor))
        if new.season is not None:
            self._seasons.add(new.season, max(size(abs(new.season)), floor))
        self._shifts.add(new.shift, max(size(abs(new.shift)), floor))
        step = max(size(new.step), floor)
        self._unrest.add(step)
        self._calm.add(-step)
        self._flat.add(size(new.run))
        if new.away:
            self._aways.add(new.away, size(abs(new.away)))

    def dump(self) -> list[Any]:
        """Return the tails as plain lists."""
        sides = (self._levels, self._jumps, self._seasons, self._shifts, self._aways)
        tails = (self._unrest, self._calm, self._flat)
        return [[side.dump() for side in sides], [tail.dump() for tail in tails]]

    @staticmethod
    def load(plain: list[Any]) -> DeviationMemory:
        """Return the memory that `dump` has given these lists for."""
        memory = DeviationMemory()
        sides, tails = plain
        levels, jumps, seasons, shifts, aways = (Sides.load(side) for side in sides)
        memory._levels, memory._jumps, memory._seasons = levels, jumps, seasons
        memory._shifts, memory._aways = shifts, aways
        memory._unrest, memory._calm, memory._flat = (Tail.load(tail) for tail in tails)
        return memory
