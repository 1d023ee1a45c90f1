"""Is a rule usable with the sensors it names? All its errors at once, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from shared.contracts.catalog import SensorEntry
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import LEVEL_ORDER
from shared.contracts.rules import AbsenceRule, RuleDefinition, Rung, ThresholdRule, WindowRule

_NAMED_AT_MOST = 5


class Refused(Exception):
    """A rule or a reading that is not used; `reason` is the closed set, `detail` is for people."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a rule."""

    reason: Reason
    text: str


def problems_of(
    rule: RuleDefinition,
    sensors: Mapping[str, SensorEntry],
    of_kind: Sequence[SensorEntry],
) -> list[Problem]:
    """Everything wrong with a rule; empty = usable.

    `sensors` is the catalogue, `of_kind` its sensors of the rule's kind. A rule for a kind without
    sensors yet is usable: it applies to those to come.
    """
    found: list[Problem] = []
    unknown = [sensor_id for sensor_id in rule.sensor_ids if sensor_id not in sensors]
    if unknown:
        found.append(Problem(Reason.INVALID_RULE, f"unknown sensors: {_some(unknown)}"))
    if rule.sensor_ids:
        covered = [sensors[one] for one in rule.sensor_ids if one in sensors]
    else:
        covered = list(of_kind)
    body = rule.body
    if isinstance(body, ThresholdRule | WindowRule):
        found += _ladder_problems(body.rungs, above=body.direction == "above")
    for what, reason, wanted, differing in (
        ("metric", Reason.INVALID_RULE, rule.metric, _not_of_metric(rule, covered)),
        ("unit", Reason.UNIT_MISMATCH, rule.unit, _not_in_unit(rule, covered)),
        ("datum", Reason.DATUM_MISMATCH, rule.datum or "none", _not_on_datum(rule, covered)),
    ):
        if differing:
            named = _some([f"{sensor_id} has {theirs}" for sensor_id, theirs in differing])
            found.append(Problem(reason, f"{what} of the rule is {wanted}, but {named}"))
    return found


def fits(rule: RuleDefinition, sensor: SensorEntry) -> bool:
    """Whether a rule may judge this sensor: same metric, and same unit and datum where they count."""
    one = [sensor]
    return not (_not_of_metric(rule, one) or _not_in_unit(rule, one) or _not_on_datum(rule, one))


def _ladder_problems(rungs: Sequence[Rung], *, above: bool) -> list[Problem]:
    sign, side = (1, "above") if above else (-1, "below")
    texts = [
        f"{rung.level}: clear_at {rung.clear_at:g} is not on the safe side of raise_at "
        f"{rung.raise_at:g} ({side})"
        for rung in rungs
        if rung.clear_at * sign > rung.raise_at * sign
    ]
    for lower, higher in pairwise(rungs):
        pair = f"{lower.level} and {higher.level}"
        if LEVEL_ORDER[lower.level] >= LEVEL_ORDER[higher.level]:
            texts.append(f"{pair}: levels must rise from rung to rung")
        if lower.raise_at * sign >= higher.raise_at * sign:
            texts.append(f"{pair}: raise_at must be graver from rung to rung ({side})")
        if lower.clear_at * sign > higher.clear_at * sign:
            texts.append(
                f"{pair}: the higher level would be given up later than the lower ({side})"
            )
    return [Problem(Reason.INVALID_RULE, text) for text in texts]


def _not_of_metric(rule: RuleDefinition, covered: Sequence[SensorEntry]) -> list[tuple[str, str]]:
    return [(one.sensor_id, one.metric) for one in covered if one.metric != rule.metric]


def _not_in_unit(rule: RuleDefinition, covered: Sequence[SensorEntry]) -> list[tuple[str, str]]:
    if isinstance(rule.body, AbsenceRule):  # silence has no unit
        return []
    return [(one.sensor_id, one.unit) for one in covered if one.unit != rule.unit]


def _not_on_datum(rule: RuleDefinition, covered: Sequence[SensorEntry]) -> list[tuple[str, str]]:
    if isinstance(rule.body, AbsenceRule):
        return []
    return [(one.sensor_id, one.datum or "none") for one in covered if one.datum != rule.datum]


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED_AT_MOST
    return ", ".join(names[:_NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")
