"""Routes that read the ledger: for officers who administer the place of an entry."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from services.console.core.access import Viewer, may_administer, span_of
from services.console.features.ledger import queries, views
from services.console.features.ledger.responses import LedgerHistory, LedgerList, LedgerVersion
from services.console.store.connections import reading
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.parameters import Limit
from services.console.web.problems import unknown
from services.console.web.response_models import json_response
from services.console.web.responses import as_json
from services.console.web.viewers import SignedInViewer
from shared.contracts.catalog import CatalogKey
from shared.contracts.fields import Instant, UnitId
from shared.contracts.refusals import RefusedFor

router = APIRouter(prefix="/api/ledger", tags=["ledger"])

Kind = Literal["unit", "group", "sensor", "topic", "service", "rule_pack", "data", "application"]
AfterKey = Annotated[str, Query(max_length=120, pattern=r"^[A-Za-z0-9._:/\-]*$")]
"""The key after which a list continues; an empty key is the beginning."""


@router.get("", responses=json_response(LedgerList))
async def list_ledger_entries(
    console: Deps,
    viewer: SignedInViewer,
    place: Annotated[UnitId | None, Query()] = None,
    kind: Annotated[Kind | None, Query()] = None,
    below: Annotated[UnitId | None, Query()] = None,
    words: Annotated[str, Query(alias="q", max_length=80)] = "",
    retired: Annotated[bool, Query()] = False,
    after: AfterKey = "",
    limit: Limit = 100,
) -> Response:
    """List entries of the ledger at and below a place, by key; sources are listed elsewhere.

    `place` is an administered unit, by default the officer's first. `below` restricts the list to
    units directly below a unit. `q` is searched in name and key. `total` is the number of all.
    """
    place = administered(console, viewer, place)
    query = queries.LedgerQuery(span_of(place), kind, below, words.strip(), retired)
    async with reading(console.database) as connection:
        rows = await queries.entries(connection, query, after, limit)
        total = await queries.total(connection, query)
    return as_json(
        {
            "entries": [views.line(row, console.names) for row in rows],
            "next": rows[-1]["key"] if len(rows) == limit else None,
            "total": total,
        }
    )


@router.get("/entry", responses=json_response(LedgerVersion))
async def get_ledger_entry(
    console: Deps,
    viewer: SignedInViewer,
    key: Annotated[CatalogKey, Query()],
    at: Annotated[Instant | None, Query()] = None,
) -> Response:
    """Return an entry as it was at a moment, by default as it is, also a retired one."""
    async with reading(console.database) as connection:
        row = await queries.version_at(connection, key, at)
    if row is None:
        raise unknown("entry")
    administered(console, viewer, row["place"])
    return as_json(views.version(row, console.names))


@router.get("/history", responses=json_response(LedgerHistory))
async def list_ledger_versions(
    console: Deps,
    viewer: SignedInViewer,
    key: Annotated[CatalogKey, Query()],
    limit: Limit = 100,
) -> Response:
    """List the versions of an entry with author and reason, the newest first."""
    async with reading(console.database) as connection:
        rows = await queries.versions(connection, key, limit)
    if not rows:
        raise unknown("entry")
    administered(console, viewer, rows[0]["place"])
    return as_json({"versions": [views.version(row, console.names) for row in rows]})


def administered(console: ConsoleDeps, viewer: Viewer, unit: str | None) -> str:
    """Return the unit, without one the officer's first administered unit. Raises 403."""
    if unit is None:
        console.demand(None if viewer.administering else RefusedFor.NOT_ADMINISTRATOR)
        own = viewer.unit if viewer.unit in viewer.administering else None
        return own or min(viewer.administering, key=lambda code: (len(code), code))
    console.demand(may_administer(viewer, unit), unit)
    return unit
