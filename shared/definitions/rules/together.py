"""Rules of a pack against each other: names that lead nowhere, circles, limits nothing gets to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from shared.contracts.catalog import SensorEntry
from shared.contracts.conditions import CompositeRule, CorroborationRule, rules_read
from shared.contracts.dead_letter import Reason
from shared.contracts.rules import RangeRule, RuleDefinition, ThresholdRule, WindowRule
from shared.contracts.units import nearest_at
from shared.definitions.rules.checks import findings_of
from shared.definitions.rules.ladders import ladder_of
from shared.definitions.rules.trees import tree_problems
from shared.definitions.yaml_files.findings import FieldPath, Problem, Severity, listed, nearest

Sensors = Mapping[str, SensorEntry]


def pack_problems(
    rules: Sequence[RuleDefinition],
    sensors: Sensors | None,
    beside: Sequence[RuleDefinition] = (),
    also: frozenset[str] = frozenset(),
    complete: bool = True,
) -> list[tuple[RuleDefinition, Problem]]:
    """Return the problems of every rule, alone and with the others.

    `beside` are rules in force outside the pack, `also` the names of existing unreadable rules.
    `complete` False = parts of the pack are unknown, so references are not checked.
    """
    by_id = {rule.rule_id: rule for rule in (*beside, *rules)}
    of_kind: dict[str, list[SensorEntry]] = defaultdict(list)
    for sensor in (sensors or {}).values():
        of_kind[sensor.sensor_kind].append(sensor)
    ranges = [rule for rule in by_id.values() if isinstance(rule.body, RangeRule) and rule.enabled]
    used = _used_by_trees(by_id)
    circles = _circles(by_id)
    results: list[tuple[RuleDefinition, Problem]] = []
    for rule in rules:
        problems = findings_of(rule, sensors, of_kind.get(rule.sensor_kind or "", ()))
        problems += _range_problems(rule, ranges, sensors)
        problems += _corroboration_problems(rule, sensors)
        if complete:
            problems += _shadow_problems(rule, by_id, also)
            problems += _inhibition_problems(rule, by_id, also)
            problems += tree_problems(rule, by_id, also)
            if rule.rule_id in circles:
                names = " > ".join([*circles[rule.rule_id], rule.rule_id])
                path, attribute = _circle_field(rule, circles[rule.rule_id])
                problems.append(_problem(f"{attribute} in a circle: {names}", path, "no circle"))
            if rule.role == "condition" and rule.enabled and rule.rule_id not in used:
                text = "no composite rule looks at this condition"
                problems.append(_problem(text, ("role",), "alarm", Severity.WARNING))
        results += [(rule, problem) for problem in problems]
    return results


def _shadow_problems(
    rule: RuleDefinition, by_id: Mapping[str, RuleDefinition], also: frozenset[str]
) -> Iterator[Problem]:
    name = rule.shadow_of
    if name is None:
        return
    path: FieldPath = ("shadow_of",)
    live = by_id.get(name)
    if name == rule.rule_id:
        yield _problem("a rule is no shadow of itself", path, "another rule")
    elif live is None:
        if name not in also:
            names = set(by_id) | also
            yield _problem(f"there is no rule {name}{nearest(name, names)}", path, listed(names))
    elif live.shadow_of is not None:
        yield _problem(f"{name} is a shadow itself", path, "a live rule")
    else:
        for attribute, own, live_value in (
            ("kind", rule.body.kind, live.body.kind),
            ("sensor_kind", rule.sensor_kind, live.sensor_kind),
            ("metric", rule.metric, live.metric),
            ("unit", rule.unit, live.unit),
        ):
            if own != live_value:
                at = ("body", "kind") if attribute == "kind" else (attribute,)
                text = f"{attribute} {own} is not that of {name}, the rule it stands beside"
                yield _problem(text, at, str(live_value))
        if not live.enabled:
            text = f"{name} is switched off: there is nothing to compare with"
            yield _problem(text, path, "a rule that is enabled", Severity.WARNING)


def _inhibition_problems(
    rule: RuleDefinition, by_id: Mapping[str, RuleDefinition], also: frozenset[str]
) -> Iterator[Problem]:
    for place, name in enumerate(rule.inhibited_by):
        path: FieldPath = ("inhibited_by", place)
        rule_definition = by_id.get(name)
        if name in rule.inhibited_by[:place]:
            yield _problem(f"{name} is named twice", path, "each rule once")
        if name == rule.rule_id:
            yield _problem("a rule does not inhibit itself", path, "other rules")
        elif rule_definition is None:
            if name not in also:
                names = (set(by_id) | also) - {rule.rule_id}
                yield _problem(
                    f"there is no rule {name}{nearest(name, names)}", path, listed(names)
                )
        elif rule.enabled and (
            not rule_definition.enabled or rule_definition.shadow_of is not None
        ):
            why = "is a shadow" if rule_definition.shadow_of else "is switched off"
            text = f"{name} {why} and never inhibits"
            yield _problem(text, path, "rules that alarm", Severity.WARNING)


def _range_problems(
    rule: RuleDefinition, ranges: Sequence[RuleDefinition], sensors: Sensors | None
) -> Iterator[Problem]:
    """A rung outside what a range rule lets through is never judged."""
    body = rule.body
    judged = isinstance(body, ThresholdRule) or (
        isinstance(body, WindowRule) and body.aggregate in ("mean", "min", "max")
    )
    if not judged:
        return
    rungs, sign = ladder_of(rule)
    for rule_definition in ranges:
        if (rule_definition.metric, rule_definition.unit, rule_definition.sensor_kind) != (
            rule.metric,
            rule.unit,
            rule.sensor_kind,
        ) or not _meet(rule, rule_definition, sensors):
            continue
        assert isinstance(rule_definition.body, RangeRule)
        last = rule_definition.body.high if sign > 0 else rule_definition.body.low
        for place, rung in enumerate(rungs):
            if rung.raise_at * sign > last * sign:
                text = (
                    f"{rung.level} is never reached: {rule_definition.rule_id} takes values "
                    f"beyond {last:g} for faults"
                )
                allowed = f"{rule_definition.body.low:g} to {rule_definition.body.high:g}"
                yield _problem(text, ("body", "rungs", place, "raise_at"), allowed)


def _meet(rule_definition: RuleDefinition, second: RuleDefinition, sensors: Sensors | None) -> bool:
    """Return whether two rules of one sensor kind share a sensor."""
    if rule_definition.sensor_ids and second.sensor_ids:
        return not set(rule_definition.sensor_ids).isdisjoint(second.sensor_ids)
    return not (sensors is not None and rule_definition.datum != second.datum)


def _corroboration_problems(rule: RuleDefinition, sensors: Sensors | None) -> Iterator[Problem]:
    body = rule.body
    if not isinstance(body, CorroborationRule):
        return
    classes = {(source_class.source, source_class.sensor_kind) for source_class in body.sources}
    if body.kinds > len(classes):
        text = (
            f"{body.kinds} kinds of sources are needed, {len(classes)} are named: it never alarms"
        )
        yield _problem(text, ("body", "kinds"), f"at most {len(classes)}")
    for place, source_class in enumerate(body.sources):
        path: FieldPath = ("body", "sources", place)
        if (source_class.source, source_class.sensor_kind) in [
            (source_class.source, source_class.sensor_kind) for source_class in body.sources[:place]
        ]:
            yield _problem(
                f"{source_class.source} is named twice", path, "each class of sources once"
            )
        if source_class.sensor_kind is not None and source_class.source != "sensor":
            text = f"{source_class.source} has no sensor kind"
            yield _problem(text, (*path, "sensor_kind"), "only with source: sensor")
    most = _most_trust(body, sensors)
    if most is not None and body.need > most:
        text = f"its sources never add up to {body.need:g}, {most:g} at most in one {body.within}"
        yield _problem(text, ("body", "need"), f"at most {most:g}")


def _most_trust(body: CorroborationRule, sensors: Sensors | None) -> float | None:
    """Return the largest sum of sources in one unit; None where people or unknown sensors count."""
    if sensors is None or any(source_class.source != "sensor" for source_class in body.sources):
        return None
    totals: dict[str, float] = defaultdict(float)
    for sensor in sensors.values():
        unit = nearest_at(sensor.place, body.within) or sensor.place
        totals[unit] += max(
            (
                source.trust
                for source in body.sources
                if source.sensor_kind is None or source.sensor_kind == sensor.sensor_kind
            ),
            default=0.0,
        )
    return round(max(totals.values(), default=0.0), 9)


def _used_by_trees(by_id: Mapping[str, RuleDefinition]) -> set[str]:
    return {
        name
        for rule in by_id.values()
        if isinstance(rule.body, CompositeRule)
        for name in rules_read(rule.body)
    }


def _circles(by_id: Mapping[str, RuleDefinition]) -> dict[str, list[str]]:
    """Return the cycle of each rule that inhibits itself or feeds itself through other rules."""
    results: dict[str, list[str]] = {}
    for follow in (_inhibitors, _fed_by):
        for start in by_id:
            cycle = _way_back(start, by_id, follow)
            if len(cycle) > 1 and start not in results:
                results[start] = cycle
    return results


def _way_back(start: str, by_id: Mapping[str, RuleDefinition], follow: object) -> list[str]:
    """Return the shortest cycle from a rule back to itself, empty without one."""
    assert callable(follow)
    came: dict[str, str] = {}
    queue = [start]
    while queue:
        current = queue.pop(0)
        for after in follow(by_id[current]):
            if after == start:
                cycle = [current]
                while cycle[-1] != start:
                    cycle.append(came[cycle[-1]])
                return cycle[::-1]
            if after in by_id and after not in came:
                came[after] = current
                queue.append(after)
    return []


def _inhibitors(rule: RuleDefinition) -> tuple[str, ...]:
    return rule.inhibited_by


def _fed_by(rule: RuleDefinition) -> tuple[str, ...]:
    if isinstance(rule.body, CompositeRule):
        return tuple(sorted(rules_read(rule.body)))
    return ()


def _circle_field(rule: RuleDefinition, cycle: Sequence[str]) -> tuple[FieldPath, str]:
    if len(cycle) > 1 and cycle[1] in rule.inhibited_by:
        return ("inhibited_by", rule.inhibited_by.index(cycle[1])), "rules inhibit each other"
    return ("body", "when"), "rules feed each other"


def _problem(
    text: str, path: FieldPath, allowed: str, severity: Severity = Severity.ERROR
) -> Problem:
    return Problem(Reason.INVALID_RULE, text, path, allowed, severity)
