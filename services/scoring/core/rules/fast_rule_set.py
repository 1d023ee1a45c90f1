"""The numbers of a rule set for every reading, in an object with C types when compiled.

This class lies in the core and not in fastpath/: a sensor's state has no further reference to the
rules, which saves memory per sensor.
"""

from __future__ import annotations

from typing import Any


class FastRuleSet:
    """The numbers and facts of `rule_set`, and which kinds of rules there are.

    Times are in seconds, `tolerance` is in the unit of the readings, and the facts are encoded as
    in a reading; `datum` is empty when there is none. `RuleSet` explains each of them.
    """

    __slots__ = (
        "datum",
        "has_baselines",
        "has_rates",
        "has_stuck",
        "has_sums",
        "has_windows",
        "metric",
        "quiet_gap_s",
        "rule_set",
        "steady_values",
        "stuck_after_s",
        "tolerance",
        "trim_s",
        "unit",
    )

    def __init__(
        self,
        rule_set: Any,
        facts: tuple[str, str, str | None],
        times: tuple[float, float, float],
        tolerance: float,
        steady_values: tuple[float, ...],
        kinds: tuple[bool, bool, bool, bool, bool],
    ) -> None:
        """`kinds` states which of windows, rates, stuck values, sums and baselines there are."""
        self.rule_set = rule_set
        metric, unit, datum = facts
        self.metric = metric.encode()
        self.unit = unit.encode()
        self.datum = (datum or "").encode()
        self.quiet_gap_s, self.trim_s, self.stuck_after_s = times
        self.tolerance = tolerance
        self.steady_values = steady_values
        self.has_windows, self.has_rates, self.has_stuck = kinds[:3]
        self.has_sums, self.has_baselines = kinds[3:]
