"""The auditor's HTTP routes: `GET /findings` and `GET /conservation`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from faststream.asgi import AsgiResponse, get
from pydantic_core import to_json

from services.audit.core.conservation.balances import alarm_balances, balances
from services.audit.store import counters, findings, progress
from shared.contracts.topics import ALARMS
from shared.runtime.database import Database, Transaction
from shared.runtime.errors import Transient

_HEADERS = {
    "content-type": "application/json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}
_MAX_FINDINGS = 500


async def list_findings(transaction: Transaction) -> dict[str, Any]:
    """Return the open findings and the latest resolved findings, the newest first."""
    rows = await findings.load_recent(transaction, _MAX_FINDINGS)
    return {
        "open": [row for row in rows if row["resolved_at"] is None],
        "resolved": [row for row in rows if row["resolved_at"] is not None],
    }


async def show_conservation(transaction: Transaction) -> dict[str, Any]:
    """Return the balance of every hop, and of the alarms of each status."""
    progress_of = await progress.load(transaction)
    published = await counters.load_first_version_counts(transaction, ALARMS.name)
    dispositions = await counters.load_dispositions(transaction)
    return {
        "hops": [asdict(balance) for balance in balances(progress_of.values())],
        "alarms": [
            asdict(balance) | {"difference": balance.difference}
            for balance in alarm_balances(published, dispositions)
        ],
    }


def json_route(
    database: Database, query: Callable[[Transaction], Awaitable[dict[str, Any]]]
) -> Any:
    """Return the handler that answers with the result of `query`, 503 if the database is away."""

    @get
    async def answer(_scope: Any) -> AsgiResponse:
        try:
            async with database.transaction() as transaction:
                result = await query(transaction)
        except Transient:
            return AsgiResponse(to_json({"error": "the database cannot be asked"}), 503, _HEADERS)
        return AsgiResponse(to_json(result), 200, _HEADERS)

    return answer
