"""The reference workload and a hand-written scorer, the measure of every row.

2,000 sensors of four kinds, a reading each ten seconds of event time, fixed seed. Four rules on
every reading: two levels with hysteresis and three in a row, a sliding mean of 60 s, a rate of
change. With 1,500,000 readings any correct processor finds exactly 6,822 transitions. The
generator, the parameters and `step` never change: figures of different days stay comparable.

Standard library only: peers import this file in environments without this project.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Iterator
from typing import NamedTuple

SEED = 20260101
SENSORS = 2_000
LONG = 1_500_000
"""Readings of the run that rates are taken from."""
SHORT = 60_000
"""For peers too slow for the long run, and for quick runs: 400 sensors with 150 readings each."""
SHORT_SENSORS = 400
LONG_TRANSITIONS = 6_822
T0_MS = 1_767_225_600_000
STEP_MS = 10_000
WINDOW_MS = 60_000
HOLD = 3
MIN_WINDOW = 3
KINDS = ("water_level", "rainfall", "gas_lel", "temperature")


class Kind(NamedTuple):
    """Noise around `base`, and the four rules as (raise, clear); `rate` is per second."""

    base: float
    sigma: float
    level1: tuple[float, float]
    level2: tuple[float, float]
    mean: tuple[float, float]
    rate: tuple[float, float]


PARAMETERS = {
    "water_level": Kind(2.0, 0.03, (3.0, 2.8), (4.0, 3.7), (2.9, 2.6), (0.035, 0.010)),
    "rainfall": Kind(5.0, 0.60, (30.0, 25.0), (50.0, 42.0), (28.0, 22.0), (1.20, 0.30)),
    "gas_lel": Kind(2.0, 0.20, (10.0, 8.0), (20.0, 16.0), (9.0, 7.0), (0.50, 0.12)),
    "temperature": Kind(22.0, 0.40, (40.0, 37.0), (60.0, 54.0), (38.0, 34.0), (1.20, 0.30)),
}


class Sample(NamedTuple):
    """One reading: sensor's number, value, event time in ms, the source's own id of it."""

    sensor: int
    value: float
    at_ms: int
    id: str


Transition = tuple[str, str, str, float, int]
"""Sensor id, rule, "raise" or "clear", value, event time in ms."""


def sensor_id(number: int) -> str:
    """The name of the sensor with this number; two letters say its kind."""
    return f"{KINDS[number % 4][:2]}-{number:06d}"


def generate(count: int = LONG, sensors: int = SENSORS) -> Iterator[Sample]:
    """The readings in the order in which they are sent; `count / sensors` must be at least 46."""
    chance = random.Random(SEED)
    turns = count // sensors
    excursions = [_excursions(chance, number, turns) for number in range(sensors)]
    values = [PARAMETERS[KINDS[number % 4]].base for number in range(sensors)]
    for turn in range(turns):
        order = list(range(sensors))
        chance.shuffle(order)
        for number in order:
            kind = PARAMETERS[KINDS[number % 4]]
            excess, offset = excursions[number]
            base = kind.base
            value = values[number] = (
                base + (values[number] - base) * 0.97 + chance.gauss(0, kind.sigma)
            )
            at = T0_MS + turn * STEP_MS + offset + chance.randrange(0, 200)
            yield Sample(
                number, round(value + excess[turn], 3), at, f"{chance.getrandbits(100):026x}"
            )


def _excursions(chance: random.Random, number: int, turns: int) -> tuple[list[float], int]:
    """Return the additions to the noise per turn, and the sensor's offset in a turn in ms."""
    kind = PARAMETERS[KINDS[number % 4]]
    excess = [0.0] * turns
    for _ in range(chance.choice((0, 0, 1, 1, 2))):
        start, up = chance.randrange(5, turns - 40), chance.randrange(2, 9)
        hold, down = chance.randrange(4, 18), chance.randrange(3, 9)
        scale = chance.uniform(0.8, 1.35)
        peak = scale * (kind.level2[0] if chance.random() < 0.35 else kind.level1[0]) - kind.base
        shape = [peak * (j + 1) / up for j in range(up)]
        shape += [peak] * hold
        shape += [peak * (1 - (j + 1) / down) for j in range(down)]
        for j, added in enumerate(shape, start):
            excess[j] = max(excess[j], added)
    return excess, chance.randrange(0, 10_000)


Dumped = tuple[int, int, int, float | None, int, float, list[tuple[int, float]]]
"""Two counters, alarms as bits, last value and time, sum and window."""


