"""A case through the real engine: expected against actual alarms, as a diff."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from deploy.commands.rules.engine import Bench, place_of, zone_of_rules
from deploy.commands.rules.sources_engine import SourcesBench
from services.scoring.core.refusals import RefusedInput
from shared.contracts.alarms import AlarmEvent
from shared.contracts.catalog import SensorEntry
from shared.contracts.fields import Status
from shared.contracts.readings import Reading
from shared.contracts.rules import RangeRule, RuleDefinition, StuckRule
from shared.contracts.units import tier_of
from shared.definitions.rules.case_evidence import evidence_of
from shared.definitions.rules.cases import Case, PackCase, Pushed, Want, pushes
from shared.definitions.rules.times import clock, moment

HEALTH = ("faulty", "silent", "online")


@dataclass(frozen=True, slots=True)
class SeenAlarm:
    """An actual change of an alarm, or of a sensor's health (`level` empty)."""

    at: float
    rule: str
    sensor: str
    transition: str
    level: str

    def __str__(self) -> str:
        return f"{clock(self.at):>8}  {self.rule}  {self.sensor}  {self.transition} {self.level}"


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line: `=` expected and actual, `-` expected and absent, `+` actual and unexpected."""

    sign: Literal["=", "-", "+"]
    text: str


@dataclass(frozen=True, slots=True)
class Result:
    """A case and its result; `wrong` holds in sentences the defects that the diff does not show."""

    case: PackCase
    diff: tuple[DiffLine, ...]
    wrong: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Return whether every expectation is met."""
        return not self.wrong and all(line.sign == "=" for line in self.diff)


def try_case(
    located: PackCase,
    rules: Mapping[str, RuleDefinition],
    sensors: Mapping[str, SensorEntry],
) -> Result:
    """Run a case like `run_case`; a bug of the engine fails this case and no further case."""
    try:
        return run_case(located, rules, sensors)
    except Exception as bug:
        return Result(located, (), (f"the engine failed: {type(bug).__name__}: {bug}",))


def run_case(
    located: PackCase,
    rules: Mapping[str, RuleDefinition],
    sensors: Mapping[str, SensorEntry],
) -> Result:
    """Play a case. `rules` must contain the rules under test, `sensors` is the catalogue."""
    case = located.case
    several = [rules[name] for name in case.rules if not rules[name].over_one_sensor]
    catalogue = {**sensors, **{sensor.sensor_id: sensor.entry() for sensor in case.sensors}}
    tested = [_live(rules[name]) for name in case.rules]
    named = {name for rule in tested for name in rule.sensor_ids}
    sensor_ids = (
        {push.sensor for push in case.push} | {sensor.sensor_id for sensor in case.sensors} | named
    )
    try:
        bench = Bench((catalogue[name] for name in sorted(sensor_ids) if name in catalogue), tested)
        sources = SourcesBench(map(_live, several), zone_of_rules())
    except RefusedInput as unfit:
        return Result(located, (), (f"the engine does not take the rules: {unfit.detail}",))
    alarms: list[SeenAlarm] = []
    wrong: list[str] = []
    refused = 0
    now = float("-inf")
    event_type = several[0].event_type if several else ""
    evidence = deque(evidence_of(case.alarms, case.reports, case.warnings, rules, event_type))
    for number, push in enumerate(pushes(case)):
        while evidence and evidence[0].occurred_at.timestamp() < push.arrives:
            alarms += map(_change_of, sources.take(evidence.popleft()))
        if push.arrives > now:
            now = push.arrives
            bench.tick(now, now)
        why = bench.reading(_reading(push, catalogue[push.sensor], number), push.arrives)
        expected = push.refused or (case.refused if why is not None else None)
        refused += why is not None
        if why != expected:
            came = f"refused as {why}" if why else "taken"
            wrong.append(
                f"the reading of {push.sensor} at {clock(push.at)} was {came}, "
                f"wanted {f'refused as {expected}' if expected else 'taken'}"
            )
        alarms += _new_alarms(bench, sources)
    for message in evidence:
        now = max(now, message.occurred_at.timestamp())
        alarms += map(_change_of, sources.take(message))
    if case.refused is not None and not refused:
        wrong.append(f"no reading was refused, wanted {case.refused}")
    if case.tick_until is not None:
        end = max(moment(case.tick_until), now)
        bench.tick(end, end)
        alarms += _new_alarms(bench, sources)
        alarms += map(_change_of, sources.pass_time(end))
    wrong += [f"{name} costs more than a rule may" for name in sources.too_costly]
    return Result(located, compare(case, alarms, tested), tuple(wrong))


