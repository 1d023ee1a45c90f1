"""The words of an alarm in both languages: the lasting name of the event, and its situation.

The name is `朱沱站洪水：超保证水位`, the situation `朱沱站洪水：超保证水位 2.68 m，仍在上涨`. A sensor that
was never heard is named as such: `朱沱站掉线：从未收到数据`.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from services.scoring.core.alarms.alarm_state import NORMAL
from services.scoring.core.rules.compiled_rule import CompiledRule
from services.scoring.core.rules.sensor import Sensor
from services.scoring.core.state.sensor_state import ScoringState
from shared.contracts.fields import LEVEL_ORDER
from shared.contracts.rules import RateRule, RuleDefinition, Rung
from shared.domain.bilingual import Bilingual, bilingual_of
from shared.domain.local_time import ZONE, spoken
from shared.domain.measures import amount, span
from shared.domain.wording import LEVELS

Trend = Literal["rising", "steady", "falling"]
_LEAST_EXCESS = 0.005
"""A smaller distance to a limit is no distance in words; values are rounded to 0.01."""
_CLIMBING = frozenset({"water_level", "manhole_level", "flood_depth", "flow"})
"""Metrics of water, whose rise has a word of its own in Chinese."""
_TRENDS: dict[tuple[int, Trend], Bilingual] = {
    (1, "rising"): Bilingual("，仍在上升", ", still rising"),
    (1, "falling"): Bilingual("，正在回落", ", falling again"),
    (-1, "falling"): Bilingual("，仍在下降", ", still falling"),
    (-1, "rising"): Bilingual("，正在回升", ", rising again"),
}
"""The words by the direction of the rule (above, below) and the trend."""
_CLIMBS = Bilingual("，仍在上涨", ", still rising")
_NONE = Bilingual("", "")
_NEVER_HEARD = Bilingual("从未收到数据", "never heard")
_ZONE = ZoneInfo(ZONE)


def trend_of(state: ScoringState, rule: CompiledRule, at: float) -> Trend | None:
    """Return the trend from the reading before; None for a rule that reads no single value."""
    if rule.thresholds is None or rule.window is not None or rule.baseline is not None:
        return None
    times, values = state.times, state.values
    place = bisect_right(times, at) - 1
    if place < 1 or isinstance(rule.definition.body, RateRule):
        return None
    change = values[place] - values[place - 1]
    return "rising" if change > 0 else "falling" if change < 0 else "steady"


def limit_name(rule: CompiledRule, rank: int) -> Bilingual | None:
    """Return the name of the limit of a level; None for a limit without a name."""
    rung = _rung(rule.definition, rank)
    if rung is None or rung.name_zh is None or rung.name_en is None:
        return None
    return Bilingual(rung.name_zh, rung.name_en)


def headline(
    sensor: Sensor, rule: CompiledRule, rank: int, expected_since: datetime | None = None
) -> str:
    """Return the name of the event at level `rank`, with the limit where it has a name.

    `expected_since` is set for a sensor that was never heard.
    """
    if rule.silent_s and rank != NORMAL and expected_since is not None:
        return _named(sensor, rule, _NEVER_HEARD)
    limit = None if rank == NORMAL else limit_name(rule, rank)
    if limit is None or rule.thresholds is None:
        return _subject(sensor, rule.definition).joined()
    words = Bilingual(f"低于{limit.zh}", f"below the {limit.en}")
    if rule.thresholds.sign > 0:
        words = Bilingual(f"超{limit.zh}", f"above the {limit.en}")
    return _named(sensor, rule, words)


def situation(
    sensor: Sensor,
    rule: CompiledRule,
    rank: int,
    value: float,
    trend: Trend | None,
    note: str,
    expected_since: datetime | None = None,
) -> str | None:
    """Return the event with excess and trend; None for an alarm that is over."""
    if rank == NORMAL:
        return None
    if rule.silent_s and expected_since is not None:
        return _named(sensor, rule, never_heard_since(expected_since))
    return _named(sensor, rule, _statement(rule, rank, value, trend, note))


def never_heard_since(since: datetime) -> Bilingual:
    """Return the words for a sensor that was never heard, awaited since `since`."""
    at = spoken(since, _ZONE, since)
    return Bilingual(
        f"{_NEVER_HEARD.zh}，自 {at.zh} 起等待", f"{_NEVER_HEARD.en}, awaited since {at.en}"
    )


def _named(sensor: Sensor, rule: CompiledRule, words: Bilingual) -> str:
    subject = _subject(sensor, rule.definition)
    return Bilingual(f"{subject.zh}：{words.zh}", f"{subject.en}: {words.en}").joined()


def _subject(sensor: Sensor, definition: RuleDefinition) -> Bilingual:
    """Return the name of the event; a rule of many sensors does not name the place."""
    zh, en = definition.name_zh, definition.name_en
    if len(definition.sensor_ids) == 1:
        return Bilingual(zh, en)
    return Bilingual(f"{sensor.name} {zh}", f"{sensor.name}, {en}")


def _statement(
    rule: CompiledRule, rank: int, value: float, trend: Trend | None, note: str
) -> Bilingual:
    definition = rule.definition
    rung = _rung(definition, rank)
    if rule.baseline is not None:
        return bilingual_of(note)
    if rule.thresholds is None or rung is None:
        silent = span(rule.silent_s)
        return Bilingual(f"已 {silent.zh}无数据", f"no data for {silent.en}")
    level = LEVELS[rung.level]
    limit = limit_name(rule, rank) or Bilingual(f"{level.zh}限值", f"{level.en} limit")
    sign, unit = rule.thresholds.sign, definition.unit or "1"
    excess = (value - rung.raise_at) * sign
    far = amount(round(abs(excess), 2), unit)
    if abs(excess) < _LEAST_EXCESS:
        words = Bilingual(f"达到{limit.zh}", f"at the {limit.en}")
    elif excess < 0:
        words = Bilingual(f"接近{limit.zh}", f"near the {limit.en}")
    elif sign > 0:
        words = Bilingual(f"超{limit.zh} {far.zh}", f"{far.en} above the {limit.en}")
    else:
        words = Bilingual(f"低于{limit.zh} {far.zh}", f"{far.en} below the {limit.en}")
    tail = _NONE if trend is None else _TRENDS.get((sign, trend), _NONE)
    if (sign, trend) == (1, "rising") and definition.metric in _CLIMBING:
        tail = _CLIMBS
    opening = _rate(definition, value, unit)
    return Bilingual(f"{opening.zh}{words.zh}{tail.zh}", f"{opening.en}{words.en}{tail.en}")


def _rate(definition: RuleDefinition, value: float, unit: str) -> Bilingual:
    if not isinstance(definition.body, RateRule):
        return _NONE
    change, per = amount(round(value, 2), unit), span(definition.body.per_s)
    return Bilingual(f"{per.zh}变化 {change.zh}，", f"{change.en} in {per.en}, ")


def _rung(definition: RuleDefinition, rank: int) -> Rung | None:
    rungs: tuple[Rung, ...] = getattr(definition.body, "rungs", ())
    reached = [rung for rung in rungs if LEVEL_ORDER[rung.level] <= rank]
    return reached[-1] if reached else next(iter(rungs), None)
