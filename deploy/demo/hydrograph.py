"""Water levels of the nine gauges: published points exactly, between them a seeded, smooth curve.

The support points below are ours (synthetic), chosen so that the curve agrees with what the
bulletins say in words: peaks named in the notes, Cuntan over its record from 08-20 04:00 on,
Zhutuo, Dongjintuo and Beibei below their warning levels by 08-21 08:00 or soon after.
"""

import itertools
import math
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from deploy.demo.demo_clock import END, START, at
from deploy.example.gauges import Gauge

STEP = timedelta(minutes=15)
_RIPPLE_M = 0.02

_SUPPORT: dict[str, list[tuple[datetime, float]]] = {
    "gauge-zhutuo": [
        (START, 205.0),
        (at(19, 2), 212.1),
        (at(20, 12), 212.4),
        (at(20, 18), 211.2),
        (at(21, 8), 208.5),
        (END, 203.0),
    ],
    "gauge-cuntan": [
        (START, 179.2),
        (at(18, 14), 180.1),
        (at(18, 22), 180.7),
        (at(19, 8), 183.7),
        (at(20, 3, 45), 191.38),
        (at(20, 16), 191.0),
        (at(21, 0), 189.6),
        (at(21, 20), 183.6),
        (at(22, 0), 183.0),
        (at(22, 10), 180.2),
        (at(22, 20), 179.7),
        (END, 178.5),
    ],
    "gauge-beibei": [(START, 190.0), (at(18, 16), 194.2), (at(19, 0), 195.5), (END, 188.0)],
    "gauge-ciqikou": [
        (START, 180.5),
        (at(18, 18), 182.3),
        (at(19, 0), 183.0),
        (at(19, 8), 186.2),
        (at(22, 0), 185.0),
        (at(22, 12), 182.3),
        (at(22, 20), 181.5),
        (END, 180.0),
    ],
    "gauge-chaotianmen": [(START, 181.0), (at(19, 6), 185.6), (at(22, 2), 184.5), (END, 180.0)],
    "gauge-caiyuanba": [
        (START, 181.2),
        (at(19, 5), 185.5),
        (at(20, 5), 193.30),  # the peak derived in the bulletin of 08-21; its time is ours
        (at(22, 3), 184.4),
        (END, 180.1),
    ],
    "gauge-dongjintuo": [
        (START, 202.0),
        (at(18, 20), 206.2),
        (at(19, 2), 207.0),
        (at(19, 8), 209.0),
        (at(19, 18), 213.67),  # the derived peak; its time is ours
        (END, 197.0),
    ],
    "gauge-changshou": [
        (START, 168.0),
        (at(19, 16), 174.5),
        (at(20, 18), 181.40),  # the derived peak; its time is ours
        (at(22, 10), 173.5),
        (END, 169.0),
    ],
    "gauge-wulong": [(START, 173.0), (at(21, 0), 175.4), (END, 173.0)],
}


@dataclass(frozen=True)
class Sample:
    """A level in metres above the gauge's datum. `synthetic` is False for a published point."""

    at: datetime
    level_m: float
    synthetic: bool


def samples(gauge: Gauge, seed: int) -> list[Sample]:
    """A level every 15 minutes from START to END, and every published point at its own minute."""
    published = {point.at: point.level_m for point in gauge.points}
    knots = knots_of(gauge)
    ripple = random.Random(f"{seed}:{gauge.sensor_id}")  # noqa: S311 - a curve, no secret
    results = [Sample(moment, level, synthetic=False) for moment, level in published.items()]
    moment = START
    while moment <= END:
        if moment not in published:
            results.append(Sample(moment, level_at(knots, moment, ripple), synthetic=True))
        moment += STEP
    return sorted(results, key=lambda sample: sample.at)


def knots_of(gauge: Gauge) -> list[tuple[datetime, float]]:
    """Return the points of the curve: published points and our own support between them."""
    published = {point.at: point.level_m for point in gauge.points}
    return sorted({**dict(_SUPPORT[gauge.sensor_id]), **published}.items())


def level_at(knots: list[tuple[datetime, float]], moment: datetime, ripple: random.Random) -> float:
    """The curve at `moment`, to the centimetre; never beyond the two knots around it."""
    for (begin, low), (end, high) in itertools.pairwise(knots):
        if begin <= moment <= end:
            share = (moment - begin) / (end - begin)
            smooth = low + (high - low) * (1 - math.cos(math.pi * share)) / 2
            wave = ripple.uniform(-_RIPPLE_M, _RIPPLE_M) * math.sin(math.pi * share)
            return round(min(max(smooth + wave, min(low, high)), max(low, high)), 2)
    raise ValueError(f"{moment} lies outside the curve")
