"""The timer that each open subject needs: a rule per purpose, a statement per rule.

A rule applies to a subject while the subject is open. Then exactly one timer of the rule's kinds
must be armed; for all further subjects (signed, suspended, closed) none. A new purpose is a new
rule: the service, the kinds of timers, and the subjects to which the rule applies.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.contracts.alerts import AlertState
from shared.contracts.assignments import AssignmentState
from shared.contracts.lifecycles import alert, assignment, command, mode_proposal, report_duty
from shared.contracts.lifecycles.digest import DigestState
from shared.contracts.lifecycles.escalation import EscalationState
from shared.contracts.modes import ProposalState
from shared.contracts.reports import DutyState
from shared.runtime.sql import names

OPEN_COMMAND = names(command.OPEN)
"""States of a command whose assignments are in work."""
OPEN_OR_MERGED = names(alert.OPEN_OR_MERGED)
"""States of an alert that has not ended."""
SIGN_RUNS = names(assignment.SIGN_RUNS)
"""States of an assignment that has to be signed; `suspended` is not one of them."""
FINISH_RUNS = names(assignment.FINISH_RUNS)
"""States of an assignment that has to be reported."""
SUSPENDED = names({AssignmentState.SUSPENDED})
"""Neither the signature nor the report is due, but one timer must end the suspension."""
_ISSUED = names({AlertState.ISSUED})


@dataclass(frozen=True, slots=True)
class TimerRule:
    """A purpose of timers. `subjects` selects (subject_id, status) of the subjects with a timer.

    `timer_subject` is the SQL expression that extracts this id from the subject of a timer.
    """

    name: str
    service: str
    kinds: tuple[str, ...]
    subjects: str
    timer_subject: str = "subject_id"


def _assignments(states: str, condition: str = "true") -> str:
    return (
        "SELECT a.assignment_id AS subject_id, a.status FROM command.command AS c "  # noqa: S608
        "JOIN command.assignment AS a USING (command_id) "
        f"WHERE c.state IN {OPEN_COMMAND} AND a.state IN {states} AND {condition}"
    )


def _duties(states: Iterable[DutyState]) -> str:
    return (
        "SELECT obligation_id AS subject_id, status FROM command.report_obligation "  # noqa: S608
        f"WHERE state IN {names(states)}"
    )


def _escalations(state: EscalationState) -> str:
    return (
        "SELECT escalation_id AS subject_id, status FROM notify.escalation "  # noqa: S608
        f"WHERE state = '{state}' AND due_at IS NOT NULL"
    )


def _digests(condition: str) -> str:
    return (
        "SELECT digest_id AS subject_id, status "  # noqa: S608
        f"FROM notify.digest WHERE {condition}"
    )


def _proposals(states: str) -> str:
    return (
        "SELECT proposal_id AS subject_id, status FROM command.mode_proposal "  # noqa: S608
        f"WHERE state IN {states}"
    )


def _alerts(states: str, condition: str) -> str:
    return (
        "SELECT alert_id AS subject_id, status FROM alerting.alert "  # noqa: S608
        f"WHERE state IN {states} AND {condition}"
    )


TIMER_RULES = (
    TimerRule("validity", "alerting", ("validity",), _alerts(_ISSUED, "expires_at IS NOT NULL")),
    TimerRule(
        "emergency ratification",
        "alerting",
        ("ratification",),
        _alerts(_ISSUED, "pending_ratification IS NOT NULL"),
    ),
    TimerRule(
        "flapping",
        "alerting",
        ("flapping",),
        _alerts(OPEN_OR_MERGED, "flapping_until IS NOT NULL"),
    ),
    TimerRule(
        "silence",
        "alerting",
        ("silence",),
        "SELECT silence_id AS subject_id, status FROM alerting.silence WHERE ended_at IS NULL",
    ),
    TimerRule(
        "hold",
        "alerting",
        ("hold",),
        "SELECT alarm_id AS subject_id, status FROM alerting.alert_alarm "
        "WHERE waiting_event IS NOT NULL AND disposition = 'held'",
        "split_part(subject_id, '|', 3)",  # of "status|region|alarm id"
    ),
    TimerRule(
        "episode",
        "alerting",
        ("expiry",),
        "SELECT concat_ws('|', rule_id, status, region, scope) AS subject_id, status "
        "FROM alerting.episode WHERE expires_at IS NOT NULL",
    ),
    TimerRule("sign", "command", ("sign_escalate",), _assignments(SIGN_RUNS)),
    TimerRule(
        "finish",
        "command",
        ("finish_due_soon", "finish_overdue"),
        # A unit that has not signed is called for its signature alone.
        _assignments(FINISH_RUNS, f"NOT (a.finish_overdue AND a.state IN {SIGN_RUNS})"),
    ),
    TimerRule("suspension", "command", ("resume",), _assignments(SUSPENDED)),
    TimerRule("mode decision", "command", ("mode_expire",), _proposals(names(mode_proposal.OPEN))),
    TimerRule("mode end", "command", ("mode_end",), _proposals(names({ProposalState.DECIDED}))),
    TimerRule(
        "report by phone", "command", ("report_phone_escalate",), _duties(report_duty.PHONE_OWED)
    ),
    TimerRule(
        "report in writing",
        "command",
        ("report_written_escalate",),
        _duties(report_duty.WRITTEN_OWED),
    ),
    TimerRule(
        "follow-up report",
        "command",
        ("report_follow_up_escalate",),
        _duties(report_duty.FOLLOW_UP_OWED),
    ),
    TimerRule(
        "final report", "command", ("report_final_escalate",), _duties(report_duty.FINAL_OWED)
    ),
    TimerRule("ladder", "notify", ("answer",), _escalations(EscalationState.OPEN)),
    TimerRule("last call", "notify", ("last",), _escalations(EscalationState.EXHAUSTED)),
    TimerRule(
        "roster gap",
        "notify",
        ("gap",),
        "SELECT subject_id, status FROM notify.duty_gap WHERE due_at IS NOT NULL",
    ),
    TimerRule("promise", "notify", ("promise",), _escalations(EscalationState.ANSWERED)),
    TimerRule("digest", "notify", ("digest",), _digests(f"state = '{DigestState.GATHERING}'")),
    TimerRule("digest's answer", "notify", ("tell",), _digests("passing")),
)


def statement(rule: TimerRule) -> str:
    """Return the query for subjects with a wrong number of armed timers; $1 rows, $2 kinds.

    Two sets are joined once: the cost grows with open subjects and armed timers, not with history.
    """
    return (
        "SELECT coalesce(o.subject_id, t.subject_id) AS subject_id, "  # noqa: S608
        "coalesce(o.status, 'Actual') AS status, coalesce(t.armed, 0) AS armed, "
        "(o.subject_id IS NOT NULL)::integer AS expected "
        f"FROM ({rule.subjects}) AS o FULL JOIN (SELECT {rule.timer_subject} AS subject_id, "
        f"count(*) AS armed FROM {rule.service}.timer WHERE state = 'armed' "
        "AND kind = ANY($2::text[]) GROUP BY 1) AS t ON t.subject_id = o.subject_id "
        "WHERE coalesce(t.armed, 0) <> (o.subject_id IS NOT NULL)::integer "
        "ORDER BY 1 LIMIT $1"
    )
