"""The overview of a place."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic_core import to_json

from services.console.core.access import span_of
from services.console.features.alerts import queries as alert_queries
from services.console.features.commands import counts, totals
from services.console.features.overview import map_views, queries, views
from services.console.features.overview.map_points import MapPoints
from services.console.features.overview.responses import Overview, PlaceMap
from services.console.features.overview.shared_answers import SharedAnswers
from services.console.store.connections import reading
from services.console.stream.hub import Hub
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.parameters import StatusQuery
from services.console.web.response_models import json_response
from services.console.web.viewers import PlaceViewer
from shared.contracts.fields import Status
from shared.contracts.units import tier_of

router = APIRouter(prefix="/api", tags=["overview"])
_MOST_ALARMS = 300


@router.get("/overview", responses=json_response(Overview))
async def get_overview(
    console: Deps, viewer: PlaceViewer, status: StatusQuery = Status.ACTUAL
) -> Response:
    """Return the numbers and the map of the live screen.

    The response is up to one second old; `feed_seq` is the position in the feed that it contains.
    """
    body = await console.part(SharedAnswers).answer(
        (viewer.root, status), lambda: _overview(console, viewer.root, status)
    )
    return Response(body, media_type="application/json")


@router.get("/map", responses=json_response(PlaceMap))
async def get_map(
    console: Deps, viewer: PlaceViewer, status: StatusQuery = Status.ACTUAL
) -> Response:
    """Return the middles of the towns, the sensors in cells, and the gravest 300 active alarms."""
    body = await console.part(SharedAnswers).answer(
        ("map", viewer.root, status), lambda: _map(console, viewer.root, status)
    )
    return Response(body, media_type="application/json")


async def _map(console: ConsoleDeps, root: str, status: Status) -> bytes:
    """Return the map of a subtree; nothing in the answer depends on the viewer."""
    span = span_of(root)
    async with reading(console.database) as connection:
        alarms = await queries.active_alarms(connection, span, status, _MOST_ALARMS)
    points = console.part(MapPoints).of(root, lambda: console.names.sensors(span.holds))
    return to_json(map_views.map_view(points, alarms, console.names))


async def _overview(console: ConsoleDeps, root: str, status: Status) -> bytes:
    """Return the answer for a subtree; nothing in the answer depends on the viewer."""
    span = span_of(root)
    below = views.units_below(root, console.names)
    position = console.part(
        Hub
    ).position  # read before the queries: a later event may be included already
    async with reading(console.database) as connection:
        by_level = await alert_queries.open_by_level(connection, span, status)
        by_part = await alert_queries.open_by_part(
            connection, span, status, views.length_of_parts(below)
        )
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
            "tiles": views.tiles(by_part, below, console.names),
            "feed_seq": position,
        }
    )
