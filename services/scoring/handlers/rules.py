"""`rule.definitions.v1`: a new version of a rule comes into force."""

from __future__ import annotations

from services.scoring.core.refusals import RefusedInput
from services.scoring.core.rules.rule_registry import RuleRegistry
from shared.contracts.rules import RuleDefinition
from shared.runtime.errors import Reject


def handle_rule(rule: RuleDefinition, registry: RuleRegistry) -> None:
    """Put a rule in force. Raises Reject for an unusable rule."""
    try:
        registry.add_rule(rule)
    except RefusedInput as refusal:
        raise Reject(refusal.reason, refusal.detail) from None
