"""What is open needs which timer: one row per clock, and the one statement that checks them all.

A clock runs for a subject exactly as long as the subject is open. Then one timer of its kinds is armed,
neither none nor two; for everything else (signed, suspended, closed) none is. A new clock is one more
row here: its table of timers, the kinds of which one is armed, and the subjects for which it runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.contracts.alerts import AlertState
from shared.contracts.commands import AssignmentState
from shared.contracts.lifecycles import alert, assignment, command, mode_proposal, report_duty
from shared.contracts.lifecycles.digest import DigestState
from shared.contracts.lifecycles.escalation import EscalationState
from shared.contracts.modes import ProposalState
from shared.contracts.reports import DutyState
from shared.runtime.sql import names

OPEN_COMMAND = names(command.OPEN)
"""States of a command whose assignments are still worked on."""
OPEN_OR_MERGED = names(alert.OPEN_OR_MERGED)
"""States of an alert that are not the end of it."""
SIGN_RUNS = names(assignment.SIGN_RUNS)
"""States of an assignment in which its signature is waited for. Suspended ones are not among them."""
FINISH_RUNS = names(assignment.FINISH_RUNS)
"""States of an assignment in which its report is waited for."""
SUSPENDED = names({AssignmentState.SUSPENDED})
"""Neither clock runs, but one timer ends it: a suspension must not be forgotten."""
_ISSUED = names({AlertState.ISSUED})


@dataclass(frozen=True, slots=True)
class Clock:
    """`running` yields (subject_id, status) of the subjects for which one of `kinds` must be armed.

    `subject`: how that id lies in the subject of a timer.
    """

    name: str
    service: str
    kinds: tuple[str, ...]
    running: str
    subject: str = "subject_id"


def _assignments(states: str, condition: str = "true") -> str:
    return (
        "SELECT a.assignment_id AS subject_id, a.status FROM command.command AS c "  # noqa: S608
        "JOIN command.assignment AS a USING (command_id) "
        f"WHERE c.state IN {OPEN_COMMAND} AND a.state IN {states} AND {condition}"
    )


def _duties(states: Iterable[DutyState]) -> str:
    return (
        "SELECT duty_id AS subject_id, status FROM command.report_duty "  # noqa: S608
        f"WHERE state IN {names(states)}"
    )


def _escalations(state: EscalationState) -> str:
    return (
        "SELECT escalation_id AS subject_id, status FROM notify.escalation "  # noqa: S608
        f"WHERE state = '{state}' AND due_at IS NOT NULL"
    )


def _digests(condition: str) -> str:
    return f"SELECT digest_id AS subject_id, status FROM notify.digest WHERE {condition}"  # noqa: S608


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


CLOCKS = (
    Clock("validity", "alerting", ("validity",), _alerts(_ISSUED, "expires_at IS NOT NULL")),
    Clock("emergency debt", "alerting", ("debt",), _alerts(_ISSUED, "debt IS NOT NULL")),
    Clock("flapping", "alerting", ("flap",), _alerts(OPEN_OR_MERGED, "flap_until IS NOT NULL")),
    Clock(
        "silence",
        "alerting",
        ("silence",),
        "SELECT 'silence:' || silence_id AS subject_id, status FROM alerting.silence "
        "WHERE ended_at IS NULL",
    ),
    Clock(
        "hold",
        "alerting",
        ("hold",),
        "SELECT alarm_id AS subject_id, status FROM alerting.alert_alarm "
        "WHERE held IS NOT NULL AND disposition = 'held'",
        "split_part(subject_id, '|', 3)",  # of "hold:status|region|alarm"
    ),
    Clock(
        "episode",
        "alerting",
        ("expiry",),
        "SELECT concat_ws('|', rule_id, status, region, scope) AS subject_id, status "
        "FROM alerting.episode WHERE expires_at IS NOT NULL",
    ),
    Clock("sign", "command", ("sign_escalate",), _assignments(SIGN_RUNS)),
    Clock(
        "finish",
        "command",
        ("finish_due_soon", "finish_overdue"),
        # Who has not even signed is called for that alone.
        _assignments(FINISH_RUNS, f"NOT (a.finish_overdue AND a.state IN {SIGN_RUNS})"),
    ),
    Clock("suspension", "command", ("resume",), _assignments(SUSPENDED)),
    Clock("mode decision", "command", ("mode_expire",), _proposals(names(mode_proposal.OPEN))),
    Clock("mode end", "command", ("mode_end",), _proposals(names({ProposalState.DECIDED}))),
    Clock(
        "report by phone", "command", ("report_phone_escalate",), _duties(report_duty.PHONE_OWED)
    ),
    Clock(
        "report in writing",
        "command",
        ("report_written_escalate",),
        _duties(report_duty.WRITTEN_OWED),
    ),
    Clock(
        "follow-up report",
        "command",
        ("report_follow_up_escalate",),
        _duties(report_duty.FOLLOW_UP_OWED),
    ),
    Clock("final report", "command", ("report_final_escalate",), _duties(report_duty.FINAL_OWED)),
    Clock("ladder", "notify", ("answer",), _escalations(EscalationState.OPEN)),
    Clock("last call", "notify", ("last",), _escalations(EscalationState.EXHAUSTED)),
    Clock(
        "roster gap",
        "notify",
        ("gap",),
        "SELECT subject_id, status FROM notify.duty_gap WHERE due_at IS NOT NULL",
    ),
    Clock("promise", "notify", ("promise",), _escalations(EscalationState.ANSWERED)),
    Clock("digest", "notify", ("digest",), _digests(f"state = '{DigestState.GATHERING}'")),
    Clock("digest's answer", "notify", ("tell",), _digests("passing")),
)


def statement(clock: Clock) -> str:
    """Subjects with another number of armed timers than they should have; $1 rows, $2 kinds.

    Two sets, joined once: it costs what is open and what is armed, not what has ever been.
    """
    return (
        "SELECT coalesce(o.subject_id, t.subject_id) AS subject_id, "  # noqa: S608
        "coalesce(o.status, 'Actual') AS status, coalesce(t.armed, 0) AS armed, "
        "(o.subject_id IS NOT NULL)::integer AS wanted "
        f"FROM ({clock.running}) AS o FULL JOIN (SELECT {clock.subject} AS subject_id, "
        f"count(*) AS armed FROM {clock.service}.timer WHERE state = 'armed' "
        "AND kind = ANY($2::text[]) GROUP BY 1) AS t ON t.subject_id = o.subject_id "
        "WHERE coalesce(t.armed, 0) <> (o.subject_id IS NOT NULL)::integer "
        "ORDER BY 1 LIMIT $1"
    )
