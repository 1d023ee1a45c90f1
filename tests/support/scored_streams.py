"""Random streams through the real loop, printed as text, with a seed and a count as arguments.

The compiled form and plain Python have to print the same (tests/unit/scoring/test_forms.py). The
first line names the form of this run.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterator
from typing import Any

from services.scoring.core.baseline.baseline import Baseline
from services.scoring.core.baseline.memory import BaselineSpec
from services.scoring.core.baseline.tail import Tail, size
from services.scoring.fastpath.loop import process_run
from shared.contracts.fields import Status
from shared.contracts.rules import (
    AbsenceRule,
    BaselineRule,
    RangeRule,
    RateRule,
    StuckRule,
    WindowRule,
)
from shared.fastpath.loader import form
from tests.support.scoring import (
    SENT,
    T0,
    Feed,
    a_reading,
    a_rule,
    a_sensor,
    a_threshold_rule,
    a_tick,
    as_record,
    as_span,
    rungs,
)


def window(aggregate: Any, span_s: float, *steps: tuple[str, float, float]) -> WindowRule:
    """A rule over a window."""
    return WindowRule(aggregate=aggregate, window_s=span_s, rungs=rungs(*steps))


RULES = (
    a_rule(
        a_threshold_rule(("yellow", 212, 211), ("red", 216, 215), for_s=90, count=2), rule_id="held"
    ),
    a_rule(a_threshold_rule(("orange", 214, 213)), rule_id="plain"),
    a_rule(a_threshold_rule(("blue", 203, 204), direction="below"), rule_id="low"),
    a_rule(window("mean", 240, ("blue", 211, 210)), rule_id="mean"),
    a_rule(window("sum", 7200, ("blue", 9000, 8000)), rule_id="sum"),
    a_rule(window("max", 14400, ("red", 215, 214)), rule_id="max"),
    a_rule(window("count", 600, ("notice", 12, 9)), rule_id="count"),
    a_rule(window("delta", 3600, ("blue", 6, 2)), rule_id="delta"),
    a_rule(RateRule(rungs=rungs(("blue", 4, 1)), per_s=60), rule_id="rate"),
    a_rule(AbsenceRule(factor=4), rule_id="silent"),
    a_rule(StuckRule(for_s=400, calm=(205.0,)), rule_id="stuck"),
    a_rule(RangeRule(low=190, high=230), rule_id="range"),
    a_rule(BaselineRule(rungs=rungs(("notice", 0.5, 0.4))), rule_id="usual"),
)


def readings(chance: random.Random, sensors: int) -> Iterator[Any]:
    """Yield records: most plain, some late, repeated, of drills, damaged; ticks between."""
    seconds, offset, last = [0.0] * sensors, 0, None
    for turn in range(400):
        offset += 1
        number = chance.randrange(sensors)
        step = chance.choice([60, 60, 60, 60, 60, 61.5, 0, -60, -7200, 500])
        seconds[number] += step
        value = round(205 + chance.gauss(0, 1) + chance.choice([0, 0, 0, 0, 7, 12, -4, 45]), 3)
        change: dict[str, Any] = chance.choice(
            [{}] * 8 + [{"synthetic": True}, {"unit": "cm"}, {"datum": None}, {"trace_id": "t"}]
        )
        status = chance.choice([Status.ACTUAL] * 12 + [Status.EXERCISE])
        name = f"r{turn - chance.choice([0] * 20 + [1])}"
        reading = a_reading(value, seconds[number], f"s-{number}", name, status, **change)
        record = as_record(offset, reading, T0 + 1e8)
        if chance.random() < 0.03 and last is not None:
            record.value, record.key = last.value, last.key
        if chance.random() < 0.03:
            place = chance.randrange(len(record.value))
            record.value = record.value[:place] + b"\x00" + record.value[place + 1 :]
        last = record
        yield record
        if turn % 9 == 0:
            offset += 1
            yield as_record(offset, a_tick(max(seconds) - 30.0), T0 + 1e8)


def stream_lines(seed: int) -> Iterator[str]:
    """Yield everything that follows from one stream."""
    chance = random.Random(seed)
    sensors = tuple(a_sensor(f"s-{number}", lateness_s=600.0) for number in range(3))
    rules = chance.sample(RULES, chance.randint(1, len(RULES)))
    feed = Feed(*rules, sensors=sensors)
    refused: list[Any] = []
    remaining = list(readings(chance, len(sensors)))
    while remaining:
        size = chance.randint(1, 60)
        run = remaining[:size] if chance.random() < 0.3 else as_span(remaining[:size])
        outcomes = process_run(feed.engine, run, SENT, refused)
        yield f"{seed} outcomes {sorted((str(k), v) for k, v in outcomes.items() if v)}"
        remaining = remaining[size:]
    for record, why in refused:
        yield f"{seed} refused {record.offset} {why.reason} {why.detail}"
    for message in feed.engine.messages:
        yield f"{seed} out {message!r}"
    for key, state in sorted(feed.engine.states.items()):
        yield f"{seed} state {key!r} {state.dump()!r} {state.deadline!r} {state.dirty}"


def baseline_lines(seed: int) -> Iterator[str]:
    """Yield the verdicts of a baseline over one long stream, and its final state."""
    chance = random.Random(seed)
    spec = BaselineSpec(warm_up=20, warm_up_s=0.0, level_memory=60, shift_memory=10, odd_at=0.4)
    model, at, level, noise = Baseline(), 1.7e9, 10.0 ** chance.uniform(-6, 6), 0.05
    for _ in range(1500):
        at += chance.choice([600.0] * 80 + [300.0, 30.0, -5.0, 0.0, 90_000.0])
        if chance.random() < 0.01:
            level *= chance.choice([2.0, 0.5, -1.0])
            noise = chance.choice([0.05, 0.05, 0.001])
        value = level * (1 + noise * chance.gauss(0, 1) + noise * math.sin(at / 13_750))
        if chance.random() < 0.2:
            value = round(value, 3)
        if chance.random() < 0.02:
            value = chance.choice([0.0, -0.0, 1e308, -1e308, 5e-324, 40 * level, -level])
        yield f"{seed} usual {model.step(spec, at, value)!r}"
    yield f"{seed} usual {model.dump()!r}"
    yield f"{seed} usual {Baseline.load(model.dump()).dump()!r}"


def tail_lines(seed: int) -> Iterator[str]:
    """Yield rarities of a tail with enough sizes to halve its counts."""
    chance, tail = random.Random(seed), Tail()
    for turn in range(40_000):
        at_size = size(chance.paretovariate(1.0)) - 9.0
        tail.add(at_size)
        if turn % 50 == 0:
            rarities = (tail.decades(at_size), tail.decades(at_size, 4))
            yield f"{seed} rarity {tail.total} {rarities[0]!r} {rarities[1]!r}"
    yield f"{seed} rarity {tail.dump()!r} {Tail.load(tail.dump()).decades(90.0)!r}"


def main() -> None:
    """Print `count` streams, from the seed `first` on."""
    print(form())
    first, count = int(sys.argv[1]), int(sys.argv[2])
    for seed in range(first, first + count):
        for line in (*stream_lines(seed), *baseline_lines(seed)):
            print(line)
    for line in tail_lines(first):
        print(line)
