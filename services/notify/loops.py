"""Background work: deliveries through all channels, each under a lease, and the gauges of living ladders."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog

from services.notify.channels.http import LONGEST_S
from services.notify.channels.port import Outcome, Sender
from services.notify.consumer import NotifyConsumer
from services.notify.core import marks
from services.notify.core.book import Book
from services.notify.core.ladders import LadderState
from services.notify.core.states import PageStep
from services.notify.metrics import NotifyMetrics
from services.notify.store import deliveries, ladders
from services.notify.store.deliveries import Claimed, Settled
from shared.contracts.fields import Status
from shared.contracts.pages import Channel
from shared.runtime.database import Database, Transaction
from shared.runtime.errors import Transient

log = structlog.get_logger("fenghuo.notify")

_BATCH = 10
_IDLE_S = 0.25
_LEASE = timedelta(seconds=2 * LONGEST_S + 4)
_MAX_ATTEMPTS = 8
_GAUGES_S = 2.0
_SETTLE_TRIES = 10
_MOST_ERROR = 200
_OVER = frozenset({LadderState.ANSWERED, LadderState.CLOSED})

Result = tuple[Claimed, Outcome, str | None]


def backoff_s(attempt: int) -> float:
    """Seconds before the next attempt: 1, 2, 4 ... at most 30."""
    return min(30.0, 2.0 ** (attempt - 1))


class DeliveryLoop:
    """Claim, send, settle, for one sender's channels, so that a slow carrier holds up no other.

    Several may run at once, in one process or in many; one that takes only what is `up_to` a priority
    keeps the way free for it.
    """

    def __init__(
        self,
        database: Database,
        channels: Sequence[Channel],
        sender: Sender,
        consumer: NotifyConsumer,
        metrics: NotifyMetrics,
        lease: timedelta = _LEASE,
        up_to: int | None = None,
    ) -> None:
        self._database = database
        self._channels = channels
        self._sender = sender
        self._consumer = consumer
        self._metrics = metrics
        self._lease = lease
        self._up_to = up_to

    async def run(self) -> None:
        """Background loop; survives outages of the database and of the carriers."""
        while True:
            try:
                if await self.round() == 0:
                    await asyncio.sleep(_IDLE_S)
            except Transient as error:
                log.warning("delivery_retry", error=str(error))
                await asyncio.sleep(1)

    async def round(self) -> int:
        """One batch of attempts; how many were made."""
        async with self._database.transaction() as work:
            expired = await deliveries.recover(work)
            claimed = await deliveries.claim(
                work, self._channels, limit=_BATCH, lease=self._lease, up_to=self._up_to
            )
        if expired:
            for status, count in expired.items():
                self._metrics.leases.labels(status).inc(count)
            log.warning("lease_expired", count=expired.total())
        if claimed:
            results = await asyncio.gather(*(self._attempt(one) for one in claimed))
            await self._settle_patiently(results)
        return len(claimed)

    async def _attempt(self, claimed: Claimed) -> Result:
        page = claimed.page
        error: str | None
        try:
            outcome, error = await self._sender.deliver(
                page,
                self._consumer.roster.address(page.officer_id, page.channel),
                resend=claimed.resend,
                language=self._consumer.roster.language(page.officer_id),
            )
        except Exception as bug:
            # One page, or one channel, must not end the others; whether it left is not known.
            log.exception("channel_failed", page=page.page_id, channel=page.channel)
            outcome, error = Outcome.UNKNOWN, repr(bug)[:_MOST_ERROR]
        self._metrics.deliveries.labels(page.channel, outcome, page.status).inc()
        return claimed, outcome, error

    async def _settle_patiently(self, results: list[Result]) -> None:
        """A known outcome is worth some waiting; given up, the lease runs out and it is resent."""
        for _ in range(_SETTLE_TRIES):
            try:
                async with self._database.transaction() as work:
                    await self._settle(work, results)
            except Transient as error:
                log.warning("settle_retry", error=str(error))
                await asyncio.sleep(1)
            except Exception as bug:
                await self._settle_apart(results, bug)
                return
            else:
                return

    async def _settle_apart(self, results: list[Result], bug: Exception) -> None:
        """Settle each by itself; one that cannot be settled is not sent again and again."""
        if len(results) > 1:
            for result in results:
                await self._settle_patiently([result])
            return
        claimed = results[0][0]
        log.error("page_not_settled", page=claimed.page.page_id, exc_info=bug)
        async with self._database.transaction() as work:
            why = repr(bug)[:_MOST_ERROR]
            given_up = Settled(
                claimed.page.page_id, claimed.attempt, "failed", work.now, claimed.resend, why
            )
            await deliveries.settle(work, [given_up])

    async def _settle(self, work: Transaction, results: list[Result]) -> None:
        book = self._consumer.book(work)
        # Ladder first, then delivery: the order in which the consumer and the sweeper lock.
        await ladders.load(work, ladders.Keys(ladders={c.ladder_id for c, _, _ in results}), book)
        desk = self._consumer.desk(book)
        settled = [_verdict(book, result) for result in results]
        ours = await deliveries.settle(work, settled)
        for one, (claimed, outcome, error) in zip(settled, results, strict=True):
            if one.page_id not in ours:
                continue
            line = book.pages[one.page_id]
            if one.state == "sent":
                text = marks.resent(line.page.text) if claimed.resend else line.page.text
                book.advance(line, PageStep.SENT, text=text, resend=claimed.resend)
            elif one.state == "failed":
                log.error("page_not_delivered", page=one.page_id, outcome=outcome, error=error)
                desk.on_failure(line, error)
        await self._consumer.write(work, book)


def _verdict(book: Book, result: Result) -> Settled:
    """Sent, failed for good, or once more: marked when the person may have been reached already."""
    claimed, outcome, error = result
    number, attempt = claimed.page.page_id, claimed.attempt
    resend = claimed.resend or outcome is Outcome.UNKNOWN
    next_at = book.now + timedelta(seconds=backoff_s(attempt))
    over = book.ladders[claimed.ladder_id].state in _OVER
    if outcome is Outcome.DELIVERED:
        return Settled(number, attempt, "sent", book.now, claimed.resend, None)
    if outcome is Outcome.REFUSED or attempt >= _MAX_ATTEMPTS:
        return Settled(number, attempt, "failed", book.now, resend, error)
    return Settled(number, attempt, "cancelled" if over else "queued", next_at, resend, error)


class LadderGauges:
    """Keeps the gauges of open and exhausted ladders as the database has them."""

    def __init__(self, database: Database, metrics: NotifyMetrics) -> None:
        self._database = database
        self._metrics = metrics

    async def run(self) -> None:
        """Background loop, every 2 s."""
        while True:
            try:
                async with self._database.transaction() as work:
                    result = await ladders.living(work)
            except Transient as error:
                log.warning("gauges_retry", error=str(error))
            else:
                for state in (LadderState.OPEN, LadderState.EXHAUSTED):
                    for status in Status:
                        count = result.get((state, status), 0)
                        self._metrics.ladders.labels(state, status).set(count)
            await asyncio.sleep(_GAUGES_S)
