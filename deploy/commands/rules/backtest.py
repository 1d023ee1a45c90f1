"""`backtest`: a candidate and the rules in force side by side over recorded readings.

Nobody is paged. Two benches take every reading, and the comparison of their alarms as episodes goes
on while the stream flows. Rules over several sources read the alarms of both benches, and the
recorded reports and warnings, in order of arrival after the last reading: a topic is read partition
by partition, and they need all of them at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from deploy.commands.rules.engine import LATENESS_S, Bench, zone_of_rules
from deploy.commands.rules.episodes import Comparison, Side, settle
from deploy.commands.rules.sources import Record
from deploy.commands.rules.sources_engine import Evidence, SourcesBench
from services.scoring.core.refusals import RefusedInput
from shared.contracts.alarms import AlarmEvent
from shared.contracts.catalog import SensorEntry
from shared.contracts.conditions import CompositeRule, CorroborationRule, rules_read
from shared.contracts.dead_letter import Reason
from shared.contracts.readings import Tick
from shared.contracts.rules import RangeRule, RuleDefinition, StuckRule
from shared.runtime.errors import SetupError

NEAR_S = 3600.0
_SETTLE_EACH = 50_000
MOST_EVIDENCE = 500_000
"""The alarms, reports and warnings of one side are in memory until the last reading."""
Arrival = tuple[float, int, Evidence]
"""When a message arrived, its place among those of the side, and the message."""


@dataclass(frozen=True, slots=True)
class Contest:
    """A comparison: rules as they are, rules as they would be, and the data that both sides judge.

    `aside` are the rules about faults and those that only feed rules over several sources: their
    alarms are not compared. `alias` gives a shadow's alarms the name of the live rule; `notes` are
    for people.
    """

    before: tuple[RuleDefinition, ...]
    after: tuple[RuleDefinition, ...]
    aside: frozenset[str]
    alias: dict[str, str]
    notes: tuple[str, ...]


@dataclass
class Backtest:
    """The result. `since` and `until` are event times of the readings, in seconds since 1970.

    `evidence` counts recorded alarms, reports and warnings; `too_costly` are the rules over several
    sources that alerting would set aside.
    """

    comparison: Comparison
    before: Side
    after: Side
    readings: int = 0
    unjudged: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    since: float | None = None
    until: float | None = None
    seconds: float = 0.0
    evidence: int = 0
    too_costly: list[str] = field(default_factory=list)


def contest(candidate: Sequence[RuleDefinition], against: Sequence[RuleDefinition]) -> Contest:
    """Line up a candidate against the rules in force. Raises SetupError when nothing can be judged.

    A rule of the candidate is compared with the rule of the same name, and a shadow with its live
    rule. Rules about faults act on both sides, since they decide which readings are judged at all.
    """
    if not candidate:
        raise SetupError("the candidate has no rule.")
    names = {rule.rule_id for rule in candidate}
    alias = {rule.rule_id: rule.shadow_of for rule in candidate if rule.shadow_of is not None}
    replaced = names | set(alias.values())
    before = [rule for rule in against if rule.rule_id in replaced]
    faults = [
        rule
        for rule in against
        if isinstance(rule.body, StuckRule | RangeRule) and rule.rule_id not in replaced
    ]
    notes = [
        f"{rule.rule_id} is switched off in the candidate and taken as if it were on"
        for rule in candidate
        if not rule.enabled
    ]
    existing_names = {rule.rule_id for rule in before}
    notes += [
        f"{name} is new: there is nothing it replaces"
        for name in sorted(names - existing_names)
        if alias.get(name) not in existing_names
    ]
    live = [rule.model_copy(update={"enabled": True, "shadow_of": None}) for rule in candidate]
    fed_before = feeders(before, against)
    fed_after = feeders(live, [rule for rule in against if rule.rule_id not in replaced])
    return Contest(
        (*before, *faults, *fed_before),
        (*live, *faults, *fed_after),
        frozenset(rule.rule_id for rule in (*faults, *fed_before, *fed_after)) - replaced,
        alias,
        tuple(notes),
    )


def feeders(
    rules: Sequence[RuleDefinition], available: Sequence[RuleDefinition]
) -> list[RuleDefinition]:
    """Return the enabled rules, apart from `rules`, whose alarms these read, directly or not."""
    by_id = {rule.rule_id: rule for rule in available if rule.enabled and rule.shadow_of is None}
    present = {rule.rule_id for rule in rules}
    results: list[RuleDefinition] = []
    waiting = list(rules)
    while waiting:
        for name in sorted(_read_by(waiting.pop(), by_id) - present):
            if name in by_id:
                present.add(name)
                results.append(by_id[name])
                waiting.append(by_id[name])
    return results


def _read_by(rule: RuleDefinition, by_id: Mapping[str, RuleDefinition]) -> set[str]:
    """Return the ids of the rules whose alarms a rule reads."""
    if isinstance(rule.body, CompositeRule):
        return set(rules_read(rule.body))
    if isinstance(rule.body, CorroborationRule):
        return {
            name
            for name, feeder in by_id.items()
            if feeder.over_one_sensor and feeder.event_type == rule.event_type
        }
    return set()


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
        """Raises SetupError for rules the engines do not take."""
        self.result = Backtest(Comparison(), Side(), Side(rules.alias))
        self._rules = rules
        self._near_s = near_s
        self._lateness_s = lateness_s
        self._aside = rules.aside
        self._sides = (self.result.before, self.result.after)
        self._judged = judged_by((*rules.before, *rules.after), sensors)
        self._began = time.monotonic()
        self.start()
        zone = zone_of_rules()
        try:
            self._sources = [SourcesBench(side, zone) for side in (rules.before, rules.after)]
        except RefusedInput as why:
            raise SetupError(f"the engine does not take the rules: {why.detail}.") from None
        self.reads_sources = any(not rule.over_one_sensor for rule in (*rules.before, *rules.after))
        self._arrivals: tuple[list[Arrival], list[Arrival]] = ([], [])
        self._latest = float("-inf")

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
            self._latest = max(self._latest, at)
        else:
            result.refused[refused.value] = result.refused.get(refused.value, 0) + 1
        for number, bench in enumerate(self._benches):
            for event in bench.drain():
                if isinstance(event, AlarmEvent):
                    self._compare(number, event)
                    if self.reads_sources:
                        self._keep(number, record.arrives, event)
        self._count += 1
        if self._count % _SETTLE_EACH == 0:
            margin = self._near_s + self._lateness_s
            settle(result.before, result.after, result.comparison, margin, self._clock - margin)

    def take_evidence(self, message: Evidence, arrives: float) -> None:
        """Keep a recorded alarm, report or warning for the rules over several sources.

        A recorded alarm counts on each side that does not judge its rule anew.
        """
        at = message.occurred_at.timestamp()
        result, self._latest = self.result, max(self._latest, at)
        result.since = at if result.since is None else min(at, result.since)
        result.until = at if result.until is None else max(at, result.until)
        result.evidence += 1
        for number, side in enumerate((self._rules.before, self._rules.after)):
            judged = {rule.rule_id for rule in side}
            if not isinstance(message, AlarmEvent) or message.rule_id not in judged:
                self._keep(number, arrives, message)

    def _keep(self, number: int, arrives: float, message: Evidence) -> None:
        arrivals = self._arrivals[number]
        if len(arrivals) >= MOST_EVIDENCE:
            raise SetupError(
                f"rules over several sources have more than {MOST_EVIDENCE:,} alarms, reports and "
                "warnings to read: narrow the time with --from and --to."
            )
        arrivals.append((arrives, len(arrivals), message))

    def _compare(self, number: int, event: AlarmEvent) -> None:
        if event.rule_id not in self._aside:
            self._sides[number].take(event)

    def _read_sources(self) -> None:
        """Let the rules over several sources read what has come, in order of arrival."""
        for number, bench in enumerate(self._sources):
            for _, _, message in sorted(self._arrivals[number], key=lambda item: item[:2]):
                for event in bench.take(message):
                    self._compare(number, event)
            if self._latest > float("-inf"):
                for event in bench.pass_time(self._latest):
                    self._compare(number, event)
            self.result.too_costly += bench.too_costly

    def end(self) -> Backtest:
        """Judge the rules over several sources and settle the open episodes."""
        result = self.result
        if self.reads_sources:
            self._read_sources()
        settle(result.before, result.after, result.comparison, self._near_s)
        result.seconds = time.monotonic() - self._began
        return result