class State:
    """One sensor: limits beside counters, flat, as fast as Python gets without code generation."""

    __slots__ = (
        "a1", "a2", "am", "ar", "c1", "c2", "h1", "h2", "l1", "l2", "mh", "ml",
        "pt", "pv", "rh", "rl", "sid", "sum", "win",
    )  # fmt: skip

    def __init__(self, sid: str, kind: str) -> None:
        _, _, (self.h1, self.l1), (self.h2, self.l2), (self.mh, self.ml), (self.rh, self.rl) = (
            PARAMETERS[kind]
        )
        self.c1 = self.c2 = 0
        self.a1 = self.a2 = self.am = self.ar = False
        self.pv: float | None = None
        self.pt = 0
        self.win: deque[tuple[int, float]] = deque()
        self.sum = 0.0
        self.sid = sid

    @classmethod
    def of(cls, sid: str) -> State:
        """Return the state of a new sensor; the id names the kind."""
        return cls(sid, KINDS[int(sid[3:]) % 4])

    def dump(self) -> Dumped:
        """Return the changing part, for peers that store bytes; limits are not state."""
        alarms = self.a1 | self.a2 << 1 | self.am << 2 | self.ar << 3
        return self.c1, self.c2, alarms, self.pv, self.pt, self.sum, list(self.win)

    @classmethod
    def load(cls, sid: str, dumped: Dumped) -> State:
        """The inverse of `dump`."""
        state = cls.of(sid)
        state.c1, state.c2, alarms, state.pv, state.pt, state.sum, window = dumped
        state.a1, state.a2 = bool(alarms & 1), bool(alarms & 2)
        state.am, state.ar = bool(alarms & 4), bool(alarms & 8)
        state.win = deque(window)
        return state


def step(s: State, v: float, t: int, out: list[Transition]) -> None:
    """Advance one sensor by a reading; append its transitions to `out`.

    One function: calls cost.
    """
    if s.a1:
        if v < s.l1:
            s.a1 = False
            out.append((s.sid, "t1", "clear", v, t))
    elif v >= s.h1:
        c = s.c1 + 1
        if c >= HOLD:
            s.a1 = True
            s.c1 = 0
            out.append((s.sid, "t1", "raise", v, t))
        else:
            s.c1 = c
    elif s.c1:
        s.c1 = 0
    if s.a2:
        if v < s.l2:
            s.a2 = False
            out.append((s.sid, "t2", "clear", v, t))
    elif v >= s.h2:
        c = s.c2 + 1
        if c >= HOLD:
            s.a2 = True
            s.c2 = 0
            out.append((s.sid, "t2", "raise", v, t))
        else:
            s.c2 = c
    elif s.c2:
        s.c2 = 0
    w = s.win
    total = s.sum + v
    w.append((t, v))
    limit = t - WINDOW_MS
    while w[0][0] <= limit:
        total -= w.popleft()[1]
    s.sum = total
    n = len(w)
    if n >= MIN_WINDOW:
        if s.am:
            if total < s.ml * n:
                s.am = False
                out.append((s.sid, "mean", "clear", v, t))
        elif total > s.mh * n:
            s.am = True
            out.append((s.sid, "mean", "raise", v, t))
    pv = s.pv
    if pv is not None:
        dt = t - s.pt
        if dt > 0:
            change = (v - pv) * 1000.0
            if s.ar:
                if change < s.rl * dt:
                    s.ar = False
                    out.append((s.sid, "roc", "clear", v, t))
            elif change >= s.rh * dt:
                s.ar = True
                out.append((s.sid, "roc", "raise", v, t))
    s.pv = v
    s.pt = t


Split = dict[str, int]
"""Transitions by `rule raise` or `rule clear`."""


def split(transitions: list[Transition]) -> Split:
    """Return the number of transitions of each rule and direction, by name."""
    counted = Counter(f"{rule} {change}" for _, rule, change, _, _ in transitions)
    return dict(sorted(counted.items()))


class ReferenceScorer:
    """Scores a workload beside the writer: every row must find these transitions."""

    def __init__(self) -> None:
        self.states: dict[int, State] = {}
        self.transitions: list[Transition] = []

    def add(self, sample: Sample) -> None:
        """Score one reading."""
        state = self.states.get(sample.sensor)
        if state is None:
            state = self.states[sample.sensor] = State.of(sensor_id(sample.sensor))
        step(state, sample.value, sample.at_ms, self.transitions)
