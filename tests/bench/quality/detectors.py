"""The three detectors under measurement. Each turns a series into scores, one per row, within 0 and
1.

An alarm engine tells an officer about a crossing, not about every reading beyond it, so with its
fixed threshold every detector detects at the row at which an alarm is raised (`Scored.alarms`). For
NAB's optimised threshold the two plain detectors hand in a score for every row, as NAB asks
(`Scored.rows`); ours scores the rows at which it raises and nothing elsewhere.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from services.scoring.core.partition_engine import PartitionEngine
from services.scoring.core.refusals import RefusedInput
from services.scoring.core.rules.rule_registry import RuleRegistry
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.catalog import SensorEntry
from shared.contracts.fields import Tier
from shared.contracts.readings import Reading
from shared.contracts.rules import RuleDefinition
from shared.definitions.rules.pack import load
from tests.bench.payload import TOWN
from tests.bench.quality.corpus import Series
from tests.bench.quality.nab import probation

PACK = Path("deploy/rules")
RULE = "baseline-soil-moisture"
"""The measured rule as shipped: with the season of a day, and the limits of all such rules."""
_SENSOR = "series"
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_UP = (AlarmTransition.RAISED, AlarmTransition.UPGRADED)
FIXED = 0.5
"""The fixed threshold of all three; each maps its own limit to it."""
WINDOW = 288
SIGMAS = 4.0
"""The plain z-score: a window of 288 readings (a day at five minutes), limit four deviations."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores per row: `rows` for a sweep of thresholds, `alarms` with 0 in rows without a raise."""

    rows: list[float]
    alarms: list[float]


Detector = Callable[[Series], Scored]


def baseline_rule(series: Series) -> Scored:
    """Score by the shipped rule in the engine: rows with a raised or upgraded alarm."""
    engine = PartitionEngine(_registry())
    scores = []
    for row, (at, value) in enumerate(zip(series.at, series.values, strict=True)):
        with suppress(RefusedInput):
            engine.apply_reading(row, _reading(row, at, value), at, _NOW)
        scores_of_alarms = [
            alarm.evidence.value
            for alarm in engine.messages
            if isinstance(alarm, AlarmEvent) and alarm.transition in _UP
        ]
        engine.messages.clear()
        engine.dirty.clear()
        scores.append(max(scores_of_alarms, default=0.0))
    return Scored(scores, scores)


@cache
def _rule() -> RuleDefinition:
    shipped = load([PACK], _NOW).usable().definitions
    return next(rule for rule in shipped if rule.rule_id == RULE)


def _registry() -> RuleRegistry:
    rule, registry = _rule(), RuleRegistry()
    assert rule.sensor_kind
    assert rule.metric
    assert rule.unit
    registry.add_sensor(
        SensorEntry(
            sensor_id=_SENSOR,
            sensor_kind=rule.sensor_kind,
            name=_SENSOR,
            place=TOWN,
            metric=rule.metric,
            unit=rule.unit,
            interval_s=300.0,
        )
    )
    registry.add_rule(rule)
    return registry


def _reading(row: int, at: float, value: float) -> Reading:
    rule = _rule()
    return Reading(
        id=f"row-{row}",
        occurred_at=datetime.fromtimestamp(at, UTC),
        sent_at=_NOW,
        origin_unit=TOWN,
        tier=Tier.TOWN,
        sensor_id=_SENSOR,
        metric=rule.metric or "",
        unit=rule.unit or "",
        value=value,
    )


def static(series: Series) -> Scored:
    """Limits fixed once: the least and greatest value of the probationary part."""
    probationary = series.values[: max(probation(len(series.values)), 1)]
    low, high = min(probationary), max(probationary)
    scale = max(high - low, 1e-9 * max(abs(low), abs(high)), 1e-12)
    rows = []
    for value in series.values:
        beyond = max(value - high, low - value) / scale
        rows.append(0.5 + 0.5 * beyond / (1.0 + beyond) if beyond > 0.0 else 0.0)
    return Scored(rows, crossings(rows))


def z_score(series: Series) -> Scored:
    """Distance from the mean of the last 288 readings in their standard deviations."""
    rows = []
    window: deque[float] = deque(maxlen=WINDOW)
    for value in series.values:
        count = len(window)
        if count < WINDOW // 4:
            rows.append(0.0)
        else:
            mean = math.fsum(window) / count
            spread = math.sqrt(math.fsum((v - mean) ** 2 for v in window) / count)
            z = abs(value - mean) / max(spread, 1e-9 * max(abs(mean), 1.0))
            rows.append(z / (z + SIGMAS))
        window.append(value)
    return Scored(rows, crossings(rows))


def crossings(rows: Sequence[float]) -> list[float]:
    """The scores at which the fixed threshold is crossed from below; 0 elsewhere."""
    before = [0.0, *rows[:-1]]
    return [s if s >= FIXED > last else 0.0 for s, last in zip(rows, before, strict=True)]


DETECTORS: dict[str, Detector] = {
    "baseline": baseline_rule,
    "static threshold": static,
    "z-score": z_score,
}
