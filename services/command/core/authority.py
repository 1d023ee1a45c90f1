"""Who may take which step; the table is PARTIES in shared/contracts/commands.py.

A recipient's step is taken by an officer of the unit itself; for a grid or micro-grid also by one of
its village, because grid workers work for the village. An issuer's step is taken by an officer of
the issuing unit or of a unit above it. The issuer of a part of a split assignment is the unit that
split it.
"""

from __future__ import annotations

from collections.abc import Collection

from services.command.core.model import Assignment, Command
from shared.contracts.commands import PARTIES, VILLAGE_ACTS_FOR, Party, Step
from shared.contracts.fields import Tier
from shared.contracts.units import ancestor_at, is_within


def refusal(step: Step, officer_unit: str, assignment: Assignment, command: Command) -> str | None:
    """Why this officer may not take this step, or None when he may."""
    party = PARTIES[step]
    issuer = assignment.given_by or command.issuer_unit
    if party in (Party.RECIPIENT, Party.EITHER) and _acts_for(officer_unit, assignment):
        return None
    if party is Party.RECIPIENT:
        return f"{step} is for officers of {assignment.unit}, not of {officer_unit}"
    if party is Party.RELEASER:
        issuer = assignment.release_unit or issuer
    if is_within(issuer, officer_unit):
        return None
    return f"{step} is for the issuer {issuer} or above, not for {officer_unit}"


def may_direct(officer_unit: str, command: Command) -> bool:
    """Whether officers of this unit may check, close, revoke or re-open the whole command."""
    return is_within(command.issuer_unit, officer_unit)


def issuer_of(approver_unit: str, recipients: Collection[str], parent: str | None) -> str:
    """The issuer of an alert's command: its approver, or the unit above when it must act itself."""
    if approver_unit in recipients and parent is not None:
        return parent
    return approver_unit


def _acts_for(officer_unit: str, assignment: Assignment) -> bool:
    return officer_unit == assignment.unit or (
        assignment.unit_tier in VILLAGE_ACTS_FOR
        and officer_unit == ancestor_at(assignment.unit, Tier.VILLAGE)
    )
