"""Labelled series in NAB's spirit, generated from a seed: what the defaults were chosen on.

Three real series are too few to choose settings on, so these stand in for the families that NAB is
known to have (daily patterns with a day that differs, machine load, counts with bursts, traffic,
prices, temperatures). They are not NAB's data and a score on them is not a NAB score. Windows are
as in NAB: together 10 % of a series, each centred on its anomaly, never in the probationary part.
As in real data, unlabelled oddities (single spikes, quiet weekends, gaps) are there too, to be left
alone.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator

from tests.bench.quality.corpus import DAY, Series
from tests.bench.quality.nab import Span, probation

Values = list[float]
Maker = Callable[[random.Random, list[float]], tuple[Values, list[int]]]
"""From a generator of chance and the times to values and the first rows of the anomalies."""

START = 1_396_310_400.0
"""2014-04-01, a Tuesday."""


def corpus(seeds: range) -> Iterator[Series]:
    """Every family once per seed, in a fixed order."""
    for seed in seeds:
        for name, (rows, step, make) in FAMILIES.items():
            chance = random.Random(f"{name}/{seed}")
            at = _times(chance, rows, step, gaps=name.startswith("traffic"))
            values, starts = make(chance, at)
            yield Series(f"synthetic/{name}_{seed}.csv", at, values, windows_of(rows, starts))


def windows_of(rows: int, starts: list[int]) -> tuple[Span, ...]:
    """Return windows around the first rows of anomalies: 10 % of the series, merged on contact."""
    half = int(0.05 * rows / max(len(starts), 1))
    spans: list[Span] = []
    for start in sorted(starts):
        span = max(start - half, probation(rows)), min(start + half, rows - 1)
        if spans and span[0] <= spans[-1][1]:
            span = spans.pop()[0], span[1]
        spans.append(span)
    return tuple(spans)


def _times(chance: random.Random, rows: int, step: float, *, gaps: bool) -> list[float]:
    at, times = START, []
    for _ in range(rows):
        times.append(at)
        at += step
        if gaps:
            at += 60.0 * chance.randrange(1, 10) + (DAY / 2 if chance.random() < 0.002 else 0.0)
    return times


def _places(chance: random.Random, rows: int, count: int) -> list[int]:
    """First rows of `count` anomalies, apart from each other, behind the probationary part."""
    first, last = int(0.3 * rows), int(0.93 * rows)
    slot = (last - first) / count
    return [int(first + slot * (i + chance.uniform(0.1, 0.8))) for i in range(count)]


def _hour(at: float) -> float:
    return at % DAY / 3600.0


def _weekend(at: float) -> bool:
    return int(at // DAY + 3) % 7 >= 5


def _day_place(chance: random.Random, at: list[float], hour: float) -> int:
    """The row at which the given hour of a late day begins."""
    day = int((at[-1] - at[0]) / DAY * chance.uniform(0.45, 0.85))
    want = at[0] - at[0] % DAY + day * DAY + hour * 3600.0
    return next(i for i, t in enumerate(at) if t >= want)


def _hump(at: float) -> float:
    return 1.0 if 9.0 <= _hour(at) < 18.0 else 0.0


def quiet(kind: str) -> Maker:
    """Series without an anomaly: constant, noise, a square wave, a noisy daily pattern."""

    def make(chance: random.Random, at: list[float]) -> tuple[Values, list[int]]:
        if kind == "constant":
            return [45.0] * len(at), []
        if kind == "noise":
            return [chance.uniform(18.0, 22.0) for _ in at], []
        noise = 0.0 if kind == "square" else 8.0
        return [20.0 + 60.0 * _hump(t) + noise * chance.random() for t in at], []

    return make


def day_differs(kind: str) -> Maker:
    """A day of a daily pattern that is higher, lower, missing, or flat where it should move."""

    def make(chance: random.Random, at: list[float]) -> tuple[Values, list[int]]:
        smooth = chance.random() < 0.5
        start = _day_place(chance, at, 9.0 if kind != "night" else 1.0)
        values = []
        for i, t in enumerate(at):
            shape = max(0.0, math.sin((_hour(t) - 6.0) / 12.0 * math.pi)) if smooth else _hump(t)
            odd = start <= i and t < at[start] + 9 * 3600.0
            if odd:
                shape = {
                    "up": 1.8 * shape,
                    "down": 0.25 * shape,
                    "missing": 0.0,
                    "middle": min(shape, 0.4),
                    "night": 0.9,
                }[kind]
            values.append(20.0 + 60.0 * shape + chance.uniform(0.0, 6.0))
        return values, [start]

    return make


def load(kind: str) -> Maker:
    """Machine load: noise round a level with harmless spikes; shifts, drops, spikes, unrest."""

    def make(chance: random.Random, at: list[float]) -> tuple[Values, list[int]]:
        level, noise = chance.uniform(2.0, 60.0), chance.uniform(0.2, 3.0)
        every, tall = chance.randrange(80, 400), chance.uniform(4.0, 12.0)
        starts = _places(chance, len(at), chance.choice((1, 2, 2, 3)))
        long = [chance.randrange(12, 150) for _ in starts]
        values = []
        shift = 0.0
        for i, _ in enumerate(at):
            value = level + chance.gauss(0.0, noise)
            if chance.random() < 1.0 / every or i % every == 7:
                value += noise * tall * chance.uniform(0.6, 1.0)
            for start, lasts in zip(starts, long, strict=True):
                inside = start <= i < start + lasts
                if kind == "shift" and i == start:
                    shift += noise * chance.choice((-1, 1)) * chance.uniform(4.0, 10.0)
                elif kind == "spikes" and start <= i < start + max(lasts // 12, 1):
                    value += noise * tall * chance.uniform(1.6, 4.0)
                elif kind == "drop" and inside:
                    value = max(0.0, level * 0.05 + chance.random() * noise * 0.2) - noise
                elif kind == "unrest" and inside:
                    value += chance.gauss(0.0, 4.5 * noise)
                elif kind == "stuck" and inside:
                    value = level
            values.append(value + shift)
        return values, starts

    return make


def counts(chance: random.Random, at: list[float]) -> tuple[Values, list[int]]:
    """Counts with a daily pattern, over-dispersed; bursts that die away, small ones unlabelled."""
    base = chance.uniform(1.0, 30.0)
    starts = _places(chance, len(at), chance.choice((2, 3, 4)))
    values, burst = [], 0.0
    for i, t in enumerate(at):
        mean = base * (1.0 + 0.6 * math.sin((_hour(t) - 9.0) / 12.0 * math.pi))
        mean *= chance.gammavariate(4.0, 0.25)
        if i in starts:
            burst = base * chance.uniform(8.0, 40.0)
        elif chance.random() < 0.002:
            burst = max(burst, base * chance.uniform(2.0, 5.0))
        values.append(float(max(0, round(chance.gauss(mean, math.sqrt(mean)) + burst))))
        burst *= 0.85
    return values, starts


def bursty(chance: random.Random, at: list[float]) -> tuple[Values, list[int]]:
    """Bytes on a disk or a line: mostly little, heavy-tailed; labels are far beyond, or at 0."""
    starts = _places(chance, len(at), chance.choice((1, 2)))
    long = chance.randrange(3, 40)
    values = []
    for i, _ in enumerate(at):
        value = 1000.0 * chance.lognormvariate(0.0, 0.9)
        if any(s <= i < s + long for s in starts):
            value = 1000.0 * chance.uniform(25.0, 60.0)
        values.append(value)
    return values, starts


def denser(chance: random.Random, at: list[float]) -> tuple[Values, list[int]]:
    """Spikes over nothing that come more and more often."""
    start = _places(chance, len(at), 1)[0]
    values = []
    for i, _ in enumerate(at):
        often = 0.05 if start <= i < start + len(at) // 12 else 0.006
        values.append(20.0 if chance.random() < often else 0.0)
    return values, [start]


def traffic(kind: str) -> Maker:
    """Speed or occupancy: rush hours, weekends, irregular times; jams and free roads at night."""

    def make(chance: random.Random, at: list[float]) -> tuple[Values, list[int]]:
        starts = _places(chance, len(at), chance.choice((1, 2, 3)))
        long = [chance.randrange(6, 40) for _ in starts]
        values = []
        for i, t in enumerate(at):
            rush = math.exp(-((_hour(t) - 8.0) ** 2) / 3.0) + 0.7 * math.exp(
                -((_hour(t) - 17.0) ** 2) / 4.0
            )
            rush *= 0.35 if _weekend(t) else 1.0
            jam = any(s <= i < s + n for s, n in zip(starts, long, strict=True))
            if kind == "speed":
                value = 70.0 - 14.0 * rush + chance.gauss(0.0, 4.0) - (38.0 if jam else 0.0)
                value -= 15.0 if chance.random() < 0.005 else 0.0
            else:
                value = (2.0 + 9.0 * rush) * chance.gammavariate(5.0, 0.2) + (18.0 if jam else 0.0)
            values.append(max(value, 0.0))
        return values, starts

    return make


def price(chance: random.Random, at: list[float]) -> tuple[Values, list[int]]:
    """Hourly prices: a wandering level with multiplicative noise; single high spikes."""
    level, noise = chance.uniform(0.05, 3.0), chance.uniform(0.08, 0.25)
    starts = _places(chance, len(at), chance.choice((1, 2, 3)))
    values, walk = [], 0.0
    for i, _ in enumerate(at):
        walk = 0.97 * walk + chance.gauss(0.0, 0.03)
        value = level * math.exp(walk + chance.gauss(0.0, noise))
        if any(s <= i < s + 2 for s in starts):
            value *= 1.0 + chance.uniform(8.0, 16.0) * noise
        values.append(value)
    return values, starts


def temperature(chance: random.Random, at: list[float]) -> tuple[Values, list[int]]:
    """A machine's temperature: wandering, with dips that happen; failures deeper, or too long."""
    starts = _places(chance, len(at), chance.choice((2, 3)))
    values, walk, dip = [], 0.0, 0.0
    long = len(at) // 60
    for i, t in enumerate(at):
        walk = 0.995 * walk + chance.gauss(0.0, 0.5)
        if chance.random() < 0.0015:
            dip = chance.uniform(8.0, 22.0)
        dip *= 0.985
        value = 88.0 + walk + 2.0 * math.sin(_hour(t) / 12.0 * math.pi) - dip
        for s in starts:
            if s <= i < s + long:
                value -= 45.0 * min(1.0, (i - s) / (0.3 * long))
        values.append(value + chance.gauss(0.0, 0.4))
    return values, starts


