"""Deliveries: claimed with a lease that is committed before the request, settled afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Literal

from services.notify.core.ladders import LIVE
from shared.contracts.fields import cleaned
from shared.contracts.pages import Channel, Page
from shared.runtime.database import Transaction
from shared.runtime.sql import names


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this process may try now. `attempt` counts from 1; `resend`: the outcome of
    an earlier attempt is unknown."""

    page: Page
    ladder_id: str
    attempt: int
    resend: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """How an attempt ended. `queued` is tried again at `next_at`."""

    page_id: str
    attempt: int
    state: Literal["queued", "sent", "failed", "cancelled"]
    next_at: datetime
    resend: bool
    error: str | None


async def recover(work: Transaction) -> Counter[str]:
    """Queue again, marked as a repeat, what is `sending` past its lease; how many by status.

    Whoever sent it died or lost the database: the message may have arrived or not.
    """
    rows = await work.connection.fetch(
        "UPDATE notify.delivery AS d SET resend = true, lease_until = NULL, next_at = now(), "  # noqa: S608
        "last_error = 'outcome unknown: the lease ran out', "
        f"state = CASE WHEN l.state NOT IN {names(LIVE)} THEN 'cancelled' ELSE 'queued' END "
        "FROM notify.ladder AS l WHERE l.ladder_id = d.ladder_id "
        "AND d.state = 'sending' AND d.lease_until < now() RETURNING d.status"
    )
    return Counter(row["status"] for row in rows)


async def claim(
    work: Transaction,
    channels: Sequence[Channel],
    *,
    limit: int,
    lease: timedelta,
    up_to: int | None = None,
) -> list[Claimed]:
    """Take up to `limit` due deliveries of these channels, the most urgent first (None = whatever
    their priority); nobody else gets them before the lease has run out."""
    rows = await work.connection.fetch(
        "WITH due AS (SELECT page_id FROM notify.delivery "
        "WHERE state = 'queued' AND channel = ANY($3::text[]) AND next_at <= now() "
        "AND ($4::int IS NULL OR priority <= $4) "
        "ORDER BY priority, next_at, page_id LIMIT $1 FOR UPDATE SKIP LOCKED) "
        "UPDATE notify.delivery AS d SET state = 'sending', attempts = attempts + 1, "
        "lease_until = now() + $2::interval FROM due, notify.page AS p "
        "WHERE d.page_id = due.page_id AND p.page_id = due.page_id "
        "RETURNING p.body, d.page_id, d.ladder_id, d.attempts, d.resend, d.priority, d.next_at",
        limit,
        lease,
        channels,
        up_to,
    )
    return [
        Claimed(
            Page.model_validate_json(row["body"]), row["ladder_id"], row["attempts"], row["resend"]
        )
        # What is returned comes in whatever order it was changed in.
        for row in sorted(rows, key=itemgetter("priority", "next_at", "page_id"))
    ]


async def settle(work: Transaction, outcomes: Sequence[Settled]) -> set[str]:
    """Write the outcomes; the page ids that were still ours (the lease had not been taken over)."""
    rows = await work.connection.fetch(
        "UPDATE notify.delivery AS d SET state = new.state, next_at = new.next_at, "
        "resend = new.resend, last_error = new.error, lease_until = NULL "
        "FROM unnest($1::text[], $2::int[], $3::text[], $4::timestamptz[], $5::boolean[], "
        "$6::text[]) AS new (page_id, attempt, state, next_at, resend, error) "
        "WHERE d.page_id = new.page_id AND d.attempts = new.attempt AND d.state = 'sending' "
        "RETURNING d.page_id",
        [outcome.page_id for outcome in outcomes],
        [outcome.attempt for outcome in outcomes],
        [outcome.state for outcome in outcomes],
        [outcome.next_at for outcome in outcomes],
        [outcome.resend for outcome in outcomes],
        [None if outcome.error is None else cleaned(outcome.error) for outcome in outcomes],
    )
    return {row["page_id"] for row in rows}
