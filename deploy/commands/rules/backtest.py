"""`backtest`: a candidate and the rules in force side by side over recorded readings.

Nobody is paged. Two benches take every reading, and the comparison of their alarms as episodes goes
on while the stream flows.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from deploy.commands.rules.engine import LATENESS_S, Bench
from deploy.commands.rules.episodes import Comparison, Side, settle
from deploy.commands.rules.sources import Record
from services.scoring.core.refusals import RefusedInput
from shared.contracts.alarms import AlarmEvent
from shared.contracts.catalog import SensorEntry
from shared.contracts.dead_letter import Reason
from shared.contracts.readings import Tick
from shared.contracts.rules import RangeRule, RuleDefinition, StuckRule
from shared.runtime.errors import SetupError

NEAR_S = 3600.0
_SETTLE_EACH = 50_000


@dataclass(frozen=True, slots=True)
class Contest:
    """A comparison: rules as they are, rules as they would be, and the data that both sides judge.

    `alias` gives a shadow's alarms the name of the live rule; `notes` are for people.
    """

    before: tuple[RuleDefinition, ...]
    after: tuple[RuleDefinition, ...]
    faults: frozenset[str]
    alias: dict[str, str]
    notes: tuple[str, ...]


@dataclass
class Backtest:
    """The result. `since` and `until` are event times of the readings, in seconds since 1970."""

    comparison: Comparison
    before: Side
    after: Side
    readings: int = 0
    unjudged: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    since: float | None = None
    until: float | None = None
    seconds: float = 0.0


def contest(candidate: Sequence[RuleDefinition], against: Sequence[RuleDefinition]) -> Contest:
    """Line up a candidate against the rules in force. Raises SetupError when nothing can be judged.

    A rule of the candidate is compared with the rule of the same name, and a shadow with its live
    rule. Rules about faults act on both sides, since they decide which readings are judged at all.
    """
    one_sensor = [rule for rule in candidate if rule.over_one_sensor]
    if not one_sensor:
        raise SetupError(
            "the candidate has no rule over one sensor; rules over several are judged by alerting."
        )
    names = {rule.rule_id for rule in one_sensor}
    alias = {rule.rule_id: rule.shadow_of for rule in one_sensor if rule.shadow_of is not None}
    replaced = names | set(alias.values())
    before = [rule for rule in against if rule.rule_id in replaced and rule.over_one_sensor]
    faults = [
        rule
        for rule in against
        if isinstance(rule.body, StuckRule | RangeRule) and rule.rule_id not in replaced
    ]
    notes = [
        f"{rule.rule_id} is switched off in the candidate and taken as if it were on"
        for rule in one_sensor
        if not rule.enabled
    ]
    existing_names = {rule.rule_id for rule in before}
    notes += [
        f"{name} is new: there is nothing it replaces"
        for name in sorted(names - existing_names)
        if alias.get(name) not in existing_names
    ]
    notes += [
        f"{rule.rule_id} is judged by alerting and left out"
        for rule in candidate
        if not rule.over_one_sensor
    ]
    live = [rule.model_copy(update={"enabled": True, "shadow_of": None}) for rule in one_sensor]
    return Contest(
        (*before, *faults),
        (*live, *faults),
        frozenset(rule.rule_id for rule in faults),
        alias,
        tuple(notes),
    )


def judged_by(
    rules: Sequence[RuleDefinition], sensors: Mapping[str, SensorEntry]
) -> dict[str, SensorEntry]:
    """Return the sensors of these rules."""
    kinds = {rule.sensor_kind for rule in rules if not rule.sensor_ids}
    named = {sensor_id for rule in rules for sensor_id in rule.sensor_ids}
    return {
        name: sensor
        for name, sensor in sensors.items()
        if sensor.sensor_kind in kinds or name in named
    }


class Runner:
    """Feed both benches and compare their alarms; memory is bounded for any length."""

    def __init__(
        self,
        rules: Contest,
        sensors: Mapping[str, SensorEntry],
        near_s: float = NEAR_S,
        lateness_s: float = LATENESS_S,
    ) -> None:
        """Raises SetupError for rules the engine does not take."""
        self.result = Backtest(Comparison(), Side(), Side(rules.alias))
        self._rules = rules
        self._near_s = near_s
        self._lateness_s = lateness_s
        self._faults = rules.faults
        self._judged = judged_by((*rules.before, *rules.after), sensors)
        self._began = time.monotonic()
        self.start()

    def start(self) -> None:
        """Start with fresh benches, as for the next partition of a topic; results stay."""
        try:
            self._benches = [
                Bench(self._judged.values(), rules, self._lateness_s)
                for rules in (self._rules.before, self._rules.after)
            ]
        except RefusedInput as why:
            raise SetupError(f"the engine does not take the rules: {why.detail}.") from None
        self._count = 0
        self._clock = float("-inf")

    def feed(self, records: Iterable[Record]) -> None:
        """Judge records in order of arrival."""
        for record in records:
            self.take(record)

    def take(self, record: Record) -> None:
        """Judge one record on both sides."""
        result = self.result
        message = record.message
        at = message.occurred_at.timestamp()
        refused: Reason | None = None
        if not isinstance(message, Tick):
            if message.sensor_id not in self._judged:
                result.unjudged += 1
                return
            result.readings += 1
            result.since = at if result.since is None else min(at, result.since)
            result.until = at if result.until is None else max(at, result.until)
            for bench in self._benches:
                refused = bench.reading(message, record.arrives)
        else:
            for bench in self._benches:
                refused = bench.tick(at, record.arrives)
        if refused is None:
            self._clock = max(self._clock, at)
        else:
            result.refused[refused.value] = result.refused.get(refused.value, 0) + 1
        for bench, side in zip(self._benches, (result.before, result.after), strict=True):
            for event in bench.drain():
                if isinstance(event, AlarmEvent) and event.rule_id not in self._faults:
                    side.take(event)
        self._count += 1
        if self._count % _SETTLE_EACH == 0:
            margin = self._near_s + self._lateness_s
            settle(result.before, result.after, result.comparison, margin, self._clock - margin)

    def end(self) -> Backtest:
        """Settle the open episodes."""
        result = self.result
        settle(result.before, result.after, result.comparison, self._near_s)
        result.seconds = time.monotonic() - self._began
        return result
