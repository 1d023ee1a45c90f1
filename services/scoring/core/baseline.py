"""The adaptive baseline: what is usual for one sensor, learnt from its own readings without labels.

For sensors without a published threshold. A few plain questions are put to every reading, each about
one deviation: how far is it from the sensor's level, from its last readings (jump), from this hour
of the day (season); how far is its recent mean, or for how long has it stayed, on one side of the
level (shift); does it move more or less than usual (unrest, calm); for how long has it not moved
(flat). Each deviation is ranked among all earlier ones of its kind, in decades: 3 means one in a
thousand (`baseline_tail`). The surprise is (sum d^4)^(1/4) of these: hardly more than the largest,
somewhat more when several agree. To rank errors instead of values is the idea of Numenta's anomaly
likelihood (Lavin and Ahmad, "Evaluating Real-time Anomaly Detection Algorithms", 2015,
arXiv:1510.03336), here with an empirical tail in place of a normal one.

Nothing odd becomes normal at once: level and spread move by bounded steps, slower while the sensor
is odd, and its deviations are then counted one time in eight. What lasts for days does become normal;
only a published threshold can hold out against that. Times are in seconds since 1970, values in the
sensor's unit. Readings must be finite; they are clamped to 1e300 so that no difference overflows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from services.scoring.core.baseline_episode import Episode
from services.scoring.core.baseline_memory import BaselineSpec, Deviations, Memory, Reason
from services.scoring.core.baseline_season import Season

__all__ = ["Baseline", "BaselineSpec", "Reason", "Verdict"]

FORMAT = 2
LARGEST = 1e300

_SIGMA = 1.2533
"""Standard deviation of a normal law over its mean absolute deviation."""
_SETTLING = 20
"""Readings from which level and spread are found at first, and anew after a lasting change."""
_FAR = 3.0
"""No single reading counts for more than so many spans where it is averaged in."""
_GROWTH, _FADE = 10.0, 0.9995
"""The span, the largest deviation of late, grows tenfold by a reading at most, and fades in days."""
_TRIFLE = 0.01
"""A deviation under this share of the span is none."""
_RESOLUTION = 1e-9
"""Relative size below which a change of a value is rounding."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the model says of one reading.

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
    """The state of one sensor; some 4 kB, whatever it sees. `episode` is for the caller to step."""

    __slots__ = (
        "_at", "_away", "_begun", "_first", "_learnt_at", "_level", "_memory", "_miss", "_near",
        "_off_season", "_pace", "_run", "_season", "_settled", "_shift", "_span", "_step", "_stray", "_value",
        "episode", "odd", "seen",
    )  # fmt: skip

    def __init__(self) -> None:
        self.seen = 0
        self.odd = False
        self._begun = self._at = self._learnt_at = self._pace = 0.0
        self._value = self._near = self._level = 0.0
        self._span = self._stray = self._miss = self._shift = self._step = self._off_season = 0.0
        self._run = self._away = self._settled = 0
        self._first: list[float] = []
        self._season = Season()
        self._memory = Memory()
        self.episode = Episode()

    def step(self, spec: BaselineSpec, at: float, value: float) -> Verdict | None:
        """Judge a reading, then learn from it.

        None while warming up, and for a reading older than the newest, which changes nothing.
        """
        value = min(max(value, -LARGEST), LARGEST)
        if self.seen == 0:
            self._begun = self._at = at
            self._value = self._near = self._level = value
        elif at < self._at:
            return None
        self._pass_time(at, value)
        usual = self._season.expected(spec.season_s, at)
        new = self._deviations(spec, value, usual)
        verdict = None
        if self.seen >= spec.warm_up and at - self._begun >= spec.warm_up_s:
            verdict = self._judge(spec, value, new, usual)
        self.odd = verdict is not None and verdict.score >= spec.odd_at
        if self.seen == 0 or at - self._learnt_at >= spec.grain_s:
            self._learn(spec, at, value, new)
        # What is absurd is followed at once, and so is the way back: an average would keep it.
        self._near += new.jump * (0.4 if abs(new.jump) <= _FAR * self._span else 1.0)
        self._value = value
        return verdict

    def _pass_time(self, at: float, value: float) -> None:
        """Note the usual interval; after a gap nothing is said about jumps or standing still."""
        gap = at - self._at
        if gap > 3600.0 and gap > 12.0 * self._pace and self.seen:
            self._value = self._near = value
            self._run = 0
            self._season.close(self.odd)
        self._pace += (min(gap, 3.0 * self._pace + 60.0) - self._pace) * 0.05
        self._at = at

    def _deviations(
        self, spec: BaselineSpec, value: float, usual: tuple[float, float] | None
    ) -> Deviations:
        """The reading's deviations; moves the short averages and the runs."""
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
    ) -> Verdict:
        surprise, reason = self._memory.surprise(spec, new)
        expected, spread = self._level, self._stray
        if reason == "jump":
            expected, spread = self._near, self._miss
        elif reason == "season" and usual is not None:
            expected = (usual[0] + usual[1]) / 2.0
        spread *= _SIGMA
        score = surprise / (surprise + spec.decades)
        return Verdict(score, expected, spread, _sigmas(value - expected, spread), reason)

    def _learn(self, spec: BaselineSpec, at: float, value: float, new: Deviations) -> None:
        if not self.odd or self.seen % 8 == 0:
            self._memory.add(new)
        memory = spec.level_memory
        self.seen += 1
        self._learnt_at = at
        if abs(self._away) >= 2 * memory:
            self._settled = self._away = 0  # it has lasted: look for the level anew
        if self._settled < _SETTLING:
            self._settle(value)
        else:
            gain = max(1.0 / (self._settled + 1), 1.0 / memory)
            gain *= 0.25 if self.odd else 1.0
            scale = max(self._stray, new.least)
            reach = min(abs(new.level), _GROWTH * max(self._span, scale))
            self._span = max(self._span * _FADE, reach)
            # At first a plain mean: a level found in a sensor's night would creep for a week.
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
        """Level and spread from few readings: the median, and the mean deviation but for two."""
        self._first.append(value)
        ordered = sorted(self._first)
        self._level = ordered[len(ordered) // 2]
        strays = sorted(abs(one - self._level) for one in ordered)
        strays = strays[: max(len(strays) - 2, 1)]
        shares = [stray / len(strays) for stray in strays]
        self._stray = sum(shares)  # of a list: of a generator, C would add up another way
        self._miss = self._stray
        self._span = 4.0 * self._stray
        if self._settled + 1 >= _SETTLING:
            self._first = []

    def dump(self) -> list[Any]:
        """As plain lists, the format's version first."""
        return [
            FORMAT,
            [
                self.seen, self.odd, self._begun, self._at, self._learnt_at, self._pace, self._value,
                self._near, self._level, self._stray, self._miss, self._shift, self._step,
                self._off_season, self._run, self._away, self._settled, self._span,
            ],
            list(self._first),
            self._season.dump(),
            self._memory.dump(),
            self.episode.dump(),
        ]  # fmt: skip

    @staticmethod
    def load(plain: list[Any]) -> Baseline:
        """The inverse of `dump`; raises ValueError for a format of another version."""
        if plain[0] not in (1, FORMAT):  # 1 had no episode
            raise ValueError(f"baseline format {plain[0]} is unknown, this program reads {FORMAT}")
        _, numbers, first, season, memory, *episode = plain
        own = Baseline()
        (
            own.seen, own.odd, own._begun, own._at, own._learnt_at, own._pace, own._value,
            own._near, own._level, own._stray, own._miss, own._shift, own._step,
            own._off_season, own._run, own._away, own._settled, own._span,
        ) = numbers  # fmt: skip
        own._first = list(first)
        own._season = Season.load(season)
        own._memory = Memory.load(memory)
        if episode:
            own.episode = Episode.load(*episode)
        return own


def _within(deviation: float, most: float) -> float:
    """The deviation, cut off at `most` to either side."""
    return min(max(deviation, -most), most)


def _sigmas(apart: float, spread: float) -> float:
    """A distance in spreads, within 999 on either side; no spread at all makes any distance 999."""
    if abs(apart) >= 999.0 * spread:
        return 0.0 if apart == 0.0 else math.copysign(999.0, apart)
    return apart / spread
