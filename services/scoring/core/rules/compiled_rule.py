"""One rule, compiled for sensors of one interval."""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.scoring.core.baseline.episode import EpisodeSpec
from services.scoring.core.baseline.memory import BaselineSpec
from services.scoring.core.readings.windows import WindowSpec
from services.scoring.core.rules.thresholds import Threshold, Thresholds
from shared.contracts.fields import LEVEL_ORDER
from shared.contracts.rules import (
    AbsenceRule,
    BaselineRule,
    RangeRule,
    RateRule,
    RuleDefinition,
    Rung,
    StuckRule,
    ThresholdRule,
    WindowRule,
)
from shared.domain.local_time import ZONE
from shared.domain.rule_calendar import RuleCalendar, calendar_of
from shared.domain.rule_scope_words import scope_words

FOREVER = float("inf")


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule for sensors of a common interval. Parts of foreign kinds are None or 0.

    `thresholds` evaluate a value, an aggregate, a rate per second or the score of a baseline.
    `silent_s` is the longest gap in seconds that is not silence. `calendar` holds the seasons and
    hours of a rule that does not always hold, and `scope` the words for its place and time.
    """

    definition: RuleDefinition
    thresholds: Thresholds | None = None
    window: WindowSpec | None = None
    gap_s: float = FOREVER
    least_gap_s: float = 0.0
    silent_s: float = 0.0
    silent_rank: int = 0
    stuck: StuckRule | None = None
    range: RangeRule | None = None
    baseline: BaselineSpec | None = None
    calendar: RuleCalendar | None = None
    scope: str | None = None

    @property
    def rule_id(self) -> str:
        """Return the id of the rule."""
        return self.definition.rule_id

    @property
    def version(self) -> int:
        """Return the version of the rule."""
        return self.definition.version

    def holds_at(self, at: float) -> bool:
        """Return whether the moment lies in the seasons and hours of the rule."""
        return self.calendar is None or self.calendar.contains(at)


def compile_rule(rule: RuleDefinition, interval_s: float, zone: str = ZONE) -> CompiledRule:
    """Compile a checked rule; its hours are those of the time zone.

    Raises TypeError for a rule over several sources.
    """
    calendar = calendar_of(rule.seasons, rule.hours, zone)
    words = scope_words(rule)
    scope = None if words is None else words.joined()
    return replace(_compiled(rule, interval_s), calendar=calendar, scope=scope)


def _compiled(rule: RuleDefinition, interval_s: float) -> CompiledRule:
    match rule.body:
        case ThresholdRule() as body:
            thresholds = thresholds_of(body.rungs, body.direction, body.clear_for_s)
            return CompiledRule(rule, replace(thresholds, for_s=body.for_s, count=body.count))
        case WindowRule() as body:
            window = WindowSpec(body.aggregate, body.window_s, body.min_count)
            thresholds = thresholds_of(body.rungs, body.direction, body.clear_for_s)
            return CompiledRule(rule, thresholds, window)
        case RateRule() as body:
            factor = 1 / body.per_s
            thresholds = thresholds_of(body.rungs, body.direction, body.clear_for_s, factor)
            return CompiledRule(rule, thresholds, gap_s=body.gap_s, least_gap_s=body.least_gap_s)
        case AbsenceRule() as body:
            silent_s = min(body.factor * interval_s, body.ceiling_s)
            return CompiledRule(rule, silent_s=silent_s, silent_rank=LEVEL_ORDER[body.level])
        case StuckRule() as body:
            return CompiledRule(rule, stuck=body)
        case RangeRule() as body:
            return CompiledRule(rule, range=body)
        case BaselineRule() as body:
            lowest = body.rungs[0]
            episode = EpisodeSpec(lowest.raise_at, lowest.clear_at)
            spec = BaselineSpec(season_s=body.season_s, episode=episode)
            thresholds = thresholds_of(body.rungs, "above", body.clear_for_s)
            return CompiledRule(rule, thresholds, baseline=spec)
        case _:
            raise TypeError(f"{type(rule.body).__name__} is not evaluated sensor by sensor")


def thresholds_of(
    rungs: tuple[Rung, ...],
    direction: str,
    clear_for_s: float = 0.0,
    factor: float = 1.0,
) -> Thresholds:
    """Return the thresholds of a rule; `factor` converts the unit for the evaluation."""
    sign = 1 if direction == "above" else -1
    limits = [rung.raise_at for rung in rungs]
    levels = tuple(
        Threshold(
            LEVEL_ORDER[rung.level],
            rung.raise_at * factor * sign,
            rung.clear_at * factor * sign,
            rung.raise_at,
            rung.clear_at,
            _scale(limits, place),
        )
        for place, rung in enumerate(rungs)
    )
    return Thresholds(sign, levels, factor=factor, clear_for_s=clear_for_s)


def _scale(limits: list[float], place: int) -> float:
    if len(limits) == 1:
        return abs(limits[0]) or 1.0
    neighbour = place + 1 if place + 1 < len(limits) else place - 1
    return abs(limits[neighbour] - limits[place])
