"""`response.mode.v1`: rules with response modes begin or cease to apply."""

from __future__ import annotations

from services.scoring.core.rules.rule_registry import RuleRegistry
from shared.contracts.modes import ResponseModeEvent


def handle_mode(event: ResponseModeEvent, registry: RuleRegistry) -> None:
    """Apply the newest response mode of a unit."""
    registry.apply_mode(event)
