"""GET /findings: what is wrong now and what was lately. GET /conservation: the books of every hop, and
what became of the alarms."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from faststream.asgi import AsgiResponse, get
from pydantic_core import to_json

from services.audit.core.conservation import alarm_balances, balances
from services.audit.store import books, findings, passages
from shared.contracts.topics import ALARMS
from shared.runtime.database import Database
from shared.runtime.errors import Transient

_HEADERS = {
    "content-type": "application/json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}
_MOST = 500


def findings_route(database: Database) -> tuple[str, Any]:
    """The route; 503 while the database cannot be asked."""

    @get
    async def listed(_scope: Any) -> AsgiResponse:
        try:
            async with database.transaction() as work:
                rows = await findings.recent(work, _MOST)
        except Transient:
            return AsgiResponse(to_json({"error": "the database cannot be asked"}), 503, _HEADERS)
        open_ = [row for row in rows if row["resolved_at"] is None]
        resolved = [row for row in rows if row["resolved_at"] is not None]
        return AsgiResponse(to_json({"open": open_, "resolved": resolved}), 200, _HEADERS)

    return "/findings", listed


def conservation_route(database: Database) -> tuple[str, Any]:
    """The route; 503 while the database cannot be asked."""

    @get
    async def kept(_scope: Any) -> AsgiResponse:
        try:
            async with database.transaction() as work:
                known = await passages.load(work)
                told = await books.first_records(work, ALARMS.name)
                evidence = await books.evidence(work)
        except Transient:
            return AsgiResponse(to_json({"error": "the database cannot be asked"}), 503, _HEADERS)
        hops = [asdict(balance) for balance in balances(known.values())]
        alarms = [
            asdict(alarm_balance) | {"difference": alarm_balance.difference}
            for alarm_balance in alarm_balances(told, evidence)
        ]
        return AsgiResponse(to_json({"hops": hops, "alarms": alarms}), 200, _HEADERS)

    return "/conservation", get
