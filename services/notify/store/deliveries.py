"""Deliveries: claimed with a lease that is committed before the request, settled afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Literal, NamedTuple

from services.notify.core.escalation.states import LIVE
from services.notify.core.pages.states import FINAL
from shared.contracts.fields import cleaned
from shared.contracts.pages import Channel, Page, PageState
from shared.runtime.database import Transaction
from shared.runtime.sql import names

_ENDED_PAGES = names({*FINAL, PageState.WITHDRAWN})


class Room(NamedTuple):
    """The number of deliveries that a channel may claim now.

    `urgent` deliveries in all, of which at most the first `ordinary` are not urgent.
    """

    ordinary: int
    urgent: int


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery that this process may attempt now.

    `attempt` counts from 1. `resend`: the outcome of an earlier attempt is unknown, or the database
    was restored and does not know earlier attempts.
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
    transaction: Transaction, room: Mapping[Channel, Room], *, lease: timedelta, urgent: int
) -> list[ClaimedDelivery]:
    """Claim due deliveries for the room of each channel, the most urgent first.

    `urgent` is the last priority of an urgent delivery. No other process gets the deliveries before
    the lease has run out.
    """
    rows = await transaction.connection.fetch(
        "WITH due AS (SELECT page_id FROM (SELECT d.page_id, d.priority, room.ordinary, "
        "row_number() OVER (PARTITION BY room.channel ORDER BY d.priority, d.next_at, d.page_id) "
        "AS place FROM unnest($1::text[], $2::int[], $3::int[]) AS room (channel, ordinary, urgent)"
        " CROSS JOIN LATERAL (SELECT page_id, priority, next_at FROM notify.delivery "
        "WHERE state = 'queued' AND channel = room.channel AND next_at <= now() "
        "ORDER BY priority, next_at, page_id LIMIT room.urgent FOR UPDATE SKIP LOCKED) AS d"
        ") AS placed WHERE place <= ordinary OR priority <= $5) "
        "UPDATE notify.delivery AS d SET state = 'sending', attempts = attempts + 1, "
        "resend = d.resend OR EXISTS (SELECT FROM notify.restore WHERE until > now()), "
        "lease_until = now() + $4::interval FROM due, notify.page AS p "
        "WHERE d.page_id = due.page_id AND p.page_id = due.page_id "
        "RETURNING p.body, d.page_id, d.escalation_id, d.attempts, d.resend, d.priority, d.next_at",
        list(room),
        [places.ordinary for places in room.values()],
        [places.urgent for places in room.values()],
        lease,
        urgent,
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


async def seconds_to_next(transaction: Transaction, channels: Sequence[Channel]) -> float | None:
    """Return the seconds until a queued delivery of these channels becomes due; None = none."""
    seconds = await transaction.connection.fetchval(
        "SELECT extract(epoch FROM min(next_at) - now()) FROM notify.delivery "
        "WHERE state = 'queued' AND channel = ANY($1::text[]) AND next_at > now()",
        channels,
    )
    return None if seconds is None else float(seconds)


async def check(
    transaction: Transaction, claimed: Sequence[ClaimedDelivery], *, longest: timedelta
) -> dict[str, Page]:
    """Return by id the pages of these deliveries that may be sent now, as they are now.

    No page may be sent whose lease is lost or ends within `longest`. A delivery that is out of date
    is cancelled: nobody is called any more about the subject, the officer has answered, or a newer
    call to the same officer on the same channel takes its place.
    """
    rows = await transaction.connection.fetch(
        "SELECT d.page_id, p.body, d.lease_until >= now() + $3::interval AS leased, "  # noqa: S608
        f"e.state NOT IN {names(LIVE)} OR p.state IN {_ENDED_PAGES} OR EXISTS ("
        "SELECT FROM notify.page AS p2 JOIN notify.delivery AS d2 USING (page_id) "
        "WHERE p2.escalation_id = p.escalation_id AND p2.officer_id = p.officer_id "
        "AND p2.channel = p.channel AND p2.round > p.round "
        "AND (d2.attempts > 0 OR d2.next_at <= now())) AS outdated "
        "FROM unnest($1::text[], $2::int[]) AS claimed (page_id, attempt) "
        "JOIN notify.delivery AS d ON d.page_id = claimed.page_id "
        "AND d.attempts = claimed.attempt AND d.state = 'sending' "
        "JOIN notify.page AS p ON p.page_id = d.page_id "
        "JOIN notify.escalation AS e ON e.escalation_id = d.escalation_id",
        [delivery.page.page_id for delivery in claimed],
        [delivery.attempt for delivery in claimed],
        longest,
    )
    if outdated := [row["page_id"] for row in rows if row["outdated"]]:
        await transaction.connection.execute(
            "UPDATE notify.delivery SET state = 'cancelled', lease_until = NULL "
            "WHERE state = 'sending' AND page_id = ANY($1::text[])",
            outdated,
        )
    return {
        row["page_id"]: Page.model_validate_json(row["body"])
        for row in rows
        if row["leased"] and not row["outdated"]
    }


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
