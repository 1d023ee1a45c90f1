"""The call settings of a folder: its two files and all their problems.

`plans.yaml` is a list of call plans, `tests.yaml` one of communication tests
(shared/contracts/calls.py). How the files are read: shared/definitions/yaml_files/items.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shared.contracts.calls import CallPlan, ContactTestPlan
from shared.contracts.fields import Level, ResponseMode
from shared.contracts.units import NO_UNIT
from shared.definitions.call_plans.checks import problems
from shared.definitions.yaml_files import items
from shared.definitions.yaml_files.findings import Finding
from shared.definitions.yaml_files.items import Kind, PackError
from shared.domain.call_plans import CallPlans

CALLS = Kind(CallPlan, "call_id", "cpl", "call plan")
TESTS = Kind(ContactTestPlan, "test_id", "ctp", "communication test")
PLANS_FILE, TESTS_FILE = "plans.yaml", "tests.yaml"


@dataclass(frozen=True, slots=True)
class CallPack:
    """The pack as read, with its findings."""

    calls: tuple[CallPlan, ...]
    tests: tuple[ContactTestPlan, ...]
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> list[Finding]:
        """Return the findings that make the settings unusable."""
        return items.errors(self.findings)

    def plan(self, level: Level, mode: ResponseMode) -> CallPlan | None:
        """Return the plan for calls of a level in a mode; None where the built-in waits hold."""
        return CallPlans(self.calls).plan(level, mode)

    def usable(self) -> CallPack:
        """Itself; raises PackError naming every error."""
        if errors := self.errors:
            raise PackError(errors)
        return self


def load(folder: Path, now: datetime) -> CallPack:
    """Read the two files and check all of it; never raises for their content."""
    calls = items.read_items(CALLS, [folder / PLANS_FILE], now, NO_UNIT)
    tests = items.read_items(TESTS, [folder / TESTS_FILE], now, NO_UNIT)
    where = {item.name: item for item in calls.items}
    plans = tuple(item.value for item in calls.items)
    meaning = [where[plan.call_id].placed(problem) for plan, problem in problems(plans)]
    findings = items.in_order([*calls.findings, *tests.findings, *meaning])
    return CallPack(plans, tuple(item.value for item in tests.items), findings)
