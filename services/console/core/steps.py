"""What comes next: which acts make sense in a state, and who has to act.

These tables only decide what a screen offers; the service that owns the aggregate applies or refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from services.console.core.access import (
    Powers,
    Viewer,
    is_entitled,
    may_decide,
    may_manage,
    may_step,
)
from shared.contracts.alerts import AlertState, DecisionVerb
from shared.contracts.commands import AssignmentState, CommandState, Step
from shared.contracts.units import lineage, tier_of

OPEN_ALERTS = (
    AlertState.VERIFYING,
    AlertState.VERIFIED,
    AlertState.PENDING_APPROVAL,
    AlertState.ISSUED,
)
FINISHED_ASSIGNMENTS = (
    AssignmentState.DONE,
    AssignmentState.WAIVED,
    AssignmentState.REASSIGNED,
    AssignmentState.RECALLED,
)
UNSIGNED = (AssignmentState.QUEUED, AssignmentState.DELIVERED)

_VERBS: dict[AlertState, tuple[DecisionVerb, ...]] = {
    AlertState.VERIFYING: (DecisionVerb.VERIFY, DecisionVerb.DISMISS),
    AlertState.VERIFIED: (DecisionVerb.ASSESS, DecisionVerb.DISMISS),
    AlertState.PENDING_APPROVAL: (
        DecisionVerb.APPROVE,
        DecisionVerb.REJECT,
        DecisionVerb.DISMISS,
    ),
    AlertState.ISSUED: (DecisionVerb.APPROVE, DecisionVerb.REJECT),
}

_FURTHER: dict[AlertState, tuple[DecisionVerb, ...]] = {
    AlertState.VERIFYING: (
        DecisionVerb.AUTHORISE_EMERGENCY,
        DecisionVerb.MERGE,
        DecisionVerb.SPLIT,
    ),
    AlertState.VERIFIED: (
        DecisionVerb.ADJUST,
        DecisionVerb.AUTHORISE_EMERGENCY,
        DecisionVerb.MERGE,
        DecisionVerb.SPLIT,
    ),
    AlertState.PENDING_APPROVAL: (
        DecisionVerb.ADJUST,
        DecisionVerb.AUTHORISE_EMERGENCY,
        DecisionVerb.MERGE,
        DecisionVerb.SPLIT,
    ),
    AlertState.ISSUED: (
        DecisionVerb.RECALL,
        DecisionVerb.ADJUST,
        DecisionVerb.LIFT,
        DecisionVerb.AUTHORISE_EMERGENCY,
        DecisionVerb.SPLIT,
    ),
    AlertState.MERGED: (DecisionVerb.UNMERGE,),
}
"""What can be decided beside the next step; each needs words, a level or another alert."""

_TAKING_AWAY = (Step.REASSIGN, Step.WAIVE, Step.RECALL)
_DIRECTING = (Step.EXTEND, Step.SUSPEND, *_TAKING_AWAY)
_DEALING = (Step.RETURN, Step.SPLIT, Step.ASK_EXTEND, Step.ASK_SUSPEND, *_DIRECTING)
_STEPS: dict[AssignmentState, tuple[Step, ...]] = {
    AssignmentState.QUEUED: (Step.SIGN, Step.RECALL),
    AssignmentState.DELIVERED: (Step.SIGN, Step.RETURN, *_DIRECTING),
    AssignmentState.SIGNED: (Step.REPORT, Step.ACCEPT, Step.HANDLE, *_DEALING),
    AssignmentState.ACCEPTED: (Step.REPORT, Step.HANDLE, *_DEALING),
    AssignmentState.HANDLING: (Step.REPORT, *_DEALING),
    AssignmentState.REPORTED: (Step.CHECK, Step.SEND_BACK, Step.WAIVE, Step.RECALL),
    AssignmentState.RETURNED: (Step.SEND_BACK, *_TAKING_AWAY),
    AssignmentState.SUSPENDED: (Step.RESUME, *_TAKING_AWAY),
    AssignmentState.CHECKED: (Step.CLOSE, Step.WAIVE, Step.RECALL),
}


_COMMAND_VERBS: dict[CommandState, tuple[str, ...]] = {
    CommandState.ISSUED: ("check", "close", "revoke"),
    CommandState.AWAITING_CHECK: ("check", "close", "revoke"),
    CommandState.CLOSED: ("reopen",),
}


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """What the rules need to know of an alert. Levels are words, None = none yet / lift."""

    state: AlertState
    place: str
    level: str | None
    proposed: str | None
    approver_unit: str
    approvals_needed: int
    signers: tuple[str, ...]
    """Officers who have signed the level now proposed."""
    more_time: bool = False
    authority_unit: str | None = None
    debtor_unit: str | None = None
    authorised_by: str | None = None

    @property
    def powers(self) -> Powers:
        """Whose its decisions are."""
        return Powers(
            self.place,
            self.approver_unit,
            self.authority_unit,
            self.debtor_unit,
            self.authorised_by,
        )


@dataclass(frozen=True, slots=True)
class Next:
    """The next step an alert waits for; `unit` has to take it."""

    verb: DecisionVerb
    unit: str
    signed: int = 0
    needed: int = 0


def next_of(alert: AlertFacts) -> Next | None:
    """Who has to do what now; None when nothing is waiting for a person."""
    verbs = _open_verbs(alert)
    if not verbs:
        return None
    verb = verbs[0]
    if verb is DecisionVerb.APPROVE:
        return Next(verb, alert.approver_unit, len(alert.signers), alert.approvals_needed)
    return Next(verb, _nearest_centre(alert.place))


def verbs_for(viewer: Viewer, alert: AlertFacts) -> list[DecisionVerb]:
    """The decisions this officer can take now, the expected one first."""
    return [
        verb
        for verb in _open_verbs(alert)
        if _may_decide(viewer, alert, verb)
        and not (verb is DecisionVerb.APPROVE and viewer.officer_id in alert.signers)
    ]


def further_verbs(viewer: Viewer, alert: AlertFacts) -> list[DecisionVerb]:
    """What else this officer can decide; asked for with a reason and whatever it is about."""
    owed = (DecisionVerb.RATIFY, DecisionVerb.ANNUL) if alert.debtor_unit is not None else ()
    return [
        verb
        for verb in (*owed, *_FURTHER.get(alert.state, ()))
        if _may_decide(viewer, alert, verb)
        and (
            verb is not DecisionVerb.AUTHORISE_EMERGENCY
            or alert.proposed not in (None, alert.level)
        )
    ]


def steps_for(
    viewer: Viewer,
    state: AssignmentState,
    unit: str,
    issuer_unit: str,
    release_unit: str | None = None,
    *,
    asked: bool = False,
) -> list[Step]:
    """The steps on an assignment this officer can take now, an open question of the unit first."""
    possible = _STEPS.get(state, ())
    if asked:
        possible = (Step.REFUSE, *possible)
    return [
        step
        for step in possible
        if is_entitled(
            viewer,
            partial(
                may_step,
                unit=unit,
                issuer_unit=issuer_unit,
                step=step,
                release_unit=release_unit,
            ),
        )
    ]


def verbs_of_command(viewer: Viewer, state: str, issuer_unit: str) -> list[str]:
    """What this officer can do with a whole command now."""
    if not is_entitled(viewer, lambda acting: may_manage(acting, issuer_unit)):
        return []
    return list(_COMMAND_VERBS.get(CommandState(state), ()))


def _may_decide(viewer: Viewer, alert: AlertFacts, verb: DecisionVerb) -> bool:
    return is_entitled(viewer, lambda acting: may_decide(acting, alert.powers, verb))


def _open_verbs(alert: AlertFacts) -> tuple[DecisionVerb, ...]:
    if alert.state is AlertState.ISSUED and alert.proposed == alert.level and not alert.more_time:
        return ()
    return _VERBS.get(alert.state, ())


def _nearest_centre(place: str) -> str:
    """The nearest unit with a duty desk: the town, or what lies above it (docs/sources.md S30)."""
    centres = [unit for unit in lineage(place) if "/" not in unit]
    return next((unit for unit in centres if tier_of(unit) in ("town", "district")), centres[-1])
