"""Authority of officers over assignments; the table is PARTIES in shared/contracts/assignments.py.

An officer of the unit itself takes a recipient's step. For a grid or micro-grid an officer of its
village may do so too, because grid workers work for the village. An officer of the issuing unit, or
of a unit above, takes an issuer's step. The issuer of a part of a split assignment is the unit that
split the parent.
"""

from __future__ import annotations

from collections.abc import Collection

from services.command.core.assignments.model import Assignment
from services.command.core.commands.model import Command
from shared.contracts.assignments import PARTIES, VILLAGE_ACTS_FOR, Party, Step
from shared.contracts.fields import Tier
from shared.contracts.units import ancestor_at, is_within


def refusal(step: Step, officer_unit: str, assignment: Assignment, command: Command) -> str | None:
    """Return the reason why an officer of this unit may not take the step, or None."""
    party = PARTIES[step]
    issuer = assignment.splitting_unit or command.issuer_unit
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
    """Return whether officers of this unit may check, close, revoke or re-open the command."""
    return is_within(command.issuer_unit, officer_unit)


def may_urge(officer_unit: str, within: str) -> bool:
    """Return whether officers of this unit may urge the units at or below `within`."""
    return is_within(within, officer_unit)


def issuer_of(approver_unit: str, recipients: Collection[str], parent: str | None) -> str:
    """Return the issuer of an alert's command.

    The approver of the alert is the issuer, or the unit above when the approver is a recipient.
    """
    if approver_unit in recipients and parent is not None:
        return parent
    return approver_unit


def _acts_for(officer_unit: str, assignment: Assignment) -> bool:
    return officer_unit == assignment.unit or (
        assignment.unit_tier in VILLAGE_ACTS_FOR
        and officer_unit == ancestor_at(assignment.unit, Tier.VILLAGE)
    )
