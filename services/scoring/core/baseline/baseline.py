"""The adaptive baseline of one sensor, learnt from its own readings without labels.

The baseline serves sensors without a published threshold. Every reading has a few deviations: from
the sensor's level, from its last readings (jump), from this hour of the day (season); the distance
of the recent mean, or the length of the stay, on one side of the level (shift); more or less
movement than usual (unrest, calm); the time without movement (flat). Each deviation is ranked among
all earlier deviations of its kind, in decades: 3 means one in a thousand (core/baseline/tail.py).
The surprise is (sum d^4)^(1/4) of the ranks: hardly more than the largest, somewhat more when
several agree. To rank errors instead of values is the idea of Numenta's anomaly likelihood (Lavin
and Ahmad, "Evaluating Real-time Anomaly Detection Algorithms", 2015, arXiv:1510.03336), here with
an empirical tail in place of a normal tail.

An odd state does not become normal at once: level and spread move by bounded steps, slower while
the sensor is odd, and its deviations are then counted one time in eight. A state that lasts for
days does become normal; only a published threshold prevents that. Times are in seconds since 1970,
values are in the sensor's unit. Readings must be finite; they are limited to 1e300 so that no
difference overflows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from services.scoring.core.baseline.episode import ScoreEpisode
from services.scoring.core.baseline.memory import BaselineSpec, DeviationMemory, Deviations, Reason
from services.scoring.core.baseline.season import Season

FORMAT = 2
LARGEST = 1e300

_SIGMA = 1.2533
"""Standard deviation of a normal law over its mean absolute deviation."""
_SETTLING = 20
"""Readings that determine level and spread at first, and again after a lasting change."""
_FAR = 3.0
"""A single reading counts in an average for at most this many spans."""
_GROWTH, _FADE = 10.0, 0.9995
"""The span, the largest recent deviation, grows at most tenfold by a reading; it fades in days."""
_TRIFLE = 0.01
"""A deviation under this share of the span counts as no deviation."""
_RESOLUTION = 1e-9
"""Relative size below which a change of a value is rounding."""


@dataclass(frozen=True, slots=True)
class BaselineVerdict:
    """The model's verdict on one reading.

    `score` is within 0 and 1, 0.5 at `BaselineSpec.decades`. `expected` and `spread` (one robust
    standard deviation) are in the sensor's unit and belong to the `reason`; `sigmas` is the signed
    distance in spreads, within 999.
    """

    score: float
    expected: float
    spread: float
    sigmas: float
    reason: Reason


class Baseline:
    """The state of one sensor, about 4 kB after any input. The caller steps `episode`."""

    __slots__ = (
        "_at",
        "_away",
        "_first",
        "_first_at",
        "_learnt_at",
        "_level",
        "_memory",
        "_miss",
        "_near",
        "_off_season",
        "_pace",
        "_run",
        "_season",
        "_settled",
        "_shift",
        "_span",
        "_step",
        "_stray",
        "_value",
        "episode",
        "odd",
        "readings",
    )

    def __init__(self) -> None:
        self.readings = 0
        self.odd = False
        self._first_at = self._at = self._learnt_at = self._pace = 0.0
        self._value = self._near = self._level = 0.0
        self._span = self._stray = self._miss = self._shift = self._step = self._off_season = 0.0
        self._run = self._away = self._settled = 0
        self._first: list[float] = []
        self._season = Season()
        self._memory = DeviationMemory()
        self.episode = ScoreEpisode()

    def step(self, spec: BaselineSpec, at: float, value: float) -> BaselineVerdict | None:
        """Evaluate a reading, then learn from it.

        Return None while warming up, and for a reading older than the newest, which changes
        nothing.
        """
        value = min(max(value, -LARGEST), LARGEST)
        if self.readings == 0:
            self._first_at = self._at = at
            self._value = self._near = self._level = value
        elif at < self._at:
            return None
        self._pass_time(at, value)
        usual = self._season.expected(spec.season_s, at)
        new = self._deviations(spec, value, usual)
        verdict = None
        if self.readings >= spec.warm_up and at - self._first_at >= spec.warm_up_s:
            verdict = self._judge(spec, value, new, usual)
        self.odd = verdict is not None and verdict.score >= spec.odd_at
        if self.readings == 0 or at - self._learnt_at >= spec.grain_s:
            self._learn(spec, at, value, new)
        # An absurd value is followed at once, and so is the return: an average would keep it.
        self._near += new.jump * (0.4 if abs(new.jump) <= _FAR * self._span else 1.0)
        self._value = value
        return verdict

    def _pass_time(self, at: float, value: float) -> None:
        """Learn the usual interval; after a gap there is no jump and no time without movement."""
        gap = at - self._at
        if gap > 3600.0 and gap > 12.0 * self._pace and self.readings:
            self._value = self._near = value
            self._run = 0
            self._season.close(self.odd)
        self._pace += (min(gap, 3.0 * self._pace + 60.0) - self._pace) * 0.05
        self._at = at

    def _deviations(
        self, spec: BaselineSpec, value: float, usual: tuple[float, float] | None
    ) -> Deviations:
        """Return the reading's deviations; move the short averages and the runs."""
        deviation = value - self._level
        least = max(_RESOLUTION * abs(self._level), _TRIFLE * self._span, 1e-300)
        scale = max(self._stray, least)
        self._shift += (_within(deviation, 8.0 * scale) - self._shift) / spec.shift_memory
        moved = abs(value - self._value)
        far = _FAR * max(self._span, scale)
        self._step += (min(moved, far) - self._step) / spec.unrest_memory
        self._run = self._run + 1 if moved == 0.0 else 1
        if abs(deviation) <= 0.5 * scale:
            self._away = 0
        elif deviation > 0.0:
            self._away = max(self._away, 0) + 1
        else:
            self._away = min(self._away, 0) - 1
        season = None
        if usual is not None:
            low, high = usual
            off = value - high if value > high else value - low if value < low else 0.0
            self._off_season += (_within(off, far) - self._off_season) / 6.0
            season = self._off_season
        jump = value - self._near
        new = Deviations()
        new.level, new.jump, new.season, new.shift = deviation, jump, season, self._shift
        new.step, new.run, new.away, new.least = self._step, self._run, self._away, least
        return new

    def _judge(
        self, spec: BaselineSpec, value: float, new: Deviations, usual: tuple[float, float] | None
    ) -> BaselineVerdict:
        surprise, reason = self._memory.surprise(spec, new)
        expected, spread = self._level, self._stray
        if reason == "jump":
            expected, spread = self._near, self._miss
        elif reason == "season" and usual is not None:
            expected = (usual[0] + usual[1]) / 2.0
        spread *= _SIGMA
        score = surprise / (surprise + spec.decades)
        return BaselineVerdict(score, expected, spread, _sigmas(value - expected, spread), reason)

    def _learn(self, spec: BaselineSpec, at: float, value: float, new: Deviations) -> None:
        if not self.odd or self.readings % 8 == 0:
            self._memory.add(new)
        memory = spec.level_memory
        self.readings += 1
        self._learnt_at = at
        if abs(self._away) >= 2 * memory:
            self._settled = self._away = 0  # the deviation has lasted: determine the level again
        if self._settled < _SETTLING:
            self._settle(value)
        else:
            gain = max(1.0 / (self._settled + 1), 1.0 / memory)
            gain *= 0.25 if self.odd else 1.0
            scale = max(self._stray, new.least)
            reach = min(abs(new.level), _GROWTH * max(self._span, scale))
            self._span = max(self._span * _FADE, reach)
            # At first a plain mean: a level learnt in a quiet night would creep for a week.
            wide = self._span if self._settled < spec.warm_up else 0.0
            self._level += _within(new.level, max(3.0 * scale, wide)) * gain
            self._stray += (min(abs(new.level), max(4.0 * scale, wide)) - self._stray) * gain
            miss = min(abs(new.jump), 4.0 * max(self._miss, scale * 1e-3))
            self._miss += (miss - self._miss) * gain
        self._settled = min(self._settled + 1, memory)
        far = _FAR * max(self._span, self._stray)
        near = self._level + _within(value - self._level, far)
        self._season.learn(spec.season_s, at, near, self.odd)

    def _settle(self, value: float) -> None:
        """Determine level (median) and spread (mean deviation without the largest two)."""
        self._first.append(value)
        ordered = sorted(self._first)
        self._level = ordered[len(ordered) // 2]
        strays = sorted(abs(reading - self._level) for reading in ordered)
        strays = strays[: max(len(strays) - 2, 1)]
        shares = [stray / len(strays) for stray in strays]
        self._stray = sum(shares)  # a list: of a generator, C would add up in another way
        self._miss = self._stray
        self._span = 4.0 * self._stray
        if self._settled + 1 >= _SETTLING:
            self._first = []

    def dump(self) -> list[Any]:
        """Return the state as plain lists, the format's version first."""
        return [
            FORMAT,
            [
                self.readings, self.odd, self._first_at, self._at, self._learnt_at, self._pace,
                self._value, self._near, self._level, self._stray, self._miss, self._shift,
                self._step, self._off_season, self._run, self._away, self._settled, self._span,
            ],
            list(self._first),
            self._season.dump(),
            self._memory.dump(),
            self.episode.dump(),
        ]  # fmt: skip

    @staticmethod
    def load(plain: list[Any]) -> Baseline:
        """Return the dumped state; raises ValueError for a format of another version."""
        if plain[0] not in (1, FORMAT):  # 1 had no episode
            raise ValueError(f"baseline format {plain[0]} is unknown, this program reads {FORMAT}")
        _, numbers, first, season, memory, *episode = plain
        model = Baseline()
        (
            model.readings, model.odd, model._first_at, model._at, model._learnt_at, model._pace,
            model._value, model._near, model._level, model._stray, model._miss, model._shift,
            model._step, model._off_season, model._run, model._away, model._settled, model._span,
        ) = numbers  # fmt: skip
        model._first = list(first)
        model._season = Season.load(season)
        model._memory = DeviationMemory.load(memory)
        if episode:
            model.episode = ScoreEpisode.load(*episode)
        return model


def _within(deviation: float, most: float) -> float:
    """Return the deviation, limited to `most` on either side."""
    return min(max(deviation, -most), most)


def _sigmas(apart: float, spread: float) -> float:
    """Return a distance in spreads, within 999; without a spread any distance is 999."""
    if abs(apart) >= 999.0 * spread:
        return 0.0 if apart == 0.0 else math.copysign(999.0, apart)
    return apart / spread
