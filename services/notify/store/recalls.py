"""The lock between a recall and the calls because of the recalled alert.

A transaction with calls because of an alert holds the alert's lock shared; a recall holds the lock
alone. The recall sees every earlier call, and every later call sees the recall.
"""

from __future__ import annotations

from collections.abc import Collection

from services.notify.core.working_set import WorkingSet
from shared.contracts.fields import Post
from shared.runtime.database import Transaction

_LOCK = (
    "SELECT CASE WHEN alone THEN pg_advisory_xact_lock(hashtextextended(alert_id, 6)) "
    "ELSE pg_advisory_xact_lock_shared(hashtextextended(alert_id, 6)) END "
    "FROM unnest($1::text[], $2::boolean[]) AS named (alert_id, alone)"
)


async def lock(
    transaction: Transaction, causes: Collection[str], recalled: Collection[str]
) -> None:
    """Lock the alerts, before anything else, in the order of their ids."""
    alert_ids = sorted({*causes, *recalled})
    if alert_ids:
        alone = [alert_id in recalled for alert_id in alert_ids]
        await transaction.connection.execute(_LOCK, alert_ids, alone)


async def load_paged_officers(
    transaction: Transaction, recalled: Collection[str], working_set: WorkingSet
) -> None:
    """Add all officers who were paged because of these alerts; call after locking escalations."""
    if not recalled:
        return
    rows = await transaction.connection.fetch(
        "SELECT DISTINCT e.alert_id, p.unit, p.post, p.officer_id FROM notify.escalation AS e "
        "JOIN notify.page AS p USING (escalation_id) WHERE e.alert_id = ANY($1::text[])",
        list(recalled),
    )
    for row in rows:
        holder = (row["unit"], Post(row["post"]), row["officer_id"])
        working_set.paged_officers.setdefault(row["alert_id"], set()).add(holder)
