"""The timers of communication tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.notify.core.contact_tests.plans import TestedPost
from shared.runtime.database import Transaction

CONTACT_TEST = "contact_test"
"""The kind of the timer; its subject is a TestedPost as text."""


async def schedule(
    transaction: Transaction, due_times: Sequence[tuple[TestedPost, datetime]]
) -> None:
    """Arm the one timer of each post, unless it is armed for this time already or overdue."""
    if not due_times:
        return
    await transaction.connection.execute(
        "INSERT INTO notify.timer AS old (subject_id, kind, rung, due_at) "
        "SELECT tested, $1, 0, due_at "
        "FROM unnest($2::text[], $3::timestamptz[]) AS new(tested, due_at) "
        "ORDER BY tested ON CONFLICT (subject_id, kind, rung) DO UPDATE "
        "SET due_at = EXCLUDED.due_at, state = 'armed', fired_at = NULL, error = NULL "
        "WHERE old.state <> 'armed' OR (old.due_at > now() AND old.due_at <> EXCLUDED.due_at)",
        CONTACT_TEST,
        [str(tested) for tested, _ in due_times],
        [due_at for _, due_at in due_times],
    )
