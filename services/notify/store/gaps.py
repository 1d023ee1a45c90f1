"""What stands empty at which post, and the timer of when to tell it."""

from __future__ import annotations

from collections.abc import Collection

from services.notify.core.book import Book
from services.notify.core.roster_calls import GapMemory
from shared.contracts.duty import DutyCoverage
from shared.runtime.database import Transaction
from shared.runtime.outbound_records import encode
from shared.runtime.timers import arm, disarm

KIND = "gap"
"""Of the timers; their subject is the post's."""


async def load(work: Transaction, subjects: Collection[str], book: Book) -> None:
    """Remember these posts; their rows stay locked."""
    if not subjects:
        return
    rows = await work.connection.fetch(
        "SELECT subject_id, body, told_at, times FROM notify.duty_gap "
        "WHERE subject_id = ANY($1::text[]) ORDER BY subject_id FOR UPDATE",
        list(subjects),
    )
    for row in rows:
        coverage = DutyCoverage.model_validate_json(row["body"])
        memory = GapMemory(row["subject_id"], coverage, row["told_at"], row["times"])
        book.gaps[memory.subject_id] = memory


async def save(work: Transaction, book: Book) -> None:
    """Write what has changed and arm the one timer of each post that has a gap to be told."""
    changed = list(book.changed_gaps.values())
    if not changed:
        return
    await work.connection.executemany(
        "INSERT INTO notify.duty_gap (subject_id, status, body, told_at, times, due_at) "
        "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (subject_id) DO UPDATE SET "
        "body = EXCLUDED.body, told_at = EXCLUDED.told_at, times = EXCLUDED.times, "
        "due_at = EXCLUDED.due_at",
        [
            (
                gap_memory.subject_id,
                gap_memory.coverage.status,
                encode(gap_memory.coverage).decode(),
                gap_memory.told_at,
                gap_memory.times,
                gap_memory.due_at(book.now),
            )
            for gap_memory in changed
        ],
    )
    await disarm(work, [gap_memory.subject_id for gap_memory in changed])
    await arm(
        work,
        [
            (gap_memory.subject_id, KIND, 0, due)
            for gap_memory in changed
            if (due := gap_memory.due_at(book.now)) is not None
        ],
        rearm=True,
    )
