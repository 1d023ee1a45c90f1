"""Is a rule usable with the sensors it is about? All its problems at once, each with its reason.

`problems_of` is what scoring refuses a rule for; `findings_of` adds what a pack's author must know
before that: limits that nothing can reach, waits that have no effect, units unknown to our table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.contracts.catalog import SensorEntry
from shared.contracts.dead_letter import Reason
from shared.contracts.rules import AbsenceRule, RangeRule, RuleDefinition
from shared.definitions.rules.ladders import ladder_problems, reach_problems
from shared.definitions.rules.pace import pace_problems
from shared.definitions.yaml_files.findings import Problem, Severity, listed, nearest
from shared.domain.geofences import lies_within
from shared.domain.quantities import DATUMS, METRICS, UNKNOWN_DATUM, needs_datum

_NAMED_AT_MOST = 5

__all__ = ["Problem", "covered_by", "findings_of", "fits", "problems_of"]


def problems_of(
    rule: RuleDefinition,
    sensors: Mapping[str, SensorEntry],
    of_kind: Sequence[SensorEntry],
) -> list[Problem]:
    """Everything that makes a rule unusable; empty = usable.

    `sensors` is the catalogue, `of_kind` its sensors of the rule's kind. A rule for a kind without
    sensors yet is usable: it applies to those to come.
    """
    problems: list[Problem] = []
    unknown = [sensor_id for sensor_id in rule.sensor_ids if sensor_id not in sensors]
    if unknown:
        text = f"unknown sensors: {_some(unknown)}"
        path = ("sensor_ids", rule.sensor_ids.index(unknown[0]))
        problems.append(Problem(Reason.INVALID_RULE, text, path, "ids of the catalogue"))
    covered = covered_by(rule, sensors, of_kind)
    problems += ladder_problems(rule)
    if isinstance(rule.body, RangeRule) and rule.body.low >= rule.body.high:
        text = f"low {rule.body.low:g} is not below high {rule.body.high:g}"
        problems.append(Problem(Reason.INVALID_RULE, text, ("body", "low"), "low < high"))
    for attribute, reason, expected, differing in (
        ("metric", Reason.INVALID_RULE, rule.metric, _not_of_metric(rule, covered)),
        ("unit", Reason.UNIT_MISMATCH, rule.unit, _not_in_unit(rule, covered)),
        ("datum", Reason.DATUM_MISMATCH, rule.datum or "none", _not_on_datum(rule, covered)),
    ):
        if differing:
            named = _some([f"{sensor_id} has {actual}" for sensor_id, actual in differing])
            text = f"{attribute} of the rule is {expected}, but {named}"
            allowed = listed({actual for _, actual in differing})
            problems.append(Problem(reason, text, (attribute,), allowed))
    return problems


def findings_of(
    rule: RuleDefinition, sensors: Mapping[str, SensorEntry] | None, of_kind: Sequence[SensorEntry]
) -> list[Problem]:
    """Errors and warnings about one rule; `sensors` None = no catalogue at hand."""
    if not rule.over_one_sensor:
        return _standing_problems(rule)
    if sensors is None:
        result = problems_of(rule.model_copy(update={"sensor_ids": ()}), {}, ())
        covered: list[SensorEntry] = []
    else:
        result = problems_of(rule, sensors, of_kind)
        covered = [
            sensor_entry
            for sensor_entry in covered_by(rule, sensors, of_kind)
            if fits(rule, sensor_entry)
        ]
    result += _unit_problems(rule)
    result += _datum_problems(rule, covered)
    result += _name_problems(rule, sensors)
    if sensors is not None:
        result += _place_problems(rule, covered_by(rule, sensors, of_kind))
    result += reach_problems(rule)
    result += pace_problems(rule, covered)
    result += _standing_problems(rule)
    return result


def covered_by(
    rule: RuleDefinition, sensors: Mapping[str, SensorEntry], of_kind: Sequence[SensorEntry]
) -> list[SensorEntry]:
    """The catalogued sensors a rule is about."""
    if rule.sensor_ids:
        return [sensors[sensor_id] for sensor_id in rule.sensor_ids if sensor_id in sensors]
    return list(of_kind)


def fits(rule: RuleDefinition, sensor: SensorEntry) -> bool:
    """Return whether a rule applies to this sensor: equal metric, unit and datum where needed, and
    a position in one of its geofences.
    """
    sensor_entries = [sensor]
    return lies_within(rule.geofences, sensor.position) and not (
        _not_of_metric(rule, sensor_entries)
        or _not_in_unit(rule, sensor_entries)
        or _not_on_datum(rule, sensor_entries)
    )


def _unit_problems(rule: RuleDefinition) -> list[Problem]:
    metric = rule.metric or ""
    existing_quantity = METRICS.get(metric)
    if existing_quantity is None:
        text = f"{metric} is not in the table of metrics{nearest(metric, set(METRICS))}"
        allowed = "a metric of shared/domain/quantities.py"
        return [Problem(Reason.INVALID_RULE, text, ("metric",), allowed, Severity.WARNING)]
    if rule.unit in existing_quantity.units:
        return []
    text = f"{metric} is not measured in {rule.unit}"
    return [Problem(Reason.UNIT_MISMATCH, text, ("unit",), ", ".join(existing_quantity.units))]


def _datum_problems(rule: RuleDefinition, covered: Sequence[SensorEntry]) -> list[Problem]:
    """A level of a gauge needs a datum, unless rule or catalogue say that it is not known."""
    if isinstance(rule.body, AbsenceRule):
        return []
    if rule.datum is not None:
        if rule.datum in DATUMS:
            return []
        text = f"{rule.datum} is not among the known datums{nearest(rule.datum, DATUMS)}"
        return [
            Problem(Reason.DATUM_MISMATCH, text, ("datum",), ", ".join(DATUMS), Severity.WARNING)
        ]
    if not needs_datum(rule.metric, rule.sensor_kind) or "datum" in rule.model_fields_set:
        return []
    if covered and all(sensor.datum is None for sensor in covered):
        return []
    text = f"a {rule.metric} of {rule.sensor_kind} sensors needs the datum it stands on"
    allowed = f"{', '.join(DATUMS)}; {UNKNOWN_DATUM}"
    severity = Severity.ERROR if covered else Severity.WARNING
    return [Problem(Reason.DATUM_MISMATCH, text, ("datum",), allowed, severity)]


def _name_problems(
    rule: RuleDefinition, sensors: Mapping[str, SensorEntry] | None
) -> list[Problem]:
    results = []
    for place, sensor_id in enumerate(rule.sensor_ids):
        path = ("sensor_ids", place)
        if sensor_id in rule.sensor_ids[:place]:
            results.append(Problem(Reason.INVALID_RULE, f"{sensor_id} is named twice", path))
        entry = None if sensors is None else sensors.get(sensor_id)
        if entry is not None and entry.sensor_kind != rule.sensor_kind:
            text = f"{sensor_id} is a {entry.sensor_kind}, not a {rule.sensor_kind}"
            results.append(Problem(Reason.INVALID_RULE, text, path, f"{rule.sensor_kind} sensors"))
    return results


def _place_problems(rule: RuleDefinition, covered: Sequence[SensorEntry]) -> list[Problem]:
    """Sensors that geofences leave out because their position is unknown, and empty geofences."""
    if not rule.geofences or not covered:
        return []
    allowed = "geofences around the positions of the catalogue"
    without = [sensor.sensor_id for sensor in covered if sensor.position is None]
    if not any(lies_within(rule.geofences, sensor.position) for sensor in covered):
        text = f"none of the {len(covered)} sensors of the rule lies in its geofences"
        return [Problem(Reason.INVALID_RULE, text, ("geofences",), allowed, Severity.WARNING)]
    if without:
        text = f"without a position, hence outside: {_some(without)}"
        return [Problem(Reason.INVALID_RULE, text, ("geofences",), allowed, Severity.WARNING)]
    return []


def _standing_problems(rule: RuleDefinition) -> list[Problem]:
    if not (rule.enabled and rule.mark == "common_knowledge"):
        return []
    text = "a threshold of common knowledge is switched on"
    allowed = "enabled: false until it has a source"
    return [Problem(Reason.INVALID_RULE, text, ("mark",), allowed, Severity.WARNING)]


def _not_of_metric(rule: RuleDefinition, covered: Sequence[SensorEntry]) -> list[tuple[str, str]]:
    return [
        (sensor_entry.sensor_id, sensor_entry.metric)
        for sensor_entry in covered
        if sensor_entry.metric != rule.metric
    ]


def _not_in_unit(rule: RuleDefinition, covered: Sequence[SensorEntry]) -> list[tuple[str, str]]:
    if isinstance(rule.body, AbsenceRule):  # silence has no unit
        return []
    return [
        (sensor_entry.sensor_id, sensor_entry.unit)
        for sensor_entry in covered
        if sensor_entry.unit != rule.unit
    ]


def _not_on_datum(rule: RuleDefinition, covered: Sequence[SensorEntry]) -> list[tuple[str, str]]:
    if isinstance(rule.body, AbsenceRule):
        return []
    return [
        (sensor_entry.sensor_id, sensor_entry.datum or "none")
        for sensor_entry in covered
        if sensor_entry.datum != rule.datum
    ]


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED_AT_MOST
    return ", ".join(names[:_NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")
