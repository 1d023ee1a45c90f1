"""Retention: the deletion of calls that ended long ago, with pages, deliveries and snapshots."""

from __future__ import annotations

from datetime import timedelta

from services.notify.core.digests.states import FINAL, DigestState
from services.notify.core.escalation.states import EscalationState
from services.notify.core.subjects.snapshots import AssignmentPhase
from shared.contracts.pages import SubjectKind
from shared.runtime.retention import RetentionTask, delete_rows, insert_of_deleted_counts

_OLD_IDS = "ANY(ARRAY(SELECT escalation_id FROM old))"
_ENDS_ANSWERED = ", ".join(
    repr(str(subject_kind))
    for subject_kind in SubjectKind
    if subject_kind.is_digest or subject_kind in (SubjectKind.SUPERVISION, SubjectKind.CONTACT_TEST)
)
"""Subjects that no record settles: an answer, or the last call, is the end of their calls."""
_ENDED_DIGEST = ", ".join(
    repr(str(digest_state)) for digest_state in sorted({*FINAL, DigestState.LAPSED})
)


def delete_ended_escalations(keep: timedelta) -> RetentionTask:
    """Delete closed escalations, and those after which nothing follows.

    An escalation with a page that is still to be sent stays. The snapshot of an alert is deleted
    with its last escalation: while the alert is open, one of its escalations is not closed.
    """
    return RetentionTask(
        "ended_escalations",
        "WITH old AS (SELECT escalation_id, alert_id, assignment_id, duty_id "  # noqa: S608
        f"FROM notify.escalation AS e WHERE (state = '{EscalationState.CLOSED}' "
        f"OR (state IN ('{EscalationState.ANSWERED}', '{EscalationState.EXHAUSTED}') "
        "AND due_at IS NULL "
        f"AND subject_kind IN ({_ENDS_ANSWERED}))) AND changed_at < now() - $1::interval "
        "AND NOT EXISTS (SELECT FROM notify.page AS p "
        "LEFT JOIN notify.delivery AS d USING (page_id) "
        "LEFT JOIN notify.digest AS g USING (digest_id) WHERE p.escalation_id = e.escalation_id "
        "AND (d.state IN ('queued', 'sending') OR g.passing "
        f"OR g.state = '{DigestState.GATHERING}' OR g.state = '{DigestState.SENT}')) "
        "ORDER BY escalation_id LIMIT $2 FOR UPDATE), "
        "sent AS (DELETE FROM notify.delivery WHERE page_id = ANY(ARRAY("
        f"SELECT page_id FROM notify.page WHERE escalation_id = {_OLD_IDS}))), "
        f"pages AS (DELETE FROM notify.page WHERE escalation_id = {_OLD_IDS} RETURNING status), "
        "alerts AS (DELETE FROM notify.alert AS a WHERE alert_id IN (SELECT alert_id FROM old) "
        "AND NOT EXISTS (SELECT FROM notify.escalation AS k WHERE k.alert_id = a.alert_id "
        "AND k.escalation_id <> ALL(ARRAY(SELECT escalation_id FROM old)))), "
        "assignments AS (DELETE FROM notify.assignment WHERE assignment_id IN ("
        f"SELECT assignment_id FROM old) AND phase = {int(AssignmentPhase.ENDED)}), "
        "duties AS (DELETE FROM notify.report_duty WHERE duty_id IN (SELECT duty_id FROM old) "
        "AND dues = '{}'), "
        f"counted AS ({insert_of_deleted_counts('notify', {'page': 'pages'})}) "
        f"DELETE FROM notify.escalation WHERE escalation_id = {_OLD_IDS} RETURNING 1",
        keep,
        limit=1_000,
    )


def delete_ended_digests(keep: timedelta) -> RetentionTask:
    """Delete digests that are over and have no pages any more."""
    return RetentionTask(
        "ended_digests",
        "DELETE FROM notify.digest WHERE digest_id = ANY(ARRAY(SELECT digest_id "  # noqa: S608
        f"FROM notify.digest AS d WHERE state IN ({_ENDED_DIGEST}) AND NOT passing "
        "AND opened_at < now() - $1::interval AND NOT EXISTS ("
        "SELECT FROM notify.page AS p WHERE p.digest_id = d.digest_id) "
        "ORDER BY digest_id LIMIT $2 FOR UPDATE)) RETURNING 1",
        keep,
    )


def delete_snapshots(keep: timedelta) -> list[RetentionTask]:
    """Delete the snapshots of subjects that are over and have no escalation."""
    conditions = {
        "alert": ("alert_id", "true"),
        "assignment": ("assignment_id", f"phase = {int(AssignmentPhase.ENDED)}"),
        "report_duty": ("duty_id", "dues = '{}'"),
    }
    return [
        delete_rows(
            f"ended_{table}",
            f"notify.{table}",
            f"{condition} AND changed_at < now() - $1::interval AND NOT EXISTS (SELECT "
            f"FROM notify.escalation AS e WHERE e.{key} = {table}.{key} "
            f"AND e.state <> '{EscalationState.CLOSED}')",
            keep,
        )
        for table, (key, condition) in conditions.items()
    ]


def delete_ended_warnings(keep: timedelta) -> RetentionTask:
    """Delete what is remembered of warnings of other agencies that ended long ago."""
    return delete_rows(
        "ended_warnings", "notify.ended_warning", "ended_at < now() - $1::interval", keep
    )


def retention_tasks(keep_days: int) -> list[RetentionTask]:
    """Return all tasks; rows are kept for `keep_days` days after their end."""
    keep = timedelta(days=keep_days)
    return [
        delete_ended_escalations(keep),
        delete_ended_digests(keep),
        delete_ended_warnings(keep),
        *delete_snapshots(keep),
    ]
