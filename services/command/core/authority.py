"""Who may take which step (domain reference 5.3: the handler cannot close).

A recipient's step is taken by an officer of the unit itself; for a grid or micro-grid also by one of
its village, because grid workers work for the village. An issuer's step is taken by an officer of
the issuing unit or of a unit above it.
"""

from __future__ import annotations

from collections.abc import Collection

from services.command.core.model import Assignment, Command
from shared.contracts.commands import Step
from shared.contracts.fields import Tier
from shared.contracts.units import ancestor_at, is_within

ISSUER_STEPS = frozenset({Step.CHECK, Step.SEND_BACK, Step.CLOSE})
_VILLAGE_MAY_ACT_FOR = frozenset({Tier.GRID, Tier.MICROGRID})


def refusal(step: Step, officer_unit: str, assignment: Assignment, command: Command) -> str | None:
    """Why this officer may not take this step, or None when he may."""
    if step in ISSUER_STEPS:
        if may_direct(officer_unit, command):
            return None
        return f"{step} is for the issuer {command.issuer_unit} or above, not for {officer_unit}"
    if officer_unit == assignment.unit:
        return None
    if assignment.unit_tier in _VILLAGE_MAY_ACT_FOR and officer_unit == ancestor_at(
        assignment.unit, Tier.VILLAGE
    ):
        return None
    return f"{step} is for officers of {assignment.unit}, not of {officer_unit}"


def may_direct(officer_unit: str, command: Command) -> bool:
    """Whether officers of this unit may check, close or revoke the whole command."""
    return is_within(command.issuer_unit, officer_unit)


def issuer_of(approver_unit: str, recipients: Collection[str], parent: str | None) -> str:
    """The issuer of an alert's command: its approver, or the unit above when it must act itself."""
    if approver_unit in recipients and parent is not None:
        return parent
    return approver_unit
