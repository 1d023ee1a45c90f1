"""Offers of the screens: the acts in a state, their order, and the acting unit.

The allowed acts of a state are in shared/contracts/lifecycles, the rights in access.py; this module
holds the order only. The service that owns the aggregate applies or refuses an act.
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
    may_urge,
)
from shared.contracts.alerts import AlertState, DecisionVerb
from shared.contracts.assignments import AssignmentState, Step
from shared.contracts.commands import CommandState
from shared.contracts.fields import LEVEL_ORDER, Level
from shared.contracts.lifecycles import alert as alert_life
from shared.contracts.lifecycles import assignment as assignment_life
from shared.contracts.lifecycles import command as command_life
from shared.contracts.units import lineage, tier_of

_EXPECTED = (
    DecisionVerb.VERIFY,
    DecisionVerb.ASSESS,
    DecisionVerb.APPROVE,
    DecisionVerb.REJECT,
    DecisionVerb.DISMISS,
)
"""The next steps of an alert, then other answers to the same question."""
_FURTHER = (
    DecisionVerb.RATIFY,
    DecisionVerb.ANNUL,
    DecisionVerb.WORD,
    DecisionVerb.RECALL,
    DecisionVerb.ADJUST,
    DecisionVerb.LIFT,
    DecisionVerb.ASSESS,
    DecisionVerb.AUTHORISE_EMERGENCY,
    DecisionVerb.MERGE,
    DecisionVerb.SPLIT,
    DecisionVerb.UNMERGE,
)
"""Decisions beside the next step; each needs words, a level or another alert."""
_STEPS = (
    Step.REFUSE,
    Step.SIGN,
    Step.REPORT,
    Step.ACCEPT,
    Step.HANDLE,
    Step.CHECK,
    Step.RESUME,
    Step.CLOSE,
    Step.RETURN,
    Step.SEND_BACK,
    Step.SPLIT,
    Step.ASK_EXTEND,
    Step.ASK_SUSPEND,
    Step.EXTEND,
    Step.SUSPEND,
    Step.REASSIGN,
    Step.WAIVE,
    Step.RECALL,
)


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """Properties of an alert for the rules. A level is a word, or None for none."""

    state: AlertState
    place: str
    level: str | None
    proposed: str | None
    approver_unit: str
    approvals_needed: int
    signers: tuple[str, ...]
    """Officers who have signed the proposed level."""
    more_time: bool = False
    other_words: bool = False
    authority_unit: str | None = None
    debtor_unit: str | None = None
    authorised_by: str | None = None

    @property
    def powers(self) -> Powers:
        """The units that decide on the alert."""
        return Powers(
            self.place,
            self.approver_unit,
            self.authority_unit,
            self.debtor_unit,
            self.authorised_by,
        )


@dataclass(frozen=True, slots=True)
class Next:
    """The next step of an alert, and the unit that has to take it."""

    verb: DecisionVerb
    unit: str
    signed: int = 0
    needed: int = 0


def next_of(alert: AlertFacts) -> Next | None:
    """Return the next step of an alert; None when the alert waits for nobody."""
    verbs = _open_verbs(alert)
    if not verbs:
        return None
    verb = verbs[0]
    if verb is DecisionVerb.APPROVE:
        return Next(verb, alert.approver_unit, len(alert.signers), alert.approvals_needed)
    return Next(verb, _nearest_centre(alert.place))


def verbs_for(viewer: Viewer, alert: AlertFacts) -> list[DecisionVerb]:
    """Return the allowed decisions, the expected decision first."""
    return [
        verb
        for verb in _open_verbs(alert)
        if _may_decide(viewer, alert, verb)
        and not (verb is DecisionVerb.APPROVE and viewer.officer_id in alert.signers)
    ]


def further_verbs(viewer: Viewer, alert: AlertFacts) -> list[DecisionVerb]:
    """Return further decisions of this officer, which need a reason or an object."""
    return [
        verb
        for verb in _FURTHER
        if verb in alert_life.VERBS[alert.state]
        and _has_object(alert, verb)
        and _may_decide(viewer, alert, verb)
    ]


def steps_for(
    viewer: Viewer,
    state: AssignmentState,
    unit: str,
    issuer_unit: str,
    release_unit: str | None = None,
    *,
    asked_step: bool = False,
) -> list[Step]:
    """Return the allowed steps on an assignment, answers to its unit first."""
    return [
        step
        for step in _STEPS
        if step in assignment_life.STEPS[state]
        and (asked_step or step is not Step.REFUSE)
        and is_entitled(
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
    """Return the acts of this officer on a whole command."""
    rights = {
        verb: is_entitled(viewer, lambda acting: may_manage(acting, issuer_unit))
        for verb in command_life.READY
    }
    rights["urge"] = is_entitled(viewer, lambda acting: may_urge(acting, viewer.root))
    return [
        verb
        for verb, states in command_life.READY.items()
        if rights[verb] and CommandState(state) in states
    ]


def _may_decide(viewer: Viewer, alert: AlertFacts, verb: DecisionVerb) -> bool:
    return is_entitled(viewer, lambda acting: may_decide(acting, alert.powers, verb))


def _open_verbs(alert: AlertFacts) -> tuple[DecisionVerb, ...]:
    """Return the decisions for which an alert waits; in force it waits for a signature only."""
    issued = alert.state is AlertState.ISSUED
    same_level = alert.proposed == alert.level
    if issued and same_level and not (alert.more_time or alert.other_words):
        return ()
    possible = alert_life.VERBS[alert.state]
    return tuple(
        verb
        for verb in _EXPECTED
        if verb in possible and not (issued and verb is DecisionVerb.ASSESS)
    )


def _has_object(alert: AlertFacts, verb: DecisionVerb) -> bool:
    """Return True when the object of a further decision exists."""
    match verb:
        case DecisionVerb.RATIFY | DecisionVerb.ANNUL:
            return alert.debtor_unit is not None
        case DecisionVerb.AUTHORISE_EMERGENCY:
            return alert.debtor_unit is None and _is_higher(alert.proposed, alert.level)
        case DecisionVerb.WORD:
            return alert.proposed is not None  # the end of an alert has no words of its own
        case DecisionVerb.LIFT:
            return alert.proposed is not None  # otherwise it is proposed already
        case DecisionVerb.ASSESS:
            return alert.state is AlertState.ISSUED  # before the issue it is the next step
        case _:
            return True


def _is_higher(proposed: str | None, level: str | None) -> bool:
    if proposed is None:
        return False
    return level is None or LEVEL_ORDER[Level(proposed)] > LEVEL_ORDER[Level(level)]


def _nearest_centre(place: str) -> str:
    """Return the nearest unit with a duty desk: the town or a unit above (docs/sources.md S30)."""
    centres = [unit for unit in lineage(place) if "/" not in unit]
    return next((unit for unit in centres if tier_of(unit) in ("town", "district")), centres[-1])
