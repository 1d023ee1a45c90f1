"""The words of an alert: written by an officer, signed with the level, in force with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.alerting.core.alerts.alert import Alert
from services.alerting.core.alerts.authority import may_judge
from services.alerting.core.alerts.outcome import AlertChange, DecisionRefusal, RefusalReason
from services.alerting.core.alerts.states import AlertTrigger, IllegalStep, step
from shared.contracts.alerts import AlertDecision, AlertTransition
from shared.contracts.units import is_within
from shared.contracts.wordings import AlertWording
from shared.domain.alert_validity import LONGEST


def write_words(
    alert: Alert, decision: AlertDecision, acted_at: datetime
) -> AlertChange | DecisionRefusal:
    """Return the proposal with other words; its signatures become void.

    Any unit above the place writes them; after a first signature only the unit that signs.
    """
    try:
        state = step(alert.state, AlertTrigger.WORD)
    except IllegalStep as error:
        return DecisionRefusal(RefusalReason.ILLEGAL_STEP, str(error))
    wording = decision.wording
    if wording is None:
        return DecisionRefusal(RefusalReason.NOTHING_PROPOSED, "the decision has no words")
    signs = decision.origin_unit == alert.requirement.unit
    if not signs and (alert.signatures or not may_judge(decision.origin_unit, alert.place)):
        return DecisionRefusal(
            RefusalReason.NOT_ENTITLED,
            f"the words are for unit {alert.requirement.unit} to change now",
        )
    if (refusal := refuse_words(alert, wording, acted_at)) is not None:
        return refusal
    if wording == (alert.wording or alert.issued_wording):
        return DecisionRefusal(RefusalReason.NOTHING_PROPOSED, "these are the words already")
    updated = replace(
        alert,
        version=alert.version + 1,
        state=state,
        wording=wording,
        round=alert.round + 1,
        signatures=(),
    )
    return AlertChange(updated, AlertTransition.WORDED)


def refuse_words(alert: Alert, wording: AlertWording, acted_at: datetime) -> DecisionRefusal | None:
    """Refuse words about another level, another area or a period that is not allowed."""
    if wording.level is not alert.proposed_level:
        return DecisionRefusal(
            RefusalReason.OTHER_PROPOSAL,
            f"proposed is {alert.proposed_level or 'lifting'}, the words are about {wording.level}",
        )
    unit = alert.requirement.unit
    outside = [area for area in wording.areas if not is_within(area, unit)]
    if outside:
        return DecisionRefusal(
            RefusalReason.OTHER_AREA, f"{', '.join(outside)} does not lie below {unit}"
        )
    until = wording.valid_until
    if until is not None and not acted_at < until <= acted_at + LONGEST:
        return DecisionRefusal(
            RefusalReason.BAD_PERIOD, f"it may hold at most {LONGEST.days} days from now"
        )
    return None


def signed_words(
    alert: Alert, decision: AlertDecision, acted_at: datetime
) -> AlertWording | DecisionRefusal | None:
    """Return the words that the officer signs, or the refusal; None: a level without words.

    The first signature brings the words that the officer has seen, unless words are written
    already; every further one has to be under the same words.
    """
    present, signed = alert.wording, decision.wording
    if alert.proposed_level is None:
        return alert.issued_wording
    if present is not None or alert.signatures:
        if signed == present:
            return present
        return DecisionRefusal(
            RefusalReason.OTHER_PROPOSAL, "the words of the proposal are others than those signed"
        )
    if signed is not None and (refusal := refuse_words(alert, signed, acted_at)) is not None:
        return refusal
    return signed