def compare(
    case: Case, alarms: Sequence[SeenAlarm], tested: Sequence[RuleDefinition]
) -> tuple[DiffLine, ...]:
    """Match each actual change with one expectation, as many as possible."""
    watched = _watched(case, tested)
    relevant = [
        alarm for alarm in alarms if alarm.transition not in HEALTH or alarm.rule in watched
    ]
    pairs = _match(case.want, relevant)
    matched = set(pairs.values())
    lines: list[tuple[float, DiffLine]] = []
    for number, want in enumerate(case.want):
        first, last = (moment(text) for text in want.between)
        if number in pairs:
            came = relevant[pairs[number]]
            lines.append((came.at, DiffLine("=", f"{came}   wanted {_between(want)}")))
        else:
            text = (
                f"{_between(want)}  {want.rule}  {want.sensor or want.place or 'any sensor'}  "
                f"{want.transition} {want.level or ''}"
            )
            near = [
                abs(alarm.at - first) if alarm.at < first else abs(alarm.at - last)
                for place, alarm in enumerate(relevant)
                if place not in matched and _same_sort(want, alarm)
            ]
            hint = "   (it came at another time)" if near else ""
            lines.append((first, DiffLine("-", text.rstrip() + hint)))
    for place, came in enumerate(relevant):
        if place not in matched:
            lines.append((came.at, DiffLine("+", str(came))))
    return tuple(line for _, line in sorted(lines, key=lambda pair: pair[0]))


def _watched(case: Case, tested: Sequence[RuleDefinition]) -> set[str]:
    """Return the rules whose health changes count: fault rules, and rules of an expectation."""
    faults = {
        rule_definition.rule_id
        for rule_definition in tested
        if isinstance(rule_definition.body, StuckRule | RangeRule)
    }
    health_rules = {want.rule for want in case.want if want.transition in HEALTH}
    return faults if case.want_none else health_rules


def _match(wants: Sequence[Want], alarms: Sequence[SeenAlarm]) -> dict[int, int]:
    """Return the largest matching of expectations to changes (augmenting paths; both lists are
    short).
    """
    fits = [[place for place, alarm in enumerate(alarms) if _meets(want, alarm)] for want in wants]
    holder: dict[int, int] = {}

    def assign(number: int, tried: set[int]) -> bool:
        for place in fits[number]:
            if place in tried:
                continue
            tried.add(place)
            if place not in holder or assign(holder[place], tried):
                holder[place] = number
                return True
        return False

    for number in range(len(wants)):
        assign(number, set())
    return {number: place for place, number in holder.items()}


def _meets(want: Want, alarm: SeenAlarm) -> bool:
    first, last = (moment(text) for text in want.between)
    return _same_sort(want, alarm) and first <= alarm.at <= last


def _same_sort(want: Want, alarm: SeenAlarm) -> bool:
    return (
        want.rule == alarm.rule
        and want.sensor in (None, alarm.sensor)
        and want.place in (None, alarm.sensor)
        and want.transition == alarm.transition
        and (want.level is None or want.level.value == alarm.level)
    )


def _between(want: Want) -> str:
    return " .. ".join(want.between)


def _new_alarms(bench: Bench, sources: SourcesBench) -> list[SeenAlarm]:
    """Return the changes since the last call, and those of rules over several sources from them."""
    results = []
    for event in bench.drain():
        if isinstance(event, AlarmEvent):
            results.append(_change_of(event))
            results += map(_change_of, sources.take(event))
        else:
            at, rule_id = event.occurred_at.timestamp(), event.rule_id or ""
            results.append(SeenAlarm(at, rule_id, event.sensor_id, event.state.value, ""))
    return results


def _change_of(event: AlarmEvent) -> SeenAlarm:
    return SeenAlarm(
        event.occurred_at.timestamp(),
        event.rule_id,
        place_of(event),
        event.transition.value,
        event.level.value,
    )


def _live(rule: RuleDefinition) -> RuleDefinition:
    """Return the rule as enabled, since a case asks for the effect of the rule in force."""
    return rule.model_copy(update={"enabled": True, "shadow_of": None})


def _reading(push: Pushed, sensor: SensorEntry, number: int) -> Reading:
    at = datetime.fromtimestamp(push.at, UTC)
    return Reading(
        id=f"r-{number}",
        status=Status.ACTUAL,
        occurred_at=at,
        sent_at=at,
        origin_unit=sensor.place,
        tier=tier_of(sensor.place),
        sensor_id=sensor.sensor_id,
        metric=sensor.metric,
        value=float(push.value),
        unit=sensor.unit,
        datum=sensor.datum,
        synthetic=True,
    )
