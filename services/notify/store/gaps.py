"""The gaps of posts, and the timer of each post's next announcement."""

from __future__ import annotations

from collections.abc import Collection

from services.notify.core.subjects.snapshots import GapSnapshot
from services.notify.core.working_set import WorkingSet
from shared.contracts.duty import DutyCoverage
from shared.runtime.database import Transaction
from shared.runtime.outbound_records import encode
from shared.runtime.timers import arm, disarm

ANNOUNCEMENT = "gap"
"""The kind of the timer; its subject is the post."""


async def load(
    transaction: Transaction, subjects: Collection[str], working_set: WorkingSet
) -> None:
    """Lock the gaps of these posts and add them to the working set."""
    if not subjects:
        return
    rows = await transaction.connection.fetch(
        "SELECT subject_id, body, announced_at, times FROM notify.duty_gap "
        "WHERE subject_id = ANY($1::text[]) ORDER BY subject_id FOR UPDATE",
        list(subjects),
    )
    for row in rows:
        coverage = DutyCoverage.from_wire(row["body"])
        snapshot = GapSnapshot(row["subject_id"], coverage, row["announced_at"], row["times"])
        working_set.gaps[snapshot.subject_id] = snapshot


async def save(transaction: Transaction, working_set: WorkingSet) -> None:
    """Write the changed gaps, and arm the one timer of each post that has a gap to announce."""
    changed = list(working_set.changed_gaps.values())
    if not changed:
        return
    await transaction.connection.executemany(
        "INSERT INTO notify.duty_gap (subject_id, status, body, announced_at, times, due_at) "
        "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (subject_id) DO UPDATE SET "
        "body = EXCLUDED.body, announced_at = EXCLUDED.announced_at, times = EXCLUDED.times, "
        "due_at = EXCLUDED.due_at",
        [
            (
                snapshot.subject_id,
                snapshot.coverage.status,
                encode(snapshot.coverage).decode(),
                snapshot.announced_at,
                snapshot.times,
                snapshot.due_at(working_set.now),
            )
            for snapshot in changed
        ],
    )
    await disarm(transaction, [snapshot.subject_id for snapshot in changed])
    await arm(
        transaction,
        [
            (snapshot.subject_id, ANNOUNCEMENT, 0, due)
            for snapshot in changed
            if (due := snapshot.due_at(working_set.now)) is not None
        ],
        rearm=True,
    )
