"""Deliveries: claimed under a lease, checked and sent through a channel, then settled.

There is one loop per process for all channels. It wakes when a page has been queued, when an
attempt has ended, and when a delivery becomes due.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

import structlog

from services.notify.channels.http import LONGEST_S
from services.notify.channels.port import (
    ORDINARY_ATTEMPTS,
    RESERVED_ATTEMPTS,
    Attempt,
    DeliveryOutcome,
    Sender,
)
from services.notify.core.escalation.priority import RESERVED
from services.notify.loops.settlement import MOST_ERROR, AttemptedDelivery, Settlement
from services.notify.metrics import NotifyMetrics
from services.notify.store import deliveries
from services.notify.store.deliveries import ClaimedDelivery, Room
from shared.contracts.pages import Channel, Page
from shared.domain.roster.post_holders import Roster
from shared.runtime.database import Database
from shared.runtime.errors import Transient

log = structlog.get_logger("fenghuo.notify")

_IDLE_S = 1.0
"""The longest wait for deliveries that another process has queued or left."""
_LONGEST = timedelta(seconds=LONGEST_S)
_LEASE = timedelta(seconds=2 * LONGEST_S + 4)
_FRESH_S = 0.25
"""A request begins so soon after its check, or the delivery is checked again."""
_LONGEST_CHECK_S = 2.0
"""After a check that took longer the page is not sent yet."""
_BUGGY_ATTEMPTS = 8
"""So many times a page is attempted with which its channel has a bug."""
_SETTLED_AT_ONCE = 50
_NOT_TO_BE_SENT = Attempt(DeliveryOutcome.NOT_SENT, "not to be sent any more, or not by this lease")


class CheckedPages(NamedTuple):
    """The pages that might be sent when a check began, by id; `began_at` by a monotonic clock."""

    pages: Mapping[str, Page]
    began_at: float

    @property
    def age_s(self) -> float:
        """Return the seconds since the check began."""
        return time.monotonic() - self.began_at


class DeliveryLoop:
    """Delivers the pages of all channels; a slow carrier holds up no other.

    Several processes may do so at once. Of each channel at most `ordinary` attempts run at once,
    and `reserved` more of urgent pages.
    """

    def __init__(
        self,
        database: Database,
        senders: Mapping[Channel, Sender],
        settlement: Settlement,
        roster: Roster,
        metrics: NotifyMetrics,
        wake_up: asyncio.Event,
        *,
        lease: timedelta = _LEASE,
        ordinary: int = ORDINARY_ATTEMPTS,
        reserved: int = RESERVED_ATTEMPTS,
    ) -> None:
        self._database = database
        self._senders = senders
        self._settlement = settlement
        self._roster = roster
        self._metrics = metrics
        self._wake_up = wake_up
        self._lease = lease
        self._ordinary = ordinary
        self._reserved = reserved
        self._running: Counter[Channel] = Counter()
        self._attempted: list[AttemptedDelivery] = []
        self._attempt_ended = asyncio.Event()

    async def run(self) -> None:
        """Background loop; survives outages of the database and of the carriers."""
        async with asyncio.TaskGroup() as attempts:
            attempts.create_task(self._settle_attempts())
            while True:
                self._wake_up.clear()
                try:
                    claimed = await self._claim()
                    checked = await self._check(claimed)
                    wait_s = _IDLE_S if claimed else await self._seconds_to_next()
                except Transient as error:
                    log.warning("delivery_retry", error=str(error))
                    await asyncio.sleep(1)
                    continue
                for delivery in claimed:
                    self._running[delivery.page.channel] += 1
                    attempts.create_task(self._deliver(delivery, checked))
                try:
                    async with asyncio.timeout(wait_s):
                        await self._wake_up.wait()
                except TimeoutError:
                    pass

    async def deliver_batch(self) -> int:
        """Attempt the deliveries that there is room for, and settle them; return their number."""
        claimed = await self._claim()
        checked = await self._check(claimed)
        attempted = await asyncio.gather(*(self._attempt(item, checked) for item in claimed))
        if attempted:
            await self._settlement.settle(attempted)
        return len(claimed)

    async def _claim(self) -> list[ClaimedDelivery]:
        room = {
            channel: Room(ordinary=max(0, self._ordinary - running), urgent=urgent)
            for channel in self._senders
            if (running := self._running[channel]) < (most := self._ordinary + self._reserved)
            and (urgent := most - running)
        }
        async with self._database.transaction() as transaction:
            expired = await deliveries.recover(transaction)
            claimed = await deliveries.claim(transaction, room, lease=self._lease, urgent=RESERVED)
        if expired:
            for status, count in expired.items():
                self._metrics.leases.labels(status).inc(count)
            log.warning("lease_expired", count=expired.total())
        return claimed

    async def _seconds_to_next(self) -> float:
        async with self._database.transaction() as transaction:
            seconds = await deliveries.seconds_to_next(transaction, list(self._senders))
        return _IDLE_S if seconds is None else min(seconds, _IDLE_S)

    async def _check(self, claimed: Sequence[ClaimedDelivery]) -> CheckedPages:
        began_at = time.monotonic()
        if not claimed:
            return CheckedPages({}, began_at)
        async with self._database.transaction() as transaction:
            pages = await deliveries.check(transaction, claimed, longest=_LONGEST)
        return CheckedPages(pages, began_at)

    async def _deliver(self, delivery: ClaimedDelivery, checked: CheckedPages) -> None:
        attempted = await self._attempt(delivery, checked)
        self._running[delivery.page.channel] -= 1
        self._attempted.append(attempted)
        self._attempt_ended.set()
        self._wake_up.set()

    async def _attempt(self, delivery: ClaimedDelivery, checked: CheckedPages) -> AttemptedDelivery:
        try:
            for limit_s in (_FRESH_S, _LONGEST_CHECK_S):
                if checked.age_s > limit_s:
                    checked = await self._check([delivery])
        except Transient as failure:
            return delivery, Attempt(DeliveryOutcome.NOT_SENT, str(failure)[:MOST_ERROR])
        if checked.age_s > _LONGEST_CHECK_S:
            return delivery, Attempt(DeliveryOutcome.NOT_SENT, "Postgres is too slow")
        page = checked.pages.get(delivery.page.page_id)
        if page is None:
            return delivery, _NOT_TO_BE_SENT
        try:
            attempt = await self._senders[page.channel].deliver(
                page,
                self._roster.address(page.officer_id, page.channel),
                resend=delivery.resend,
                language=self._roster.language(page.officer_id),
            )
        except Exception as bug:
            # A bug in one channel must not end the others. The page may have left or not.
            log.exception("channel_failed", page=page.page_id, channel=page.channel)
            last = delivery.attempt >= _BUGGY_ATTEMPTS
            outcome = DeliveryOutcome.REFUSED if last else DeliveryOutcome.UNKNOWN
            attempt = Attempt(outcome, repr(bug)[:MOST_ERROR])
        self._metrics.deliveries.labels(page.channel, attempt.outcome, page.status).inc()
        return delivery, attempt

    async def _settle_attempts(self) -> None:
        while True:
            await self._attempt_ended.wait()
            self._attempt_ended.clear()
            while self._attempted:
                attempted = self._attempted[:_SETTLED_AT_ONCE]
                del self._attempted[:_SETTLED_AT_ONCE]
                await self._settlement.settle(attempted)
