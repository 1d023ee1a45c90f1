"""Stored offsets, inboxes and outboxes of the services, and the console's table of actions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.audit.core.conservation.audited_record import Partition
from services.audit.store.service_tables.statements import SERVICES
from shared.runtime.database import Transaction


async def load_stored_offsets(transaction: Transaction) -> dict[tuple[str, Partition], int]:
    """Return the stored offset of every service with an inbox, by service and partition."""
    union = " UNION ALL ".join(
        f"SELECT '{service}' AS service, topic, part, next_offset "  # noqa: S608
        f"FROM {service}.consumer_offset"
        for service in SERVICES
    )
    rows = await transaction.connection.fetch(union)
    return {(row["service"], (row["topic"], row["part"])): row["next_offset"] for row in rows}


async def load_oldest_outbox_rows(transaction: Transaction) -> dict[str, datetime]:
    """Return the creation time of the oldest outbox row of each service that is still to leave."""
    union = " UNION ALL ".join(
        f"SELECT '{service}' AS service, min(created_at) AS oldest_at "  # noqa: S608
        f"FROM {service}.outbox WHERE quarantined_at IS NULL"
        for service in SERVICES
    )
    rows = await transaction.connection.fetch(union)
    return {row["service"]: row["oldest_at"] for row in rows if row["oldest_at"] is not None}


async def load_inbox(
    transaction: Transaction, service: str, event_ids: Sequence[str]
) -> dict[str, dict[str, bytes]]:
    """Return the body hashes in a service's inbox by topic and id."""
    rows = await transaction.connection.fetch(
        f"SELECT topic, event_id, body_hash FROM {service}.inbox "  # noqa: S608
        "WHERE event_id = ANY($1::text[])",
        list(event_ids),
    )
    hashes: dict[str, dict[str, bytes]] = {}
    for row in rows:
        hashes.setdefault(row["topic"], {})[row["event_id"]] = row["body_hash"]
    return hashes


async def load_actions(transaction: Transaction, event_ids: Sequence[str]) -> dict[str, bytes]:
    """Return the value hashes of people's actions by id, as the console first recorded them."""
    rows = await transaction.connection.fetch(
        "SELECT id, sha256(value) AS value_hash FROM console.action WHERE id = ANY($1::text[])",
        list(event_ids),
    )
    return {row["id"]: row["value_hash"] for row in rows}
