"""The newest rules and plans, as their topics have them."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.contracts.plans import PlanDefinition
from shared.contracts.rules import RuleDefinition


@dataclass
class Definitions:
    """Rules and plans by id, in force or not."""

    rules: dict[str, RuleDefinition] = field(default_factory=dict)
    plans: dict[str, PlanDefinition] = field(default_factory=dict)

    def put_rule(self, rule: RuleDefinition) -> None:
        """Add or replace a rule."""
        self.rules[rule.rule_id] = rule

    def drop_rule(self, rule_id: str) -> None:
        """Remove a deleted rule."""
        self.rules.pop(rule_id, None)

    def put_plan(self, plan: PlanDefinition) -> None:
        """Add or replace a plan."""
        self.plans[plan.plan_id] = plan

    def drop_plan(self, plan_id: str) -> None:
        """Remove a deleted plan."""
        self.plans.pop(plan_id, None)
