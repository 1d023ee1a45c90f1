"""The judgement of a text with rules or plans: what is wrong, and which versions it would make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.console.features.definitions.shelves import DefinitionKind, Shelf
from shared.contracts.catalog import SensorEntry
from shared.definitions.candidates import problems_of_trial, trial_form, without_changes
from shared.definitions.publication import NextVersion, next_versions
from shared.definitions.response_plans.pack import load as load_plans
from shared.definitions.rules.cases import load_cases
from shared.definitions.rules.pack import load as load_rules
from shared.definitions.yaml_files.findings import Finding
from shared.definitions.yaml_files.items import ASIDE, Item, PackFile, errors, in_order
from shared.domain.selection.tree import UnitTree


@dataclass(frozen=True, slots=True)
class Office:
    """The catalogued sensors and units, against which definitions are checked."""

    sensors: Mapping[str, SensorEntry]
    tree: UnitTree


@dataclass(frozen=True, slots=True)
class DefinitionText:
    """The text of an officer, with the cases of the rules in it."""

    text: str
    cases: str = ""

    def files(self, name: DefinitionKind) -> list[PackFile]:
        """Return the texts as files of a pack."""
        files = [PackFile(f"{name}s.yaml", self.text.encode())]
        if self.cases.strip():
            files.append(PackFile(f"{name}s{ASIDE}", self.cases.encode()))
        return files


@dataclass(frozen=True, slots=True)
class Judgement:
    """Definitions with their findings.

    `changes` are the versions to publish, `unchanged` the ids that are in force as written.
    """

    definitions: tuple[Any, ...]
    findings: tuple[Finding, ...]
    changes: tuple[NextVersion[Any], ...]
    unchanged: tuple[str, ...]
    cases: int = 0

    @property
    def errors(self) -> list[Finding]:
        """Return the findings that keep the text from being published."""
        return errors(self.findings)


def judge(
    shelf: Shelf, written: DefinitionText, office: Office, now: datetime, issuer: str
) -> Judgement:
    """Read and check a text; never raises for its content."""
    files = written.files(shelf.name)
    match shelf.name:
        case DefinitionKind.RULE:
            rules = load_rules(files, now, office.sensors, shelf.in_force, issuer)
            usable = {rule.rule_id: rule for rule in rules.definitions}
            cases, wrong = load_cases(files, usable, rules.ids, office.sensors)
            return _judged(shelf, rules.rules, (*rules.findings, *wrong), now, len(cases))
        case DefinitionKind.PLAN:
            plans = load_plans(files[:1], now, office.tree, issuer, shelf.in_force)
            return _judged(shelf, plans.plans, plans.findings, now)


def _judged(
    shelf: Shelf,
    items: Sequence[Item[Any]],
    findings: Sequence[Finding],
    now: datetime,
    cases: int = 0,
) -> Judgement:
    own = [
        item.placed(problem)
        for item in items
        for problem in problems_of_trial(shelf.kind, item.value, shelf.published)
    ]
    unchanged = {
        item.name for item in items if without_changes(shelf.kind, item.value, shelf.published)
    }
    trials = [trial_form(shelf.kind, item.value) for item in items if item.name not in unchanged]
    changes = next_versions(shelf.kind, trials, shelf.published, now)
    return Judgement(
        definitions=tuple(item.value for item in items),
        findings=in_order([*findings, *own]),
        changes=tuple(changes),
        unchanged=tuple(sorted(unchanged)),
        cases=cases,
    )
