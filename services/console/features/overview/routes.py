"""The overview of a place."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic_core import to_json

from services.console.core.access import span_of
from services.console.features.alerts import queries as alert_queries
from services.console.features.commands import counts, totals
from services.console.features.overview import queries, views
from services.console.features.overview.shared_answers import SharedAnswers
from services.console.store.connections import reading
from services.console.stream.hub import Hub
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.parameters import StatusQuery
from services.console.web.viewers import PlaceViewer
from shared.contracts.fields import Status
from shared.contracts.units import tier_of

router = APIRouter(prefix="/api")


@router.get("/overview")
async def get_overview(
    console: Deps, viewer: PlaceViewer, status: StatusQuery = Status.ACTUAL
) -> Response:
    """The numbers and the tile map of the live screen; up to a second old, `feed_seq` says what is in it."""
    body = await console.part(SharedAnswers).answer(
        (viewer.root, status), lambda: _overview(console, viewer.root, status)
    )
    return Response(body, media_type="application/json")


async def _overview(console: ConsoleDeps, root: str, status: Status) -> bytes:
    """The answer to whoever may look at this subtree: nothing in it depends on who that is."""
    span = span_of(root)
    position = console.part(
        Hub
    ).position  # before the look: what a later line says may be in it, too
    async with reading(console.database) as connection:
        by_level = await alert_queries.open_by_level(connection, span, status)
        by_town = await alert_queries.open_by_town(connection, span, status)
        commands = await counts.open_command_ids(connection, status)
        counted = await counts.by_command_and_tier(connection, commands, span)
        small = await queries.small_counts(connection, span, status)
    by_tier = totals.tiers(totals.sum_by_tier(counted))
    total_counts = totals.totals(by_tier)
    return to_json(
        {
            "status": status,
            "now": console.clock.now(),
            "unit": root,
            "unit_name": console.names.unit(root),
            "tier": tier_of(root),
            "broker": console.broker,
            "behind": console.projection_lag(),
            "alerts": views.alert_counts(by_level),
            "assignments": {**total_counts, "by_tier": by_tier},
            "overdue": total_counts["overdue"],
            "pages_open": small["pages_open"],
            "sensors_silent": small["sensors_silent"],
            "exercises": small["exercises"],
            "towns": views.tiles(by_town, root, console.names),
            "feed_seq": position,
        }
    )
