"""The rules and sensors that a trial of a text needs beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from services.console.features.definitions.judgement import DefinitionText
from shared.contracts.catalog import SensorEntry
from shared.contracts.conditions import CompositeRule, named_rules
from shared.contracts.rules import RuleDefinition
from shared.definitions.yaml_files.nodes import parse


def needed_rules(
    own: Sequence[RuleDefinition], in_force: Iterable[RuleDefinition]
) -> list[RuleDefinition]:
    """Return the rules in force that these rules name, and those that these name in turn."""
    existing = {rule.rule_id: rule for rule in in_force}
    reached = {rule.rule_id: rule for rule in own}
    waiting = list(own)
    results: list[RuleDefinition] = []
    while waiting:
        for name in _named(waiting.pop()):
            rule = existing.get(name)
            if rule is not None and name not in reached:
                reached[name] = rule
                waiting.append(rule)
                results.append(rule)
    return results


def needed_sensors(
    written: DefinitionText,
    rules: Iterable[RuleDefinition],
    entry_of: Callable[[str], SensorEntry | None],
) -> list[SensorEntry]:
    """Return the catalogued sensors that rules name, or into which cases push readings."""
    names = {sensor_id for rule in rules for sensor_id in rule.sensor_ids}
    root = parse(written.cases.encode(), "cases").root
    cases = root.plain() if root is not None else None
    for case in cases if isinstance(cases, list) else ():
        pushes = case.get("push") if isinstance(case, dict) else None
        for push in pushes if isinstance(pushes, list) else ():
            if isinstance(push, dict) and isinstance(push.get("sensor"), str):
                names.add(push["sensor"])
    return [entry for name in sorted(names) if (entry := entry_of(name)) is not None]


def _named(rule: RuleDefinition) -> set[str]:
    names = set(rule.inhibited_by)
    if rule.shadow_of is not None:
        names.add(rule.shadow_of)
    if isinstance(rule.body, CompositeRule):
        for rung in rule.body.ladder:
            names |= named_rules(rung.when)
    return names
