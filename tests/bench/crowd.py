"""Readings of many sensors with little in them: for memory, restore and the city's load."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from tests.bench.payload import UNITS, moment, writer
from tests.bench.reference import KINDS, PARAMETERS, T0_MS, sensor_id

_LONG_CYCLE, _HIGH = 2_000, 4
_CHANCE = random.Random(7)
_NOISE = tuple(_CHANCE.gauss(0, 1) for _ in range(4_096))
_WRITERS = tuple(writer(kind, UNITS[kind]) for kind in KINDS)


def value_of(number: int, turn: int) -> float:
    """Noise around the kind's base; four turns in two thousand are over the first level."""
    kind = PARAMETERS[KINDS[number % 4]]
    if (number * 7_919 + turn) % _LONG_CYCLE < _HIGH:
        return round(kind.level1[0] * 1.1, 3)
    return round(kind.base + kind.sigma * _NOISE[(number * 31 + turn) % len(_NOISE)], 3)


def reading(number: int, turn: int, at_ms: int) -> bytes:
    """The `turn`-th reading of a sensor of the reference's four kinds."""
    name = sensor_id(number)
    return _WRITERS[number % 4](f"{name}:{turn}", moment(at_ms), name, value_of(number, turn))


def backlog(
    numbers: Sequence[int], turns: range, step_ms: int, start_ms: int = T0_MS
) -> Iterator[tuple[bytes, bytes]]:
    """Every sensor once per turn."""
    for turn in turns:
        for place, number in enumerate(numbers):
            at = start_ms + turn * step_ms + place % step_ms
            yield sensor_id(number).encode(), reading(number, turn, at)


def rain(numbers: Sequence[int], turns: range, step_ms: int) -> Iterator[tuple[bytes, bytes]]:
    """Rain gauges only: a little rain, never enough for an alarm."""
    write = writer("rainfall", UNITS["rainfall"])
    for turn in turns:
        at = moment(T0_MS + turn * step_ms)
        for number in numbers:
            name = gauge(number)
            rained = round(abs(_NOISE[(number + turn) % len(_NOISE)]) / 4, 1)
            yield name.encode(), write(f"{name}:{turn}", at, name, rained)


def gauge(number: int) -> str:
    """The name of a rain gauge."""
    return f"rg-{number:06d}"
