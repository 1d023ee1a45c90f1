"""Test cases of rules: readings with their times, and the alarms that must follow.

Times count from START or are ISO times. The readings of a sensor arrive in the written order, each
at its own time; a reading older than an earlier line arrives together with that line, hence late.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.contracts.catalog import SensorEntry
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import (
    Contract,
    Finite,
    Identifier,
    Level,
    Line,
    Metric,
    Position,
    RuleId,
    SensorId,
    UnitId,
)
from shared.contracts.readings import Datum, UnitOfMeasure
from shared.contracts.rules import RangeRule, RuleDefinition, StuckRule
from shared.definitions.rules.case_evidence import (
    INVENTED_TOWN,
    CaseAlarm,
    CaseReport,
    CaseWarning,
    When,
)
from shared.definitions.rules.times import WHEN, moment, seconds
from shared.definitions.yaml_files.findings import FieldPath, Finding, dotted, listed, nearest
from shared.definitions.yaml_files.items import ASIDE, PackFile, PackSource, read
from shared.definitions.yaml_files.nodes import Node
from shared.definitions.yaml_files.shape import check_shape

MOST_PUSHES = 200_000

AlarmWord = Literal["raised", "upgraded", "downgraded", "revised", "cleared"]
HealthWord = Literal["faulty", "silent", "online"]


class CaseSensor(Contract):
    """A sensor of a case; as in the catalogue, but shorter."""

    sensor_id: SensorId
    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    metric: Metric
    unit: UnitOfMeasure
    datum: Datum | None = None
    interval_s: Annotated[float, Field(gt=0, le=31 * 86_400)]
    lateness_s: Annotated[float, Field(ge=0, le=7 * 86_400)] | None = None
    place: UnitId = INVENTED_TOWN
    site: Identifier | None = None
    position: Position | None = None

    def entry(self) -> SensorEntry:
        """Its line in the catalogue."""
        return SensorEntry(
            sensor_id=self.sensor_id,
            sensor_kind=self.kind,
            name=self.sensor_id,
            place=self.place,
            metric=self.metric,
            unit=self.unit,
            datum=self.datum,
            interval_s=self.interval_s,
            lateness_s=self.lateness_s,
            site=self.site,
            position=self.position,
            synthetic=True,
        )


class Push(Contract):
    """Readings of one sensor: one at `at`, or one each `every` up to and including `until`.

    A list of values is spread evenly: the first value goes to the first reading, the last value to
    the last reading, and the readings between are interpolated.
    """

    at: When
    sensor: SensorId
    value: Finite | Annotated[tuple[Finite, ...], Field(min_length=1, max_length=1000)]
    every: When | None = None
    until: When | None = None
    refused: Reason | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.every is None) != (self.until is None):
            raise ValueError("every and until go together")
        return self


class Want(Contract):
    """A change that must be seen once, within `between` (both ends included).

    An alarm over several sources has no sensor but a `place`: its site, else its unit.
    """

    rule: RuleId
    sensor: SensorId | None = None
    place: Annotated[str, Field(min_length=1, max_length=96)] | None = None
    transition: AlarmWord | HealthWord
    level: Level | None = None
    between: Annotated[tuple[When, ...], Field(min_length=2, max_length=2)]


class Case(Contract):
    """One case. `rules` are under test, other rules of the pack are not loaded.

    Rules over several sources read the alarms of the rules under test, and those given in `alarms`,
    `reports` and `warnings`.
    """

    case: Line
    sensors: Annotated[tuple[CaseSensor, ...], Field(max_length=50)] = ()
    rules: Annotated[tuple[RuleId, ...], Field(min_length=1, max_length=50)]
    push: Annotated[tuple[Push, ...], Field(max_length=1000)] = ()
    alarms: Annotated[tuple[CaseAlarm, ...], Field(max_length=1000)] = ()
    reports: Annotated[tuple[CaseReport, ...], Field(max_length=1000)] = ()
    warnings: Annotated[tuple[CaseWarning, ...], Field(max_length=1000)] = ()
    tick_until: When | None = None
    want: Annotated[tuple[Want, ...], Field(max_length=1000)] = ()
    want_none: bool = False
    refused: Reason | None = None

    @model_validator(mode="after")
    def _says_what_it_wants(self) -> Self:
        if self.want_none == bool(self.want):
            raise ValueError("a case wants something, or says want_none: true")
        return self


@dataclass(frozen=True, slots=True)
class Pushed:
    """One reading to be sent: event time and arrival in seconds since 1970."""

    sensor: str
    at: float
    arrives: float
    value: float
    refused: Reason | None


@dataclass(frozen=True, slots=True)
class PackCase:
    """A case and where it stands."""

    case: Case
    file: str
    line: int


def load_cases(
    paths: Sequence[PackSource],
    rules: Mapping[str, RuleDefinition],
    ids: frozenset[str],
    sensors: Mapping[str, SensorEntry] | None,
) -> tuple[list[PackCase], list[Finding]]:
    """The cases beside these packs and everything wrong with them.

    `rules` are the usable rules of the packs, `ids` the names of all; `sensors` None = no
    catalogue.
    """
    pack_cases: list[PackCase] = []
    findings: list[Finding] = []
    for file in (file for path in paths for file in case_files(path)):
        name, root, _ = read(file, findings)
        if root is None:
            continue
        if not isinstance(root.value, list):
            findings.append(Finding(name, root.line, "file", "is no list", "a list of cases"))
            continue
        for node in root.value:
            case, wrong = check_shape(Case, node, name)
            if case is not None:
                wrong = [
                    *wrong,
                    *_wrong_times(case, node, name),
                    *_wrong_names(case, node, name, rules, ids, sensors),
                ]
                if not wrong:
                    pack_cases.append(PackCase(case, name, node.line))
            findings += wrong
    return pack_cases, findings


def case_files(path: PackSource) -> Sequence[PackSource]:
    """The case files beside a pack; for a single rule file, those with its name."""
    if isinstance(path, PackFile):
        return [path] if path.name.endswith(ASIDE) else []
    if path.is_dir():
        return sorted(path.glob(f"*{ASIDE}"))
    beside = path.with_name(path.name.removesuffix(".yaml") + ASIDE)
    return [beside] if beside.is_file() else []


def pushes(case: Case) -> list[Pushed]:
    """All readings of a case in the order in which they arrive."""
    latest: dict[str, float] = {}
    pusheds: list[Pushed] = []
    for push in case.push:
        times = _times(push)
        for at, value in zip(times, _spread(push.value, len(times)), strict=True):
            arrives = latest[push.sensor] = max(at, latest.get(push.sensor, at))
            pusheds.append(Pushed(push.sensor, at, arrives, value, push.refused))
    return sorted(pusheds, key=lambda item: item.arrives)


def _times(push: Push) -> list[float]:
    first = moment(push.at)
    if push.every is None or push.until is None:
        return [first]
    step = seconds(push.every)
    count = int((moment(push.until) - first) / step + 1e-9) + 1
    return [first + number * step for number in range(count)]


def _spread(value: float | tuple[float, ...], count: int) -> Iterable[float]:
    if not isinstance(value, tuple):
        return [value] * count
    if len(value) == 1 or count == 1:
        return [value[0]] * count
    if len(value) == count:
        return value
    results = []
    for number in range(count):
        along = number * (len(value) - 1) / (count - 1)
        index = min(int(along), len(value) - 2)
        results.append(value[index] + (value[index + 1] - value[index]) * (along - index))
    return results


def _wrong_times(case: Case, node: Node, file: str) -> list[Finding]:
    findings: list[Finding] = []

    def at(path: FieldPath, message: str, allowed: str = WHEN) -> None:
        line, _ = node.follow(path)
        findings.append(Finding(file, line, dotted(path), message, allowed))

    def read_time(path: FieldPath, text: str) -> float | None:
        try:
            return moment(text)
        except ValueError as error:
            at(path, str(error))
            return None

    total = 0.0
    for number, push in enumerate(case.push):
        first = read_time(("push", number, "at"), push.at)
        if push.every is None or push.until is None:
            continue
        last = read_time(("push", number, "until"), push.until)
        try:
            step = seconds(push.every)
        except ValueError as error:
            at(("push", number, "every"), str(error), 'such as "90s" or "5m"')
            continue
        if step <= 0:
            at(("push", number, "every"), "must be longer than nothing", 'such as "5m"')
        elif first is not None and last is not None:
            if last < first:
                at(("push", number, "until"), f"lies before {push.at}", f"after {push.at}")
            total += max(0.0, (last - first) / step)
    if total > MOST_PUSHES:
        at(("push",), f"{total:.0f} readings are too many", f"at most {MOST_PUSHES}")
    evidence: dict[str, Sequence[CaseAlarm | CaseReport | CaseWarning]] = {
        "alarms": case.alarms,
        "reports": case.reports,
        "warnings": case.warnings,
    }
    for name, items in evidence.items():
        for number, item in enumerate(items):
            begin = read_time((name, number, "at"), item.at)
            until = None if isinstance(item, CaseReport) else item.until
            end = None if until is None else read_time((name, number, "until"), until)
            if begin is not None and end is not None and end < begin:
                at((name, number, "until"), f"lies before {item.at}", f"after {item.at}")
    if case.tick_until is not None:
        read_time(("tick_until",), case.tick_until)
    for number, want in enumerate(case.want):
        ends = [
            read_time(("want", number, "between", side), text)
            for side, text in enumerate(want.between)
        ]
        if ends[0] is not None and ends[1] is not None and ends[0] > ends[1]:
            at(("want", number, "between"), "ends before it begins", "[earliest, latest]")
    return findings


def _wrong_names(
    case: Case,
    node: Node,
    file: str,
    rules: Mapping[str, RuleDefinition],
    ids: frozenset[str],
    sensors: Mapping[str, SensorEntry] | None,
) -> list[Finding]:
    findings: list[Finding] = []

    def at(path: FieldPath, message: str, allowed: str) -> None:
        line, _ = node.follow(path)
        findings.append(Finding(file, line, dotted(path), message, allowed))

    for number, name in enumerate(case.rules):
        rule = rules.get(name)
        if rule is None and name not in ids:
            text = f"there is no rule {name} in the pack{nearest(name, ids)}"
            at(("rules", number), text, listed(ids))
    own = {sensor.sensor_id for sensor in case.sensors}
    for number, push in enumerate(case.push):
        if push.sensor not in own and push.sensor not in (sensors or {}):
            catalogued = own | set(sensors or {}) if len(sensors or {}) < 1000 else own
            text = f"there is no sensor {push.sensor}{nearest(push.sensor, catalogued)}"
            if sensors is None:
                text += "; no catalogue was given"
            allowed = f"{listed(own)} or a catalogued sensor" if own else "a catalogued sensor"
            at(("push", number, "sensor"), text, allowed)
    findings += _wrong_evidence(case, node, file, rules, ids)
    pushed = {push.sensor for push in case.push}
    for number, want in enumerate(case.want):
        if want.rule not in case.rules:
            text = f"{want.rule} is not under test{nearest(want.rule, set(case.rules))}"
            at(("want", number, "rule"), text, listed(set(case.rules)))
        if want.sensor is not None and want.sensor not in pushed:
            text = f"nothing is pushed by {want.sensor}{nearest(want.sensor, pushed)}"
            at(("want", number, "sensor"), text, listed(pushed))
    return findings


def _wrong_evidence(
    case: Case,
    node: Node,
    file: str,
    rules: Mapping[str, RuleDefinition],
    ids: frozenset[str],
) -> list[Finding]:
    """Given alarms of rules that do not exist or never alarm, and evidence that nothing reads."""
    findings: list[Finding] = []

    def at(path: FieldPath, message: str, allowed: str) -> None:
        line, _ = node.follow(path)
        findings.append(Finding(file, line, dotted(path), message, allowed))

    for number, alarm in enumerate(case.alarms):
        rule = rules.get(alarm.rule)
        path: FieldPath = ("alarms", number, "rule")
        if rule is None and alarm.rule not in ids:
            text = f"there is no rule {alarm.rule} in the pack{nearest(alarm.rule, ids)}"
            at(path, text, listed(ids))
        elif rule is not None and isinstance(rule.body, StuckRule | RangeRule):
            text = f"{alarm.rule} is a {rule.body.kind} rule, about sensors: it never alarms"
            at(path, text, "rules that alarm")
        elif rule is not None and alarm.rule in case.rules:
            text = f"{alarm.rule} is under test: its alarms follow from its readings"
            at(path, text, "rules that are not under test")
    several = [name for name in case.rules if name in rules and not rules[name].over_one_sensor]
    for name in ("alarms", "reports", "warnings"):
        if getattr(case, name) and not several:
            at((name,), "no rule under test reads them", "cases of rules over several sources")
    return findings
