"""Deliveries: claimed with a lease that is committed before the request, settled afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Literal

from services.notify.core.escalation.states import LIVE
from shared.contracts.fields import cleaned
from shared.contracts.pages import Channel, Page
from shared.runtime.database import Transaction
from shared.runtime.sql import names


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery that this process may attempt now.

    `attempt` counts from 1. `resend`: the outcome of an earlier attempt is unknown.
    """

    page: Page
    escalation_id: str
    attempt: int
    resend: bool


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """The result of an attempt. A `queued` delivery is attempted again at `next_at`."""

    page_id: str
    attempt: int
    state: Literal["queued", "sent", "failed", "cancelled"]
    next_at: datetime
    resend: bool
    error: str | None


async def recover(transaction: Transaction) -> Counter[str]:
    """Queue deliveries whose lease has run out again; return their number by status.

    Their sender has crashed or lost the database. The message may have arrived or not, so the next
    attempt is marked as a repeat.
    """
    rows = await transaction.connection.fetch(
        "UPDATE notify.delivery AS d SET resend = true, "  # noqa: S608
        "lease_until = NULL, next_at = now(), "
        "last_error = 'outcome unknown: the lease ran out', "
        f"state = CASE WHEN e.state NOT IN {names(LIVE)} THEN 'cancelled' ELSE 'queued' END "
        "FROM notify.escalation AS e WHERE e.escalation_id = d.escalation_id "
        "AND d.state = 'sending' AND d.lease_until < now() RETURNING d.status"
    )
    return Counter(row["status"] for row in rows)


async def claim(
    transaction: Transaction,
    channels: Sequence[Channel],
    *,
    limit: int,
    lease: timedelta,
    up_to: int | None = None,
) -> list[ClaimedDelivery]:
    """Claim up to `limit` due deliveries of these channels, the most urgent first.

    `up_to` is the last priority to be claimed, None = any. No other process gets the deliveries
    before the lease has run out.
    """
    rows = await transaction.connection.fetch(
        "WITH due AS (SELECT page_id FROM notify.delivery "
        "WHERE state = 'queued' AND channel = ANY($3::text[]) AND next_at <= now() "
        "AND ($4::int IS NULL OR priority <= $4) "
        "ORDER BY priority, next_at, page_id LIMIT $1 FOR UPDATE SKIP LOCKED) "
        "UPDATE notify.delivery AS d SET state = 'sending', attempts = attempts + 1, "
        "lease_until = now() + $2::interval FROM due, notify.page AS p "
        "WHERE d.page_id = due.page_id AND p.page_id = due.page_id "
        "RETURNING p.body, d.page_id, d.escalation_id, d.attempts, d.resend, d.priority, d.next_at",
        limit,
        lease,
        channels,
        up_to,
    )
    return [
        ClaimedDelivery(
            Page.from_wire(row["body"]),
            row["escalation_id"],
            row["attempts"],
            row["resend"],
        )
        # RETURNING does not keep the order of the claim.
        for row in sorted(rows, key=itemgetter("priority", "next_at", "page_id"))
    ]


async def settle(transaction: Transaction, results: Sequence[DeliveryResult]) -> set[str]:
    """Write the results; return the pages whose lease no other process had taken over."""
    rows = await transaction.connection.fetch(
        "UPDATE notify.delivery AS d SET state = new.state, next_at = new.next_at, "
        "resend = new.resend, last_error = new.error, lease_until = NULL "
        "FROM unnest($1::text[], $2::int[], $3::text[], $4::timestamptz[], $5::boolean[], "
        "$6::text[]) AS new (page_id, attempt, state, next_at, resend, error) "
        "WHERE d.page_id = new.page_id AND d.attempts = new.attempt AND d.state = 'sending' "
        "RETURNING d.page_id",
        [result.page_id for result in results],
        [result.attempt for result in results],
        [result.state for result in results],
        [result.next_at for result in results],
        [result.resend for result in results],
        [None if result.error is None else cleaned(result.error) for result in results],
    )
    return {row["page_id"] for row in rows}
