"""The warnings of other agencies that a message has cancelled or replaced."""

from __future__ import annotations

from collections.abc import Collection

from services.notify.core.subjects.snapshots import EndedWarning
from services.notify.core.working_set import WorkingSet
from shared.contracts.fields import Status
from shared.runtime.database import Transaction


async def load(
    transaction: Transaction, warning_ids: Collection[str], working_set: WorkingSet
) -> None:
    """Add those of these warnings that have ended to the working set."""
    if not warning_ids:
        return
    rows = await transaction.connection.fetch(
        "SELECT warning_id, source_id, status FROM notify.ended_warning "
        "WHERE warning_id = ANY($1::text[])",
        list(warning_ids),
    )
    working_set.ended_warnings |= {
        EndedWarning(row["warning_id"], row["source_id"], Status(row["status"])) for row in rows
    }


async def save(transaction: Transaction, working_set: WorkingSet) -> None:
    """Write the warnings that have ended now; one that is known stays as it is."""
    ended = sorted(working_set.new_ended_warnings)
    if ended:
        await transaction.connection.executemany(
            "INSERT INTO notify.ended_warning (warning_id, source_id, status) "
            "VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            ended,
        )
