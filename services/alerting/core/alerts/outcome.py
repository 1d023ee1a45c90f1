"""What comes of an event: the alert after it, or the reason why nothing has changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.alerting.core.alerts.alert import Alert
from shared.contracts.alerts import AlertTransition, Callee


class RefusalReason(StrEnum):
    """Why a decision was refused; a closed set, used by dead letters, metrics and tests alike."""

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


@dataclass(frozen=True, slots=True)
class Refusal:
    """A decision that changes nothing; `text` tells its officer why."""

    reason: RefusalReason
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """The alert after an event, and what to call what happened. The version is one higher."""

    alert: Alert
    transition: AlertTransition
    calls: tuple[Callee, ...] = ()