def demand(chance: random.Random, at: list[float]) -> tuple[Values, list[int]]:
    """Half-hourly demand with the pattern of a week; feast days, and a storm with nearly none."""
    starts = sorted(_day_place(chance, at, 6.0) for _ in range(3))
    values = []
    for i, t in enumerate(at):
        shape = 1.0 + 0.7 * math.sin((_hour(t) - 10.0) / 12.0 * math.pi)
        shape *= 0.8 if _weekend(t) else 1.0
        for place, s in enumerate(starts):
            if s <= i < s + 40:
                shape *= (0.45, 1.6, 0.12)[place]
        values.append(15000.0 * shape * chance.gauss(1.0, 0.05))
    return values, starts


def drift(chance: random.Random, at: list[float]) -> tuple[Values, list[int]]:
    """A level that begins to climb."""
    start = _places(chance, len(at), 1)[0]
    noise = chance.uniform(0.5, 2.0)
    span = len(at) * 0.05
    return [
        50.0 + chance.gauss(0.0, noise) + noise * 12.0 * min(max(i - start, 0) / span, 1.0)
        for i, _ in enumerate(at)
    ], [start]


FAMILIES: dict[str, tuple[int, float, Maker]] = {
    "quiet_constant": (4032, 300.0, quiet("constant")),
    "quiet_noise": (4032, 300.0, quiet("noise")),
    "quiet_square": (4032, 300.0, quiet("square")),
    "quiet_daily": (4032, 300.0, quiet("daily")),
    "day_up": (4032, 300.0, day_differs("up")),
    "day_down": (4032, 300.0, day_differs("down")),
    "day_missing": (4032, 300.0, day_differs("missing")),
    "day_middle": (4032, 300.0, day_differs("middle")),
    "day_night": (4032, 300.0, day_differs("night")),
    "load_shift": (4032, 300.0, load("shift")),
    "load_spikes": (4032, 300.0, load("spikes")),
    "load_drop": (4032, 300.0, load("drop")),
    "load_unrest": (4032, 300.0, load("unrest")),
    "load_stuck": (4032, 300.0, load("stuck")),
    "counts": (8000, 300.0, counts),
    "bursty": (4032, 300.0, bursty),
    "denser": (4032, 300.0, denser),
    "traffic_speed": (2400, 300.0, traffic("speed")),
    "traffic_occupancy": (2400, 300.0, traffic("occupancy")),
    "price": (1600, 3600.0, price),
    "temperature": (8000, 300.0, temperature),
    "demand": (5000, 1800.0, demand),
    "drift": (4032, 300.0, drift),
}
