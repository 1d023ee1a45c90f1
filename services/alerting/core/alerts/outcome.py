"""Outcomes of an event: the changed alert, or the reason why a decision was refused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.alerting.core.alerts.alert import Alert
from shared.contracts.alerts import AlertTransition, Callee


class RefusalReason(StrEnum):
    """Reasons why a decision was refused: a closed set for dead letters, metrics and tests."""

    OTHER_STATUS = "other_status"
    ILLEGAL_STEP = "illegal_step"
    NOT_ENTITLED = "not_entitled"
    OTHER_PROPOSAL = "other_proposal"
    OTHER_LEVEL = "other_level"
    NOTHING_PROPOSED = "nothing_proposed"
    ALREADY_SIGNED = "already_signed"
    NOT_VERIFIED = "not_verified"
    NO_REASON = "no_reason"
    NO_DEBT = "no_debt"
    BAD_PERIOD = "bad_period"
    OTHER_ALERT = "other_alert"
    OTHER_EVIDENCE = "other_evidence"
    OTHER_AREA = "other_area"


@dataclass(frozen=True, slots=True)
class DecisionRefusal:
    """A decision that changes nothing; `text` explains the reason to the officer."""

    reason: RefusalReason
    text: str


@dataclass(frozen=True, slots=True)
class AlertChange:
    """The alert after an event, one version higher, and the transition that is published.

    `calls` are the duty posts to be called about the change.
    """

    alert: Alert
    transition: AlertTransition
    calls: tuple[Callee, ...] = ()
