"""Rules and plans, and judgements of texts, as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from services.console.core.record import Json
from services.console.features.definitions.judgement import Judgement
from services.console.features.definitions.shelves import DefinitionKind, Shelf
from shared.contracts.catalog import SensorEntry
from shared.contracts.fields import Level
from shared.contracts.rules import RuleDefinition
from shared.definitions.candidates import is_candidate, is_in_force
from shared.definitions.publication import NextVersion, content, differences, name_of
from shared.definitions.response_plans.orders import orders_of
from shared.definitions.rules.checks import fits
from shared.definitions.rules.trees import levels_of
from shared.definitions.yaml_files.findings import Finding, Severity
from shared.definitions.yaml_files.writing import to_yaml
from shared.domain.selection.resolve import AlertScope
from shared.domain.selection.tree import UnitTree

MOST_CHANGES = 50
"""The most changed alarms of a backtest that an answer lists."""
_SORTS = {"equal": "same", "moved": "moved", "added": "added", "removed": "removed"}
"""The counts of an answer, with their names in the results of the program."""


def is_listed(definition: Any) -> bool:
    """Return whether a list shows a definition: a candidate that has ended is history."""
    return bool(definition.enabled or definition.shadow_of is None)


def definitions(
    shelf: Shelf, sensors: Sequence[SensorEntry], unit_name: Any, top: bool
) -> list[Json]:
    """Return the definitions of a shelf, candidates behind what they may replace.

    `sensors` are those of the place; `top`: the place is the whole office, and has also the rules
    that judge no sensor yet.
    """
    counts = SensorCounts(sensors)
    rows = []
    for name, definition in sorted(shelf.published.items()):
        number = counts.of(definition) if isinstance(definition, RuleDefinition) else None
        if is_listed(definition) and (top or number != 0):
            rows.append(_row(shelf, name, definition, number, unit_name))
    return rows


class SensorCounts:
    """The sensors of a place, counted by the facts on which the reach of a rule depends."""

    def __init__(self, sensors: Iterable[SensorEntry]) -> None:
        self._by_id = {sensor.sensor_id: sensor for sensor in sensors}
        self._examples: dict[tuple[object, ...], SensorEntry] = {}
        self._counts: Counter[tuple[object, ...]] = Counter()
        for sensor in self._by_id.values():
            facts = (sensor.sensor_kind, sensor.metric, sensor.unit, sensor.datum)
            self._examples.setdefault(facts, sensor)
            self._counts[facts] += 1

    def of(self, rule: RuleDefinition) -> int | None:
        """Return the number of sensors that a rule judges; None for a rule over several sources."""
        if not rule.over_one_sensor:
            return None
        if rule.sensor_ids:
            named = (self._by_id.get(sensor_id) for sensor_id in rule.sensor_ids)
            return sum(sensor is not None and fits(rule, sensor) for sensor in named)
        return sum(
            self._counts[facts]
            for facts, example in self._examples.items()
            if facts[0] == rule.sensor_kind and fits(rule, example)
        )


def _row(shelf: Shelf, name: str, definition: Any, sensors: int | None, unit_name: Any) -> Json:
    author = definition.author
    is_rule = isinstance(definition, RuleDefinition)
    return {
        "kind": shelf.name,
        "id": name,
        "version": definition.version,
        "standing": standing(definition),
        "shadow_of": definition.shadow_of,
        "name_zh": definition.name_zh,
        "name_en": definition.name_en,
        "events": [definition.event_type] if is_rule else list(definition.events),
        "levels": _levels(definition) if is_rule else list(definition.levels),
        "form": definition.body.kind if is_rule else None,
        "sensors": sensors,
        "mark": definition.mark,
        "source": definition.source,
        "unit": definition.origin_unit,
        "unit_name": unit_name(definition.origin_unit),
        "published_at": definition.sent_at,
        "author": None if author is None else author.officer_id,
        "reason": None if author is None else author.reason,
        "may": offered(definition),
    }


def _levels(rule: RuleDefinition) -> list[Level]:
    """Return the levels of a rule, of a candidate those that it would have."""
    live = rule.model_copy(update={"enabled": True, "shadow_of": None})
    return list(levels_of(live))


def standing(definition: Any) -> str:
    """Return whether a definition is in force, on trial or off."""
    if is_in_force(definition):
        return "in_force"
    return "shadow" if is_candidate(definition) else "off"


def offered(definition: Any) -> list[str]:
    """Return the acts on a definition."""
    if is_candidate(definition):
        return ["put_in_force", "end"]
    return ["end"] if is_in_force(definition) else []


def text_of(definition: Any) -> str:
    """Return a definition as the text of a file; what is not set is left out."""
    return texts_of([definition])


def texts_of(definitions: Iterable[Any]) -> str:
    """Return definitions as the text of one file."""
    return to_yaml([_without_nothing(content(definition)) for definition in definitions])


def _without_nothing(part: Any) -> Any:
    if isinstance(part, dict):
        return {
            name: _without_nothing(value) for name, value in part.items() if value not in (None, [])
        }
    return [_without_nothing(value) for value in part] if isinstance(part, list) else part


def judgement(shelf: Shelf, result: Judgement, tree: UnitTree, place: str) -> Json:
    """Return the findings of a text and the versions that it would make."""
    return {
        "findings": [finding(item) for item in result.findings],
        "errors": len(result.errors),
        "warnings": len(result.findings) - len(result.errors),
        "cases": result.cases,
        "changes": [_change(shelf, change, tree, place) for change in result.changes],
        "unchanged": list(result.unchanged),
    }


def finding(item: Finding) -> Json:
    """Return a finding with its place in the text."""
    return {
        "severity": item.severity,
        "file": item.file,
        "line": item.line,
        "item": item.item,
        "field": item.field,
        "message": item.message,
        "allowed": item.allowed,
    }


def problem_lines(findings: Sequence[Finding]) -> list[dict[str, str]]:
    """Return the errors among findings as those of a problem document."""
    return [
        {
            "where": f"{item.file}:{item.line} {item.field}",
            "what": item.message + (f" (allowed: {item.allowed})" if item.allowed else ""),
        }
        for item in findings
        if item.severity is Severity.ERROR
    ][:50]


def _change(shelf: Shelf, change: NextVersion[Any], tree: UnitTree, place: str) -> Json:
    definition = change.value
    recipients = None
    if shelf.name is DefinitionKind.PLAN:
        recipients = len(orders_of(tree, definition, AlertScope(place)).recipients)
    return {
        "id": name_of(shelf.kind, definition),
        "shadow_of": definition.shadow_of,
        "standing": standing(definition),
        "version": definition.version,
        "was": change.published,
        "changed": list(_against_live(shelf, change)),
        "recipients": recipients,
    }


def _against_live(shelf: Shelf, change: NextVersion[Any]) -> Sequence[str]:
    """Return the fields in which a candidate differs from the definition in force."""
    live = shelf.published.get(change.value.shadow_of or "")
    beside = {shelf.kind.key, "shadow_of"}
    if live is None:
        return change.changed
    return [name for name in differences(live, change.value) if name not in beside]


def cases_view(outcome: Any, own: Iterable[str]) -> Json:
    """Return the results of cases; `own` are the rules of the text."""
    return {
        "passed": outcome["passed"],
        "failed": outcome["failed"],
        "untried": sorted(set(outcome["untried"]) & set(own)),
        "cases": [
            {name: case[name] for name in ("line", "case", "passed", "wrong", "diff")}
            for case in outcome["cases"]
        ],
    }


def backtest_view(outcome: Any) -> Json:
    """Return what would have been different over the stored readings."""
    return {
        "total": _sorted_counts(outcome["total"]),
        "readings": outcome["readings"],
        "since": outcome["since"],
        "until": outcome["until"],
        "notes": outcome["notes"],
        "by_rule": _counted(outcome["by_rule"], "rule"),
        "by_day": _counted(outcome["by_day"], "day"),
        "changes": [
            {name: change[name] for name in ("sort", "rule", "sensor", "before", "after")}
            for change in outcome["changes"][:MOST_CHANGES]
        ],
    }


def _counted(counts: dict[str, dict[str, int]], key: str) -> list[Json]:
    return [{key: name, **_sorted_counts(numbers)} for name, numbers in counts.items()]


def _sorted_counts(numbers: dict[str, int]) -> Json:
    return {name: numbers.get(sort, 0) for name, sort in _SORTS.items()}
