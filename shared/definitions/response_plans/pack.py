"""A plan pack: YAML files of a folder as plans, and everything that is wrong with them, at once.

How the files are read: shared/definitions/yaml_files/items.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.plans import PlanDefinition
from shared.contracts.units import NO_UNIT
from shared.definitions.response_plans.checks import problems
from shared.definitions.yaml_files import items
from shared.definitions.yaml_files.findings import Finding
from shared.definitions.yaml_files.items import Item, Kind, PackError, PackSource
from shared.domain.selection.tree import UnitTree

PLANS = Kind(PlanDefinition, "plan_id", "pln", "plan")


@dataclass(frozen=True, slots=True)
class PlanPack:
    """The pack as read, with its findings."""

    plans: tuple[Item[PlanDefinition], ...]
    findings: tuple[Finding, ...]
    files: int

    @property
    def errors(self) -> list[Finding]:
        """Return the findings that make the pack unusable."""
        return items.errors(self.findings)

    @property
    def definitions(self) -> list[PlanDefinition]:
        """The plans as messages, in the order of the files."""
        return [plan.value for plan in self.plans]

    def usable(self) -> PlanPack:
        """Itself; raises PackError naming every error."""
        if errors := self.errors:
            raise PackError(errors)
        return self


def load(
    sources: Sequence[PackSource],
    now: datetime,
    tree: UnitTree | None = None,
    issuer: str = NO_UNIT,
    beside: Sequence[PlanDefinition] = (),
) -> PlanPack:
    """Read folders, files and texts of plans and check all of it; never raises for their content.

    `tree` None = no catalogue at hand, what depends on it is not checked. `beside` are plans in
    force; those that the pack names are replaced.
    """
    result = items.read_items(PLANS, sources, now, issuer)
    where = {item.name: item for item in result.items}
    plans = [item.value for item in result.items]
    standing = [plan for plan in beside if plan.plan_id not in result.names]
    meaning = [
        where[plan.plan_id].placed(problem) for plan, problem in problems(plans, tree, standing)
    ]
    findings = items.in_order([*result.findings, *meaning])
    return PlanPack(result.items, findings, result.files)
