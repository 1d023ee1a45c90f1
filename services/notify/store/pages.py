"""Pages, and the deliveries that take them to their channels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from services.notify.core.pages.page_row import PageRow
from services.notify.core.working_set import WorkingSet
from shared.contracts.pages import Channel, PageState
from shared.contracts.topics import PAGES
from shared.runtime.database import Transaction
from shared.runtime.outbound_records import encode

_INSERTED = [
    "page_id", "escalation_id", "status", "officer_id", "unit", "post", "channel",
    "escalation_level", "round", "state", "version", "level", "answer_by", "resend", "body",
    "digest_id",
]  # fmt: skip
_UPDATED = ["page_id", "state", "version", "resend", "body"]


async def save(transaction: Transaction, working_set: WorkingSet) -> None:
    """Write new and changed pages, queue their deliveries, and publish every new version."""
    if working_set.new_pages:
        page_rows = list(working_set.new_pages.values())
        await transaction.connection.execute(
            f"INSERT INTO notify.page ({', '.join(_INSERTED)}) "  # noqa: S608
            "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], "
            "$6::text[], $7::text[], $8::int[], $9::int[], $10::text[], $11::int[], $12::text[], "
            "$13::timestamptz[], $14::boolean[], $15::text[], $16::text[])",
            *_page_columns(page_rows, _INSERTED),
        )
        await _queue(transaction, page_rows, working_set)
    if working_set.due_now:
        await transaction.connection.execute(
            "UPDATE notify.delivery SET next_at = now() WHERE state = 'queued' AND attempts = 0 "
            "AND next_at > now() AND page_id = ANY($1::text[])",
            list(working_set.due_now),
        )
    if working_set.changed_pages:
        await transaction.connection.execute(
            "UPDATE notify.page AS old SET state = new.state, version = new.version, "
            "resend = new.resend, body = new.body "
            "FROM unnest($1::text[], $2::text[], $3::int[], $4::boolean[], $5::text[]) "
            "AS new (page_id, state, version, resend, body) WHERE old.page_id = new.page_id",
            *_page_columns(working_set.changed_pages.values(), _UPDATED),
        )
    for page in working_set.events:
        transaction.publish(PAGES, page.officer_id, page, page.id)


async def _queue(
    transaction: Transaction, page_rows: Iterable[PageRow], working_set: WorkingSet
) -> None:
    """Queue the deliveries of new pages, each for its time; console pages need none."""
    queued = [
        page_row
        for page_row in page_rows
        if page_row.page.channel is not Channel.CONSOLE and page_row.page.state is PageState.QUEUED
    ]
    if not queued:
        return
    await transaction.connection.execute(
        "INSERT INTO notify.delivery "
        "(page_id, escalation_id, status, channel, priority, next_at, state) "
        "SELECT *, 'queued' FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], "
        "$6::timestamptz[])",
        *_page_columns(queued, ["page_id", "escalation_id", "status", "channel"]),
        [working_set.escalations[page_row.escalation_id].priority for page_row in queued],
        [page_row.send_at or working_set.now for page_row in queued],
    )


def _page_columns(page_rows: Iterable[PageRow], names: Sequence[str]) -> list[list[Any]]:
    page_rows = list(page_rows)
    return [[_value(page_row, name) for page_row in page_rows] for name in names]


def _value(page_row: PageRow, name: str) -> Any:
    if name == "escalation_id":
        return page_row.escalation_id
    if name == "escalation_level":
        return page_row.page.rung
    return encode(page_row.page).decode() if name == "body" else getattr(page_row.page, name)
