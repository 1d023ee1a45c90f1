"""A rule pack: YAML files of a folder as rules, and everything that is wrong with them, at once.

Cases lie beside the rules, in files whose names end in `.test.yaml`
(shared/definitions/rules/cases.py). How the files are read: shared/definitions/yaml_files/items.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.catalog import SensorEntry
from shared.contracts.rules import RuleDefinition
from shared.contracts.units import NO_UNIT
from shared.definitions.rules.together import pack_problems
from shared.definitions.yaml_files import items
from shared.definitions.yaml_files.findings import Finding
from shared.definitions.yaml_files.items import Item, Items, Kind, PackError, PackSource

RULES = Kind(RuleDefinition, "rule_id", "rul", "rule")


@dataclass(frozen=True, slots=True)
class RulePack:
    """A pack of rules; `ids` are the names of all rules, unusable ones included."""

    rules: tuple[Item[RuleDefinition], ...]
    findings: tuple[Finding, ...]
    ids: frozenset[str]
    files: int

    @property
    def errors(self) -> list[Finding]:
        """Return the findings that make the pack unusable."""
        return items.errors(self.findings)

    @property
    def definitions(self) -> list[RuleDefinition]:
        """The rules as messages, in the order of the files."""
        return [rule.value for rule in self.rules]

    def usable(self) -> RulePack:
        """Itself; raises PackError naming every error."""
        if errors := self.errors:
            raise PackError(errors)
        return self


def load(
    sources: Sequence[PackSource],
    now: datetime,
    sensors: Mapping[str, SensorEntry] | None = None,
    beside: Sequence[RuleDefinition] = (),
    issuer: str = NO_UNIT,
) -> RulePack:
    """Read folders, files and texts of rules and check all of it; never raises for their content.

    `sensors` None = no catalogue at hand, what depends on it is not checked. `beside` are rules in
    force that the pack may name.
    """
    result = items.read_items(RULES, sources, now, issuer)
    findings = items.in_order([*result.findings, *_meaning(result, sensors, beside)])
    return RulePack(result.items, findings, result.names, result.files)


def _meaning(
    items: Items[RuleDefinition],
    sensors: Mapping[str, SensorEntry] | None,
    beside: Sequence[RuleDefinition],
) -> list[Finding]:
    where = {item.name: item for item in items.items}
    rule_definitions = [rule for rule in beside if rule.rule_id not in items.names]
    rules = [item.value for item in items.items]
    problems = pack_problems(rules, sensors, rule_definitions, items.names, items.complete)
    return [where[rule.rule_id].placed(problem) for rule, problem in problems]
