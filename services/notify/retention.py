"""What notify forgets: calls that ended long ago, with their pages, deliveries and what was heard of the cause."""

from __future__ import annotations

from datetime import timedelta

from services.notify.core.book import Phase
from services.notify.core.digests.states import FINAL, DigestState
from services.notify.core.ladders import LadderState
from shared.contracts.pages import SubjectKind
from shared.runtime.retention import RetentionTask, insert_of_deleted_counts

_LADDERS = "ANY(ARRAY(SELECT ladder_id FROM old))"
_ENDS_ANSWERED = ", ".join(
    repr(str(subject_kind))
    for subject_kind in (SubjectKind.SUPERVISION, SubjectKind.CONTACT_TEST, SubjectKind.DIGEST)
)
"""Of what nobody settles: an answer is the end of the calls."""
_DIGEST_OVER = ", ".join(
    repr(str(digest_state)) for digest_state in sorted({*FINAL, DigestState.LAPSED})
)


def forget_ladders(keep: timedelta) -> RetentionTask:
    """Ladders that are closed, or answered where nothing more follows; none with a page on its way.

    The alert is forgotten with its last ladder: while it is open one of them is not closed.
    """
    return RetentionTask(
        "ended_ladders",
        "WITH old AS (SELECT ladder_id, alert_id, assignment_id, duty_id "  # noqa: S608
        f"FROM notify.ladder AS l WHERE (state = '{LadderState.CLOSED}' "
        f"OR (state = '{LadderState.ANSWERED}' AND due_at IS NULL "
        f"AND subject_kind IN ({_ENDS_ANSWERED}))) AND changed_at < now() - $1::interval "
        "AND NOT EXISTS (SELECT FROM notify.page AS p LEFT JOIN notify.delivery AS d USING (page_id) "
        "LEFT JOIN notify.digest AS g USING (digest_id) WHERE p.ladder_id = l.ladder_id "
        f"AND (d.state IN ('queued', 'sending') OR g.passing OR g.state = '{DigestState.GATHERING}' "
        f"OR g.state = '{DigestState.SENT}')) ORDER BY ladder_id LIMIT $2 FOR UPDATE), "
        "sent AS (DELETE FROM notify.delivery WHERE page_id = ANY(ARRAY("
        f"SELECT page_id FROM notify.page WHERE ladder_id = {_LADDERS}))), "
        f"pages AS (DELETE FROM notify.page WHERE ladder_id = {_LADDERS} RETURNING status), "
        "alerts AS (DELETE FROM notify.alert AS a WHERE alert_id IN (SELECT alert_id FROM old) "
        "AND NOT EXISTS (SELECT FROM notify.ladder AS k WHERE k.alert_id = a.alert_id "
        f"AND k.ladder_id <> ALL(ARRAY(SELECT ladder_id FROM old)))), "
        "assignments AS (DELETE FROM notify.assignment WHERE assignment_id IN ("
        f"SELECT assignment_id FROM old) AND phase = {int(Phase.OVER)}), "
        "duties AS (DELETE FROM notify.report_duty WHERE duty_id IN (SELECT duty_id FROM old) "
        "AND dues = '{}'), "
        f"counted AS ({insert_of_deleted_counts('notify', {'page': 'pages'})}) "
        f"DELETE FROM notify.ladder WHERE ladder_id = {_LADDERS} RETURNING 1",
        keep,
        limit=1_000,
    )


def forget_digests(keep: timedelta) -> RetentionTask:
    """Digests that are over and of whose contents nothing is left."""
    return RetentionTask(
        "ended_digests",
        "DELETE FROM notify.digest WHERE digest_id = ANY(ARRAY(SELECT digest_id "  # noqa: S608
        f"FROM notify.digest AS d WHERE state IN ({_DIGEST_OVER}) AND NOT passing "
        "AND opened_at < now() - $1::interval AND NOT EXISTS ("
        "SELECT FROM notify.page AS p WHERE p.digest_id = d.digest_id) "
        "ORDER BY digest_id LIMIT $2 FOR UPDATE)) RETURNING 1",
        keep,
    )
