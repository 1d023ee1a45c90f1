"""GET /findings: what is wrong now and what was lately. GET /conservation: the books of every hop."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from faststream.asgi import AsgiResponse, get
from pydantic_core import to_json

from services.audit.core.conservation import balances
from services.audit.store import findings, passages
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
        except Transient:
            return AsgiResponse(to_json({"error": "the database cannot be asked"}), 503, _HEADERS)
        hops = [asdict(one) for one in balances(known.values())]
        return AsgiResponse(to_json({"hops": hops}), 200, _HEADERS)

    return "/conservation", kept
