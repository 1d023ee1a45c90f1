"""Rules made ready to judge with: compiled per rule, gathered per kind of sensor into a plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from services.scoring.core.baseline import BaselineSpec
from services.scoring.core.baseline_episode import EpisodeSpec
from services.scoring.core.gist import Gist
from services.scoring.core.ladder import Ladder, Step
from services.scoring.core.windows import WindowSpec
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
from shared.domain.response_modes.effective import UNDECIDED, Effective

FOREVER = float("inf")
SHORT_WINDOW_READINGS = 40
"""A window of at most so many expected readings is kept reading by reading, a longer one in buckets."""

AGED_TOGETHER = 12
"""So many expected readings go into buckets at once: each time costs the same."""


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule for sensors of one interval. What a kind does not have is None or 0.

    `ladder` judges a value, an aggregate, a rate per second or a baseline's score. `silent_s` is the
    longest gap that is not silence, `stuck_s` how long a value may stay the same.
    """

    definition: RuleDefinition
    ladder: Ladder | None = None
    window: WindowSpec | None = None
    gap_s: float = FOREVER
    least_gap_s: float = 0.0
    silent_s: float = 0.0
    silent_rank: int = 0
    stuck: StuckRule | None = None
    range: RangeRule | None = None
    baseline: BaselineSpec | None = None

    @property
    def rule_id(self) -> str:
        """Its id."""
        return self.definition.rule_id

    @property
    def version(self) -> int:
        """Its version."""
        return self.definition.version


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that judges the sensors of one kind, metric, unit, datum and interval.

    `lateness_s`: how much older than the newest a reading may be. `keep_s`: readings this old are
    still held one by one; `trim_s`: when the oldest is older than that, those beyond `keep_s` go.
    `quiet_gap_s`: after a longer gap something may have to be decided that is not about the value.
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
    waiting: tuple[CompiledRule, ...] = ()
    """Of `values`, those that time alone can raise."""
    shadows: tuple[CompiledRule, ...] = ()
    """Candidates among all of these."""
    by_id: dict[str, CompiledRule] = field(default_factory=dict)
    stuck_after_s: float = FOREVER
    tolerance: float = 0.0
    calm: tuple[float, ...] = ()
    """Of the `stuck` rules: the shortest time, the widest tolerance, the values that may stay."""
    sums: bool = False
    """Whether a window is over something that readings inside a band can move out of it."""
    normal: tuple[float, float, float, float] = (-FOREVER, FOREVER, -FOREVER, FOREVER)
    """Between which values and which rates nothing changes at a sensor without alarms."""
    mode: Effective = UNDECIDED
    """What it goes by, where a rule of these sensors holds in some response modes only."""
    gist: Gist = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        gist = Gist(
            self,
            (self.metric, self.unit, self.datum),
            (self.quiet_gap_s, self.trim_s, self.stuck_after_s),
            self.tolerance,
            self.calm,
            (
                *(bool(self.windows), bool(self.rates), bool(self.stuck)),
                *(self.sums, bool(self.baselines)),
            ),
        )
        object.__setattr__(self, "gist", gist)

    def find(self, rule_id: str) -> CompiledRule | None:
        """The rule by id, None when it does not judge these sensors."""
        return self.by_id.get(rule_id)


def plan_of(
    definitions: list[RuleDefinition],
    metric: str,
    unit: str,
    datum: str | None,
    interval_s: float,
    lateness_s: float,
    mode: Effective = UNDECIDED,
) -> Plan:
    """The plan of sensors with these facts; `definitions` fit them and are sorted by id."""
    ordered = sorted(definitions, key=lambda rule: rule.shadow_of is not None)  # candidates last
    rules = [compile_rule(rule, interval_s) for rule in ordered]
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
    return Plan(
        metric,
        unit,
        datum,
        lateness_s,
        keep_s,
        keep_s + AGED_TOGETHER * interval_s,
        min((min(rule.gap_s, rule.silent_s or FOREVER) for rule in rules), default=FOREVER),
        values,
        rates,
        windows,
        tuple(rule for rule in rules if rule.baseline),
        tuple(rule for rule in rules if rule.silent_s),
        tuple(rule for rule in rules if rule.stuck),
        ranges,
        tuple(rule for rule in values if rule.ladder and rule.ladder.for_s),
        tuple(rule for rule in rules if rule.definition.shadow_of),
        {rule.rule_id: rule for rule in rules},
        min((body.for_s for body in stuck), default=FOREVER),
        max((body.tolerance for body in stuck), default=0.0),
        tuple(value for body in stuck for value in body.calm),
        any(rule.window and not rule.window.inside for rule in windows),
        (*_between([*values, *_inside(windows)], ranges), *_between(rates, ())),
        mode,
    )


def _inside(windows: Sequence[CompiledRule]) -> list[CompiledRule]:
    return [rule for rule in windows if rule.window and rule.window.inside]


def _between(
    ladders: Iterable[CompiledRule], ranges: Iterable[CompiledRule]
) -> tuple[float, float]:
    """What lies strictly between the two moves none of these ladders and is in all of these ranges."""
    bands = [rule.ladder.band(None) for rule in ladders if rule.ladder]
    bands += [(rule.range.low, rule.range.high) for rule in ranges if rule.range]
    return (
        max((low for low, _ in bands), default=-FOREVER),
        min((high for _, high in bands), default=FOREVER),
    )


def compile_rule(rule: RuleDefinition, interval_s: float) -> CompiledRule:
    """A checked rule, made ready. Raises TypeError for a rule over several sources."""
    match rule.body:
        case ThresholdRule() as body:
            return CompiledRule(rule, ladder_of(body.rungs, body.direction, body.for_s, body.count))
        case WindowRule() as body:
            window = WindowSpec(body.aggregate, body.window_s, body.min_count)
            return CompiledRule(rule, ladder_of(body.rungs, body.direction), window)
        case RateRule() as body:
            ladder = ladder_of(body.rungs, body.direction, factor=1 / body.per_s)
            return CompiledRule(rule, ladder, gap_s=body.gap_s, least_gap_s=body.least_gap_s)
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
            return CompiledRule(rule, ladder_of(body.rungs, "above"), baseline=spec)
        case other:
            raise TypeError(f"{type(other).__name__} is not judged sensor by sensor")


def ladder_of(
    rungs: tuple[Rung, ...],
    direction: str,
    for_s: float = 0.0,
    count: int = 1,
    factor: float = 1.0,
) -> Ladder:
    """A ladder; `factor` converts the rungs' unit into the one that is judged."""
    sign = 1 if direction == "above" else -1
    limits = [rung.raise_at for rung in rungs]
    steps = tuple(
        Step(
            LEVEL_ORDER[rung.level],
            rung.raise_at * factor * sign,
            rung.clear_at * factor * sign,
            rung.raise_at,
            rung.clear_at,
            _scale(limits, place),
        )
        for place, rung in enumerate(rungs)
    )
    return Ladder(sign, steps, for_s, count, factor)


def _scale(limits: list[float], place: int) -> float:
    if len(limits) == 1:
        return abs(limits[0]) or 1.0
    other = place + 1 if place + 1 < len(limits) else place - 1
    return abs(limits[other] - limits[place])
