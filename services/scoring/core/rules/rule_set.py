"""The compiled rules of all sensors that are evaluated alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from services.scoring.core.rules.compiled_rule import FOREVER, CompiledRule, compile_rule
from services.scoring.core.rules.fast_rule_set import FastRuleSet
from shared.contracts.rules import RateRule, RuleDefinition, ThresholdRule
from shared.domain.local_time import ZONE
from shared.domain.response_modes.effective import UNDECIDED, Effective

SHORT_WINDOW_READINGS = 40
"""The readings of a window of at most this many expected readings are kept one by one; a longer
window is kept in buckets."""
READINGS_PER_TRIM = 12
"""This many expected readings move into buckets at once: each move costs the same."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of all sensors of one kind, metric, unit, datum and interval.

    `lateness_s`: a reading may be this much older than the newest. `keep_s`: younger readings are
    kept one by one. `trim_s`: when the oldest reading is older, readings beyond `keep_s` move into
    buckets. `quiet_gap_s`: after a longer gap a decision may be due that does not depend on the
    value. All four are in seconds.
    """

    metric: str
    unit: str
    datum: str | None
    lateness_s: float
    keep_s: float
    trim_s: float
    quiet_gap_s: float
    values: tuple[CompiledRule, ...] = ()
    rates: tuple[CompiledRule, ...] = ()
    windows: tuple[CompiledRule, ...] = ()
    baselines: tuple[CompiledRule, ...] = ()
    absences: tuple[CompiledRule, ...] = ()
    stuck: tuple[CompiledRule, ...] = ()
    ranges: tuple[CompiledRule, ...] = ()
    timed: tuple[CompiledRule, ...] = ()
    """The rules among `values` that time alone can raise."""
    shadows: tuple[CompiledRule, ...] = ()
    """The candidates among all rules."""
    seasonal: tuple[CompiledRule, ...] = ()
    """The rules with seasons or hours."""
    by_id: dict[str, CompiledRule] = field(default_factory=dict)
    stuck_after_s: float = FOREVER
    """The shortest time after which a `stuck` rule applies, in seconds."""
    tolerance: float = 0.0
    """The widest tolerance of the `stuck` rules, in the unit of the readings."""
    steady_values: tuple[float, ...] = ()
    """The values that may stay unchanged for any time."""
    has_sums: bool = False
    """True when readings inside the bounds of a window can move its aggregate out of them."""
    normal_bounds: tuple[float, float, float, float] = (-FOREVER, FOREVER, -FOREVER, FOREVER)
    """Low and high value, low and high rate between which nothing changes without alarms."""
    mode: Effective = UNDECIDED
    """The response mode of these sensors, where one of their rules depends on the mode."""
    fast: FastRuleSet = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        fast = FastRuleSet(
            self,
            (self.metric, self.unit, self.datum),
            (self.quiet_gap_s, self.trim_s, self.stuck_after_s),
            self.tolerance,
            self.steady_values,
            (
                *(bool(self.windows), bool(self.rates), bool(self.stuck)),
                *(self.has_sums, bool(self.baselines)),
            ),
        )
        object.__setattr__(self, "fast", fast)

    def find(self, rule_id: str) -> CompiledRule | None:
        """Return a rule by its id; None when the rule does not apply to these sensors."""
        return self.by_id.get(rule_id)


def rule_set_of(
    definitions: list[RuleDefinition],
    metric: str,
    unit: str,
    datum: str | None,
    interval_s: float,
    lateness_s: float,
    mode: Effective = UNDECIDED,
    zone: str = ZONE,
) -> RuleSet:
    """Return the rules of sensors with these facts; `definitions` fit and are sorted by id."""
    ordered = sorted(definitions, key=lambda rule: rule.shadow_of is not None)  # candidates last
    rules = [compile_rule(rule, interval_s, zone) for rule in ordered]
    windows = tuple(rule for rule in rules if rule.window)
    short = [
        rule.window.span_s
        for rule in windows
        if rule.window and rule.window.span_s <= SHORT_WINDOW_READINGS * interval_s
    ]
    keep_s = lateness_s + max(short, default=0.0)
    stuck = [rule.stuck for rule in rules if rule.stuck]
    values = tuple(rule for rule in rules if isinstance(rule.definition.body, ThresholdRule))
    rates = tuple(rule for rule in rules if isinstance(rule.definition.body, RateRule))
    ranges = tuple(rule for rule in rules if rule.range)
    return RuleSet(
        metric,
        unit,
        datum,
        lateness_s,
        keep_s,
        keep_s + READINGS_PER_TRIM * interval_s,
        min((min(rule.gap_s, rule.silent_s or FOREVER) for rule in rules), default=FOREVER),
        values,
        rates,
        windows,
        tuple(rule for rule in rules if rule.baseline),
        tuple(rule for rule in rules if rule.silent_s),
        tuple(rule for rule in rules if rule.stuck),
        ranges,
        tuple(rule for rule in values if rule.thresholds and rule.thresholds.for_s),
        tuple(rule for rule in rules if rule.definition.shadow_of),
        tuple(rule for rule in rules if rule.calendar),
        {rule.rule_id: rule for rule in rules},
        min((body.for_s for body in stuck), default=FOREVER),
        max((body.tolerance for body in stuck), default=0.0),
        tuple(value for body in stuck for value in body.calm),
        any(rule.window and not rule.window.inside for rule in windows),
        (*_common_bounds([*values, *_inside(windows)], ranges), *_common_bounds(rates, ())),
        mode,
    )


def _inside(windows: Sequence[CompiledRule]) -> list[CompiledRule]:
    return [rule for rule in windows if rule.window and rule.window.inside]


def _common_bounds(
    rules: Iterable[CompiledRule], ranges: Iterable[CompiledRule]
) -> tuple[float, float]:
    """Return the exclusive bounds in which a value changes no rule and lies in every range."""
    bounds = [rule.thresholds.bounds(None) for rule in rules if rule.thresholds]
    bounds += [(rule.range.low, rule.range.high) for rule in ranges if rule.range]
    return (
        max((low for low, _ in bounds), default=-FOREVER),
        min((high for _, high in bounds), default=FOREVER),
    )
