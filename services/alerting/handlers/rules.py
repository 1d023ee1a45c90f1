"""Definitions of rules; alerting evaluates the rules over several sources."""

from __future__ import annotations

from services.alerting.unit_of_work import UnitOfWork
from shared.contracts.dead_letter import Reason
from shared.contracts.rules import RuleDefinition
from shared.contracts.topics import RULES
from shared.runtime.errors import Reject
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()


def load(rule: RuleDefinition, unit: UnitOfWork) -> None:
    """A definition needs all regions, with the evidence and the episodes of the rule."""
    unit.plan.rules.append(rule)


@router.subscriber(RULES, load=load)
async def handle_rule(rule: RuleDefinition, unit: UnitOfWork) -> None:
    """Store a new version, and evaluate it everywhere.

    Raises Reject for a composite whose tree leads back to itself.
    """
    if path := unit.engine.rules.cycle(rule):
        raise Reject(Reason.INVALID_RULE, f"rule {rule.rule_id} looks at itself: {path}")
    previous = unit.engine.rules.get(rule.rule_id)
    unit.engine.apply_rule(rule, unit.cause_of(rule, rule.occurred_at))
    if unit.engine.rules.get(rule.rule_id) is not previous:
        unit.save_rule(rule)
    unit.publish_rule_alarms()
