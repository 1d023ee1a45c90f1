"""Deliveries: claimed under a lease, sent through a channel, settled in a unit of work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from services.notify.channels.http import LONGEST_S
from services.notify.channels.port import Outcome, Sender
from services.notify.core.escalation.states import EscalationState
from services.notify.core.pages.states import PageTrigger
from services.notify.core.roster.roster import Roster
from services.notify.core.wording import marks
from services.notify.core.working_set import WorkingSet
from services.notify.metrics import NotifyMetrics
from services.notify.store import deliveries
from services.notify.store.deliveries import ClaimedDelivery, DeliveryResult
from services.notify.unit_of_work import UnitOfWork
from shared.contracts.pages import Channel
from shared.runtime.database import Database, Transaction
from shared.runtime.errors import Transient

log = structlog.get_logger("fenghuo.notify")

BATCH = 10
"""The most deliveries claimed at once."""
_IDLE_S = 0.25
_LEASE = timedelta(seconds=2 * LONGEST_S + 4)
_MAX_ATTEMPTS = 8
_SETTLE_TRIES = 10
_MOST_ERROR = 200
_ENDED = frozenset({EscalationState.ANSWERED, EscalationState.CLOSED})

AttemptedDelivery = tuple[ClaimedDelivery, Outcome, str | None]
"""A delivery, the outcome of the attempt, and the reason unless it was delivered."""
MakeUnitOfWork = Callable[[Transaction], UnitOfWork]


def backoff_s(attempt: int) -> float:
    """Return the seconds before the next attempt: 1, 2, 4 ... at most 30."""
    return min(30.0, 2.0 ** (attempt - 1))


class DeliveryLoop:
    """Delivers the pages of one sender's channels; a slow carrier holds up no other channel.

    Several loops may run at once, in one process or in many. A loop with `up_to` takes only pages
    up to this priority: a loop is always free for urgent pages.
    """

    def __init__(
        self,
        database: Database,
        channels: Sequence[Channel],
        sender: Sender,
        unit_of_work: MakeUnitOfWork,
        roster: Roster,
        metrics: NotifyMetrics,
        lease: timedelta = _LEASE,
        up_to: int | None = None,
    ) -> None:
        self._database = database
        self._channels = channels
        self._sender = sender
        self._unit_of_work = unit_of_work
        self._roster = roster
        self._metrics = metrics
        self._lease = lease
        self._up_to = up_to

    async def run(self) -> None:
        """Background loop; survives outages of the database and of the carriers."""
        while True:
            try:
                if await self.deliver_batch() == 0:
                    await asyncio.sleep(_IDLE_S)
            except Transient as error:
                log.warning("delivery_retry", error=str(error))
                await asyncio.sleep(1)

    async def deliver_batch(self) -> int:
        """Attempt one batch of deliveries; return their number."""
        async with self._database.transaction() as transaction:
            expired = await deliveries.recover(transaction)
            claimed = await deliveries.claim(
                transaction, self._channels, limit=BATCH, lease=self._lease, up_to=self._up_to
            )
        if expired:
            for status, count in expired.items():
                self._metrics.leases.labels(status).inc(count)
            log.warning("lease_expired", count=expired.total())
        if claimed:
            attempted = await asyncio.gather(*(self._attempt(delivery) for delivery in claimed))
            await self._settle_with_retries(attempted)
        return len(claimed)

    async def _attempt(self, delivery: ClaimedDelivery) -> AttemptedDelivery:
        page = delivery.page
        error: str | None
        try:
            outcome, error = await self._sender.deliver(
                page,
                self._roster.address(page.officer_id, page.channel),
                resend=delivery.resend,
                language=self._roster.language(page.officer_id),
            )
        except Exception as bug:
            # A bug in one channel must not end the others. The page may have left or not.
            log.exception("channel_failed", page=page.page_id, channel=page.channel)
            outcome, error = Outcome.UNKNOWN, repr(bug)[:_MOST_ERROR]
        self._metrics.deliveries.labels(page.channel, outcome, page.status).inc()
        return delivery, outcome, error

    async def _settle_with_retries(self, attempted: list[AttemptedDelivery]) -> None:
        """Settle the attempts, and wait for the database if it is away.

        When it stays away, the leases run out and the pages are sent again.
        """
        for _ in range(_SETTLE_TRIES):
            try:
                async with self._database.transaction() as transaction:
                    await self._settle(transaction, attempted)
            except Transient as error:
                log.warning("settle_retry", error=str(error))
                await asyncio.sleep(1)
            except Exception as bug:
                await self._settle_apart(attempted, bug)
                return
            else:
                return

    async def _settle_apart(self, attempted: list[AttemptedDelivery], bug: Exception) -> None:
        """Settle each attempt alone; an attempt with an error fails and is not sent again."""
        if len(attempted) > 1:
            for attempt in attempted:
                await self._settle_with_retries([attempt])
            return
        delivery = attempted[0][0]
        page_id = delivery.page.page_id
        log.error("page_not_settled", page=page_id, exc_info=bug)
        async with self._database.transaction() as transaction:
            error = repr(bug)[:_MOST_ERROR]
            failed = DeliveryResult(
                page_id, delivery.attempt, "failed", transaction.now, delivery.resend, error
            )
            await deliveries.settle(transaction, [failed])

    async def _settle(self, transaction: Transaction, attempted: list[AttemptedDelivery]) -> None:
        unit = self._unit_of_work(transaction)
        # Lock escalations before deliveries, in the same order as handlers and timers.
        for delivery, _, _ in attempted:
            unit.need_escalation(delivery.escalation_id)
        await unit.load()
        results = [_result(unit.working_set, attempt) for attempt in attempted]
        settled = await deliveries.settle(transaction, results)
        for result, (delivery, outcome, error) in zip(results, attempted, strict=True):
            if result.page_id not in settled:
                continue
            page_row = unit.working_set.pages[result.page_id]
            if result.state == "sent":
                text = page_row.page.text
                unit.working_set.step_page(
                    page_row,
                    PageTrigger.SENT,
                    text=marks.resent(text) if delivery.resend else text,
                    resend=delivery.resend,
                )
            elif result.state == "failed":
                log.error("page_not_delivered", page=result.page_id, outcome=outcome, error=error)
                unit.engine.fail_page(page_row, error)
        await unit.save()


def _result(working_set: WorkingSet, attempt: AttemptedDelivery) -> DeliveryResult:
    """Return the result of an attempt: sent, failed for good, or queued again.

    The next attempt is marked as a repeat when this attempt may have reached the officer.
    """
    delivery, outcome, error = attempt
    page_id, number = delivery.page.page_id, delivery.attempt
    resend = delivery.resend or outcome is Outcome.UNKNOWN
    now = working_set.now
    if outcome is Outcome.DELIVERED:
        return DeliveryResult(page_id, number, "sent", now, delivery.resend, None)
    if outcome is Outcome.REFUSED or number >= _MAX_ATTEMPTS:
        return DeliveryResult(page_id, number, "failed", now, resend, error)
    ended = working_set.escalations[delivery.escalation_id].state in _ENDED
    next_at = now + timedelta(seconds=backoff_s(number))
    return DeliveryResult(
        page_id, number, "cancelled" if ended else "queued", next_at, resend, error
    )
