"""Rights of officers: the only module of the console for decisions on sight and acts.

There are four rights of officers, each granted for a unit and its subtree, and none follows from
another: to see the subtree, to be paged for it, to command with the authority of the unit, and to
administer its ledger, sources, limits, rules and plans. The right to operate concerns the system
itself and no unit. Without a grant there is no right. The rules below judge an act for one unit;
`entitled` tries all units for which an officer commands. An act is judged by the unit of its
object, never by a claim of the client. Every refusal has a reason from a closed set, used by
problem documents, metrics and tests; None means allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from shared.contracts import units
from shared.contracts.alerts import DecisionVerb
from shared.contracts.assignments import PARTIES, VILLAGE_ACTS_FOR, Party, Step
from shared.contracts.authority import EMERGENCY_POSTS, EMERGENCY_TIERS
from shared.contracts.fields import Post, Tier
from shared.contracts.refusals import RefusedFor
from shared.contracts.reports import Means
from shared.contracts.units import (
    ancestor_at,
    department_of,
    is_within,
    lineage,
    parent_of,
    tier_of,
)
from shared.domain.response_modes import authority
from shared.domain.selection.reach import outside

COMMANDING_TIERS = frozenset({Tier.CITY, Tier.DISTRICT, Tier.TOWN, Tier.VILLAGE})
"""Tiers that have units below to command."""

_APPROVERS_VERBS = frozenset({DecisionVerb.APPROVE, DecisionVerb.REJECT})
_DEBTORS_VERBS = frozenset({DecisionVerb.RATIFY, DecisionVerb.ANNUL})


class Right(StrEnum):
    """The rights that a grant can give within the subtree of its unit."""

    SEE = "see"
    BE_PAGED = "be_paged"
    COMMAND = "command"
    OPERATE = "operate"
    """To operate the system: its dead letters hold records of all units, unmasked."""
    ADMINISTER = "administer"
    """To change the ledger, sources, limits, rules and plans of the subtree."""


USUAL_RIGHTS = (Right.SEE, Right.BE_PAGED, Right.COMMAND)
"""The rights of a new account, for its own unit."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """The officer on whose behalf a request is made.

    `unit` is the unit of the officer; `seeing`, `commanding`, `operating` and `administering`
    are the units of the grants.
    `place` is the unit whose subtree a screen shows; with None the unit of the officer.
    """

    officer_id: str
    name: str
    unit: str
    post: Post
    seeing: tuple[str, ...] = ()
    commanding: tuple[str, ...] = ()
    place: str | None = None
    operating: tuple[str, ...] = ()
    administering: tuple[str, ...] = ()

    @property
    def root(self) -> str:
        """The unit whose subtree is shown."""
        return self.place or self.unit


def with_usual_rights(viewer: Viewer) -> Viewer:
    """Return the viewer with the usual rights: to see and to command the own unit."""
    return replace(viewer, seeing=(viewer.unit,), commanding=(viewer.unit,))


def looking(viewer: Viewer, place: str | None) -> Viewer | RefusedFor:
    """Return the viewer at `place`; with None at the own unit, or else the first granted unit."""
    if place is None:
        if not viewer.seeing:
            return RefusedFor.NO_SIGHT
        place = viewer.unit if sees(viewer, viewer.unit) else min(viewer.seeing)
    return replace(viewer, place=place) if sees(viewer, place) else RefusedFor.OUTSIDE_SUBTREE


Check = Callable[[Viewer], RefusedFor | None]


def entitled(viewer: Viewer, check: Check) -> Viewer | RefusedFor:
    """Return the officer as of the first unit with the authority for the act, own unit first.

    The record of the act names this unit as its authority, never a mixture of two.
    """
    candidates = [
        replace(viewer, unit=unit, commanding=(unit,))
        for unit in _own_first(viewer, viewer.commanding)
    ]
    return _first_allowed(candidates, check, RefusedFor.NO_COMMAND)


def administrator(viewer: Viewer, check: Check) -> Viewer | RefusedFor:
    """Return the officer as of the first unit whose right to administer allows the change."""
    candidates = [
        replace(viewer, unit=unit, administering=(unit,))
        for unit in _own_first(viewer, viewer.administering)
    ]
    return _first_allowed(candidates, check, RefusedFor.NOT_ADMINISTRATOR)


def administered_place(viewer: Viewer, place: str | None) -> str | RefusedFor:
    """Return the unit whose subtree a screen of administrators shows; with None the first."""
    if place is None:
        units = _own_first(viewer, viewer.administering)
        return units[0] if units else RefusedFor.NOT_ADMINISTRATOR
    return may_administer(viewer, place) or place


def _own_first(viewer: Viewer, units: Iterable[str]) -> list[str]:
    return sorted(units, key=lambda unit: (unit != viewer.unit, unit))


def _first_allowed(
    candidates: Iterable[Viewer], check: Check, without_grant: RefusedFor
) -> Viewer | RefusedFor:
    denials = []
    for candidate in candidates:
        denial = check(candidate)
        if denial is None:
            return candidate
        denials.append(denial)
    return denials[0] if denials else without_grant


def is_entitled(viewer: Viewer, check: Check) -> bool:
    """Return True when the act is allowed for a unit for which the officer commands."""
    return isinstance(entitled(viewer, check), Viewer)


@dataclass(frozen=True, slots=True)
class Span:
    """A unit and its subtree as a range of unit ids in code-point order: low <= id < high."""

    low: str
    high: str

    def holds(self, unit: str) -> bool:
        """Return True when `unit` lies in the range."""
        return self.low <= unit < self.high


def span_of(unit: str) -> Span:
    """Return the subtree of a unit as one range: `is_within` in a form that an index can use."""
    return Span(*units.span_of(unit))


def alone(unit: str) -> Span:
    """Return the range of the unit alone, without its subtree."""
    return Span(*units.alone(unit))


def sees(viewer: Viewer, unit: str) -> bool:
    """Return True when the viewer may see `unit`."""
    return covers(viewer.seeing, unit)


def covers(granted: Iterable[str], unit: str) -> bool:
    """Return True when a right that is granted at these units holds at `unit`."""
    return any(is_within(unit, place) for place in granted)


def visibility_of_event(viewer: Viewer, kind: str, unit: str, officer_id: str | None) -> str | None:
    """Return `full`, `hint` (something changed) or None for an event of the feed.

    Events about assignments are summed per town: a village of the town gets a hint only. A mode
    holds for all units below. A page about a fault of the system itself concerns its officer alone.
    """
    if officer_id == viewer.officer_id:
        return "full"
    if kind == "system":
        return None
    if is_within(unit, viewer.root):
        return "full"
    if not is_within(viewer.root, unit):
        return None
    return {"assignments": "hint", "mode": "full"}.get(kind)


@dataclass(frozen=True, slots=True)
class Powers:
    """The units that decide on an alert: the proposal, the level in force, owed signatures."""

    place: str
    approver_unit: str
    authority_unit: str | None = None
    debtor_unit: str | None = None
    authorised_by: str | None = None


def may_decide(viewer: Viewer, powers: Powers, verb: DecisionVerb) -> RefusedFor | None:
    """Return why the viewer may not decide on an alert; None when it is allowed.

    The approver approves and rejects. The authority over the level recalls, and so does the unit
    that issued the alert in an emergency. The unit that owes signatures ratifies and annuls.
    Everything else is for the units in the line of the place; in an emergency for the A post or the
    commander of a district or town below the approver.
    """
    if verb in _APPROVERS_VERBS:
        return None if viewer.unit == powers.approver_unit else RefusedFor.NOT_APPROVER
    if verb in _DEBTORS_VERBS:
        return None if viewer.unit == powers.debtor_unit else RefusedFor.NOT_APPROVER
    if verb is DecisionVerb.RECALL:
        entitled = (powers.authority_unit, powers.authorised_by)
        return None if viewer.unit in entitled else RefusedFor.NOT_APPROVER
    if viewer.unit not in lineage(powers.place):
        return RefusedFor.NOT_ABOVE_PLACE
    if verb is DecisionVerb.AUTHORISE_EMERGENCY:
        below = viewer.unit != powers.approver_unit and is_within(viewer.unit, powers.approver_unit)
        tiers = EMERGENCY_TIERS.get(tier_of(powers.approver_unit), ())
        centre = department_of(viewer.unit) is None and tier_of(viewer.unit) in tiers
        if not (below and centre):
            return RefusedFor.NOT_APPROVER
        return None if viewer.post in EMERGENCY_POSTS else RefusedFor.WRONG_POST
    return None


def may_hold(viewer: Viewer, place: str) -> RefusedFor | None:
    """Take a position of the own unit: units in the line of the place, and their departments."""
    line = lineage(place)
    department = department_of(viewer.unit) is not None and parent_of(viewer.unit) in line
    return None if viewer.unit in line or department else RefusedFor.NOT_ABOVE_PLACE


def may_silence(viewer: Viewer, place: str) -> RefusedFor | None:
    """Silence alarms: of the own subtree only; a grid silences nothing."""
    return may_issue(viewer, (place,))


def may_end_silence(viewer: Viewer, unit: str) -> RefusedFor | None:
    """End or lengthen a silence: officers of its unit or of a unit above."""
    return None if is_within(unit, viewer.unit) else RefusedFor.NOT_ISSUER


def may_step(
    viewer: Viewer, unit: str, issuer_unit: str, step: Step, release_unit: str | None = None
) -> RefusedFor | None:
    """Take a step on an assignment.

    Steps of the recipient are for its officers, of a grid or micro-grid also for those of its
    village. Steps of the issuer are for officers of the issuer or of a unit above; waiving and
    recalling a mandatory part for the `release_unit` or a unit above. Some steps are for both.
    """
    party = PARTIES[step]
    if party in (Party.RECIPIENT, Party.EITHER):
        acts_for = {unit}
        if tier_of(unit) in VILLAGE_ACTS_FOR:
            village = ancestor_at(unit, Tier.VILLAGE)
            acts_for |= {village} if village else set()
        if viewer.unit in acts_for:
            return None
    if party is Party.RECIPIENT:
        return RefusedFor.NOT_RECIPIENT
    director = issuer_unit
    if party is Party.RELEASER and release_unit is not None:
        director = release_unit
    return None if is_within(director, viewer.unit) else RefusedFor.NOT_ISSUER


def may_give(
    viewer: Viewer, unit: str, giver: str, checker: str | None = None
) -> RefusedFor | None:
    """Give a part of an assignment, or a reassigned one, to a unit below the giver and the officer.

    The unit that handles an assignment cannot close it, so a reassigned assignment never goes to
    its `checker` or a unit above.
    """
    inside = is_within(unit, viewer.unit) and is_within(unit, giver)
    if checker is not None and is_within(checker, unit):
        inside = False
    return None if inside else RefusedFor.OUTSIDE_SUBTREE


def may_issue(viewer: Viewer, units: Iterable[str]) -> RefusedFor | None:
    """Issue a command: to at least one unit, and to units of the own subtree only."""
    if tier_of(viewer.unit) not in COMMANDING_TIERS or department_of(viewer.unit) is not None:
        return RefusedFor.NOTHING_BELOW
    return RefusedFor.OUTSIDE_SUBTREE if outside(units, viewer.unit) else None


def may_heed(viewer: Viewer, areas: Iterable[str]) -> RefusedFor | None:
    """Command because of a warning that concerns the officer."""
    return may_pass_on(viewer, areas) or may_issue(viewer, (viewer.unit,))


def may_pass_on(viewer: Viewer, areas: Iterable[str]) -> RefusedFor | None:
    """Report a warning as an incident: it is about a part of the own subtree or about all of it."""
    concerned = any(is_within(area, viewer.unit) or is_within(viewer.unit, area) for area in areas)
    return None if concerned else RefusedFor.OUTSIDE_SUBTREE


def may_start_drill(viewer: Viewer, place: str) -> RefusedFor | None:
    """Start a drill: at places that the officer may command."""
    return may_issue(viewer, (place,))


def may_report_incident(viewer: Viewer, place: str) -> RefusedFor | None:
    """Report a new incident: in the own subtree, and anywhere in the town of the own unit."""
    nearby = ancestor_at(viewer.unit, Tier.TOWN) or viewer.unit
    return None if is_within(place, nearby) else RefusedFor.OUTSIDE_SUBTREE


def may_manage(viewer: Viewer, issuer_unit: str) -> RefusedFor | None:
    """Check, close or revoke a command: its issuer or a unit above it."""
    return None if is_within(issuer_unit, viewer.unit) else RefusedFor.NOT_ISSUER


def may_urge(viewer: Viewer, unit: str) -> RefusedFor | None:
    """Urge the late units at or below a unit: of the own subtree only."""
    return may_issue(viewer, (unit,))


def may_plan_duty(viewer: Viewer, unit: str) -> RefusedFor | None:
    """Change the duty plan of a unit: its officers, and those of a unit above it."""
    return None if is_within(unit, viewer.unit) else RefusedFor.OUTSIDE_SUBTREE


def may_propose_mode(viewer: Viewer, unit: str) -> RefusedFor | None:
    """Propose a response mode: the unit itself or one above it."""
    return _denial(authority.refusal_to_sign(unit, viewer.officer_id, viewer.unit, viewer.post, ()))


def may_sign_mode(viewer: Viewer, unit: str, signed: Collection[str]) -> RefusedFor | None:
    """Sign a proposal of a response mode."""
    return _denial(
        authority.refusal_to_sign(unit, viewer.officer_id, viewer.unit, viewer.post, signed)
    )


def may_stop_mode(viewer: Viewer, unit: str, proposer: str | None) -> RefusedFor | None:
    """Reject a proposal or end a mode; the `proposer` may withdraw an open proposal."""
    return _denial(
        authority.refusal_to_stop(unit, viewer.officer_id, viewer.unit, viewer.post, proposer)
    )


def _denial(unfit: authority.ModeActRefusal | None) -> RefusedFor | None:
    return None if unfit is None else RefusedFor(unfit.value)


def may_review(viewer: Viewer, owner: str) -> RefusedFor | None:
    """Write the review of a case: the unit that issued it, or a unit above."""
    return None if is_within(owner, viewer.unit) else RefusedFor.NOT_ISSUER


def may_operate(viewer: Viewer) -> RefusedFor | None:
    """Look into the dead letters, and act on them: whoever operates the system."""
    return None if viewer.operating else RefusedFor.NOT_OPERATOR


def may_administer(viewer: Viewer, unit: str) -> RefusedFor | None:
    """Change what the office of `unit` has set up: whoever administers it or a unit above."""
    return None if covers(viewer.administering, unit) else RefusedFor.NOT_ADMINISTRATOR


def may_write_source(
    viewer: Viewer, owner: str, places: Iterable[str], *, is_root: bool
) -> RefusedFor | None:
    """Change a source: of the own subtree; one that sends for places elsewhere, the root alone."""
    if not is_within(owner, viewer.unit):
        return RefusedFor.OUTSIDE_SUBTREE
    inside = all(place != "*" and is_within(place, viewer.unit) for place in places)
    return None if inside or is_root else RefusedFor.OUTSIDE_SUBTREE


def may_answer(viewer: Viewer, officer_id: str) -> RefusedFor | None:
    """Answer a page: the officer who was paged."""
    return None if viewer.officer_id == officer_id else RefusedFor.NOT_YOUR_PAGE


def may_report(
    viewer: Viewer, from_unit: str, to_unit: str | None, means: Means, place: str
) -> RefusedFor | None:
    """Report upward: in writing for the own unit; a call also for a unit that called in."""
    called = means is Means.PHONE and to_unit == viewer.unit and is_within(from_unit, viewer.unit)
    if from_unit != viewer.unit and not called:
        return RefusedFor.NOT_REPORTER
    if to_unit is None or to_unit == from_unit or not is_within(from_unit, to_unit):
        return RefusedFor.NOT_UPWARD
    return None if is_within(place, from_unit) else RefusedFor.OUTSIDE_SUBTREE
