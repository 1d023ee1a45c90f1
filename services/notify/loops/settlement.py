"""The settlement of attempts: the results of deliveries, and the calls that follow from them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from services.notify.channels.port import Attempt, DeliveryOutcome
from services.notify.core.escalation.states import EscalationState
from services.notify.core.pages.states import PageTrigger
from services.notify.core.working_set import WorkingSet
from services.notify.store import deliveries, push_devices
from services.notify.store.deliveries import ClaimedDelivery, DeliveryResult
from services.notify.unit_of_work import UnitOfWork
from shared.contracts.pages import PageState
from shared.domain.page_texts import marks
from shared.runtime.database import Database, Transaction
from shared.runtime.errors import Transient

log = structlog.get_logger("fenghuo.notify")

MOST_ERROR = 200
"""The most characters of a reason."""
_ATTEMPTS_BEFORE_FAILURE = 8
_SETTLE_TRIES = 10
_ENDED = frozenset({EscalationState.ANSWERED, EscalationState.CLOSED})

AttemptedDelivery = tuple[ClaimedDelivery, Attempt]
"""A delivery and its attempt."""
MakeUnitOfWork = Callable[[Transaction], UnitOfWork]


def backoff_s(attempt: int) -> float:
    """Return the seconds before the next attempt: 1, 2, 4 ... at most 30."""
    return min(30.0, 2.0 ** min(attempt - 1, 5))


class Settlement:
    """Writes the results of attempts, each with the step of its page, in one transaction."""

    def __init__(self, database: Database, unit_of_work: MakeUnitOfWork) -> None:
        self._database = database
        self._unit_of_work = unit_of_work

    async def settle(self, attempted: Sequence[AttemptedDelivery]) -> None:
        """Settle the attempts, and wait for the database if it is away.

        When it stays away, the leases run out and the pages are sent again. An attempt that cannot
        be settled fails alone.
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

    async def _settle_apart(self, attempted: Sequence[AttemptedDelivery], bug: Exception) -> None:
        """Settle each attempt alone; an attempt with an error fails and is not sent again."""
        if len(attempted) > 1:
            for attempt in attempted:
                await self.settle([attempt])
            return
        delivery = attempted[0][0]
        page_id = delivery.page.page_id
        log.error("page_not_settled", page=page_id, exc_info=bug)
        try:
            async with self._database.transaction() as transaction:
                error = repr(bug)[:MOST_ERROR]
                failed = DeliveryResult(
                    page_id, delivery.attempt, "failed", transaction.now, delivery.resend, error
                )
                await deliveries.settle(transaction, [failed])
        except Transient as error:
            log.warning("settle_retry", error=str(error))

    async def _settle(
        self, transaction: Transaction, attempted: Sequence[AttemptedDelivery]
    ) -> None:
        unit = self._unit_of_work(transaction)
        # Lock escalations before deliveries, in the same order as handlers and timers.
        for delivery, _ in attempted:
            unit.need_escalation(delivery.escalation_id)
        await unit.load()
        results = [_result(unit.working_set, attempt) for attempt in attempted]
        settled = await deliveries.settle(transaction, results)
        for result, (delivery, attempt) in zip(results, attempted, strict=True):
            for device in attempt.ended:
                push_devices.publish_end(transaction, device)
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
                    reason=None,
                )
            elif result.state == "failed" or (
                delivery.attempt >= _ATTEMPTS_BEFORE_FAILURE
                and page_row.page.state is PageState.QUEUED
            ):
                log.error(
                    "page_not_delivered",
                    page=result.page_id,
                    outcome=attempt.outcome,
                    error=attempt.reason,
                )
                unit.engine.fail_page(page_row, attempt.reason)
        await unit.save()


def _result(working_set: WorkingSet, attempted: AttemptedDelivery) -> DeliveryResult:
    """Return the result of an attempt: sent, failed for good, or queued again.

    A delivery is attempted for as long as somebody is called about its subject: a carrier that
    comes back gets what is still true. The next attempt is marked as a repeat when this attempt may
    have reached the officer.
    """
    delivery, (outcome, error, _) = attempted
    page_id, number = delivery.page.page_id, delivery.attempt
    resend = delivery.resend or outcome is DeliveryOutcome.UNKNOWN
    now = working_set.now
    if outcome is DeliveryOutcome.DELIVERED:
        return DeliveryResult(page_id, number, "sent", now, delivery.resend, None)
    if outcome is DeliveryOutcome.REFUSED:
        return DeliveryResult(page_id, number, "failed", now, resend, error)
    ended = working_set.escalations[delivery.escalation_id].state in _ENDED
    next_at = now + timedelta(seconds=backoff_s(number))
    return DeliveryResult(
        page_id, number, "cancelled" if ended else "queued", next_at, resend, error
    )
