"""The edge: every record is counted, people's acts go into the trail, mixed worlds are noted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from services.audit.core import acts
from services.audit.core.newest import Newest, newest_of
from services.audit.metrics import AuditMetrics
from services.audit.store import books
from shared.contracts.commands import AssignmentEvent, CommandEvent
from shared.contracts.fields import Status
from shared.runtime.database import Transaction
from shared.runtime.inbound_messages import InboundMessage


class AuditConsumer:
    """Applies batches of any topic; never refuses what its contract allows."""

    def __init__(self, metrics: AuditMetrics) -> None:
        self._metrics = metrics

    async def apply(self, work: Transaction, incoming: Sequence[InboundMessage]) -> None:
        """Count, enter and compare one batch, a few statements in all."""
        await books.count_records(work, _counts(incoming))
        await books.count_fanout(work, _fanout(incoming))
        await books.remember(work, _newest(incoming))
        await books.note_leaks(work, await self._leaks(work, incoming))
        messages = [act for one in incoming if (act := acts.act_of(one.message)) is not None]
        self._metrics.entries.inc(await books.enter(work, messages))

    async def _leaks(
        self, work: Transaction, incoming: Sequence[InboundMessage]
    ) -> list[tuple[str, str, str, str, str]]:
        first: dict[str, str] = {}
        for one in incoming:
            for subject in acts.subjects(one.message):
                first.setdefault(subject, one.message.status)
        known = await books.worlds(work, first)
        messages = [
            (one.message.id, subject, one.topic, str(one.message.status), known[subject])
            for one in incoming
            for subject in acts.subjects(one.message)
            if one.message.status != known[subject]
        ]
        messages += [
            (one.message.id, "public", one.topic, str(one.message.status), str(Status.ACTUAL))
            for one in incoming
            if acts.is_public_drill(one.message)
        ]
        return messages


def _counts(incoming: Sequence[InboundMessage]) -> Counter[tuple[str, str, str]]:
    return Counter(
        (one.topic, str(one.message.status), label)
        for one in incoming
        for label in acts.labels(one.message)
    )


def _fanout(incoming: Sequence[InboundMessage]) -> dict[str, tuple[str, int | None, int]]:
    results: dict[str, tuple[str, int | None, int]] = {}
    for one in incoming:
        message = one.message
        if not isinstance(message, CommandEvent | AssignmentEvent) or message.version != 1:
            continue
        status, recipients, records = results.get(message.command_id, (message.status, None, 0))
        if isinstance(message, CommandEvent):
            recipients = message.recipients + message.given_on
        else:
            records += 1
        results[message.command_id] = (status, recipients, records)
    return results


def _newest(incoming: Sequence[InboundMessage]) -> list[Newest]:
    newests: dict[tuple[str, str], Newest] = {}
    for one in incoming:
        newest = newest_of(one.message)
        if newest is None:
            continue
        existing_newest = newests.get((newest.kind, newest.subject_id))
        if existing_newest is None or existing_newest.version < newest.version:
            newests[newest.kind, newest.subject_id] = newest
    return list(newests.values())
