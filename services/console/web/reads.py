"""What a person may see, as JSON. Every answer is cut to the officer's subtree and one status."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic_core import to_json

from services.console.core import drilldown, order_views, overview, views
from services.console.core.access import alone, may_answer, sees, span_of
from services.console.core.feed_views import shown
from services.console.store import alerts, feed, reads, rollup, supervision
from services.console.store.connections import reading
from services.console.web import orders
from services.console.web.auth import Looker, Me
from services.console.web.paging import After, behind, next_of
from services.console.web.parts import Console, Parts, as_json
from services.console.web.problems import hidden, unknown
from shared.contracts.fields import Identifier, Status, UnitId
from shared.contracts.refusals import RefusedFor
from shared.contracts.units import tier_of

router = APIRouter(prefix="/api")

StatusQuery = Annotated[Status, Query()]
Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[str, Query(pattern=r"^[A-Za-z0-9._:\-]{0,96}$")]
"""The id behind which a list by id goes on; empty = from the beginning."""
Seq = Annotated[int, Query(ge=0, le=2**62)]


@router.get("/overview")
async def get_overview(console: Parts, me: Looker, status: StatusQuery = Status.ACTUAL) -> Response:
    """The numbers and the tile map of the live screen; up to a second old, `feed_seq` says what is in it."""
    body = await console.overviews.answer(
        (me.root, status), lambda: _overview(console, me.root, status)
    )
    return Response(body, media_type="application/json")


async def _overview(console: Console, root: str, status: Status) -> bytes:
    """The answer to whoever may look at this subtree: nothing in it depends on who that is."""
    span = span_of(root)
    position = console.hub.position  # before the look: what a later line says may be in it, too
    async with reading(console.database) as connection:
        by_level = await alerts.open_by_level(connection, span, status)
        by_town = await alerts.open_by_town(connection, span, status)
        commands = await rollup.open_command_ids(connection, status)
        counted = await rollup.by_command_and_tier(connection, commands, span)
        small = await reads.small_counts(connection, span, status)
    by_tier = overview.tiers(overview.sum_by_tier(counted))
    totals = overview.totals(by_tier)
    return to_json(
        {
            "status": status,
            "now": console.clock.now(),
            "unit": root,
            "unit_name": console.names.unit(root),
            "tier": tier_of(root),
            "broker": console.broker,
            "behind": console.behind(),
            "alerts": overview.alert_counts(by_level),
            "assignments": {**totals, "by_tier": by_tier},
            "overdue": totals["overdue"],
            "pages_open": small["pages_open"],
            "sensors_silent": small["sensors_silent"],
            "exercises": small["exercises"],
            "towns": overview.tiles(by_town, root, console.names),
            "feed_seq": position,
        }
    )


@router.get("/alerts")
async def get_alerts(
    console: Parts,
    me: Looker,
    status: StatusQuery = Status.ACTUAL,
    only_open: Annotated[bool, Query(alias="open")] = False,
    town: Annotated[UnitId | None, Query()] = None,
    after: After = "",
    limit: Limit = 100,
) -> Response:
    """Alerts: the open ones, gravest first, or the last changed ones; `next` is the cursor for `after`.

    `town`: only those open ones of the subtree whose place or areas lie in it. `total`: how many open ones
    there are.
    """
    span, total = span_of(me.root), None
    async with reading(console.database) as connection:
        if only_open:
            place = behind(after, alerts.GRAVEST)
            rows = await alerts.open_alerts(connection, span, status, town, place, limit)
            total = await alerts.open_total(connection, span, status, town)
        else:
            place = behind(after, alerts.NEWEST)
            rows = await alerts.recent_alerts(connection, span, status, place, limit)
    return as_json(
        {
            "alerts": [views.alert(row, me, console.names) for row in rows],
            "next": next_of(rows, limit),
            "total": total,
        }
    )


@router.get("/alerts/{alert_id}")
async def get_alert(console: Parts, me: Looker, alert_id: Identifier) -> Response:
    """One alert with its evidence."""
    async with reading(console.database) as connection:
        row = await reads.alert(connection, alert_id)
        if row is None:
            raise unknown("alert")
        if not sees(me, row["place"]):
            raise hidden("alert", row["place"])
        result = await reads.alarms(connection, row["alarm_ids"])
        caused = await reads.commands_of_alert(connection, alert_id)
        commands = await orders.heads(connection, caused, me, console.names)
    return as_json(views.alert_detail(row, result, commands, me, console.names))


@router.get("/alarms")
async def get_alarms(
    console: Parts,
    me: Looker,
    status: StatusQuery = Status.ACTUAL,
    after: After = "",
    limit: Limit = 100,
) -> Response:
    """Alarms, the last changed first; what a backlog brought up is marked as retrospective."""
    async with reading(console.database) as connection:
        place = behind(after, reads.NEWEST_ALARM)
        rows = await reads.recent_alarms(connection, span_of(me.root), status, place, limit)
    return as_json(
        {
            "alarms": [views.alarm(row, me, console.names) for row in rows],
            "next": next_of(rows, limit),
        }
    )


@router.get("/pages")
async def get_pages(
    console: Parts,
    me: Me,
    status: Annotated[Status | None, Query()] = None,
    only_open: Annotated[bool, Query(alias="open")] = False,
    after: After = "",
    limit: Limit = 100,
) -> Response:
    """The officer's own pages: those that wait for an answer, the most urgent first, then the newest others.

    `waiting`: how many wait for an answer.
    """
    async with reading(console.database) as connection:
        rows = await reads.pages(
            connection,
            me.officer_id,
            status,
            only_open=only_open,
            after=behind(after, reads.PAGES),
            limit=limit,
        )
        waiting = await reads.pages_waiting(connection, me.officer_id, status)
    return as_json(
        {
            "pages": [views.page(row, console.names) for row in rows],
            "next": next_of(rows, limit),
            "waiting": waiting,
        }
    )


@router.get("/pages/{page_id}")
async def get_page(console: Parts, me: Me, page_id: Identifier) -> Response:
    """One of the officer's own pages."""
    async with reading(console.database) as connection:
        row = await reads.page(connection, page_id)
    if row is None:
        raise unknown("page")
    if may_answer(me, row["officer_id"]) is not None:
        raise hidden("page", row["unit"], RefusedFor.NOT_YOUR_PAGE)
    return as_json(views.page(row, console.names))


@router.get("/supervision")
async def get_supervision(
    console: Parts,
    me: Looker,
    status: StatusQuery = Status.ACTUAL,
    unit: Annotated[UnitId | None, Query()] = None,
    subtree: Annotated[bool, Query()] = True,
    after: After = "",
    limit: Limit = 100,
) -> Response:
    """What the timers found of a unit (default: one's own) with what lies below it, or without, and nobody
    has put right yet, clock by clock.

    `total`: how many entries there are.
    """
    root = console.in_sight(me, unit)
    span = span_of(root) if subtree else alone(root)
    async with reading(console.database) as connection:
        place = behind(after, supervision.GRAVEST)
        rows = await supervision.supervised(connection, span, status, place, limit)
        total = await supervision.total(connection, span, status)
    return as_json(
        {
            "supervision": [order_views.supervision(row, me, console.names) for row in rows],
            "next": next_of(rows, limit),
            "total": total,
        }
    )


@router.get("/supervision/units")
async def get_supervised_units(
    console: Parts, me: Looker, status: StatusQuery = Status.ACTUAL
) -> Response:
    """How many assignments of open commands are due soon, overdue or returned: of the officer's own unit
    and of each unit one tier below, all that lies further down counted with it.

    An assignment counts once, as the gravest that timers have said of it: `escalated`, `overdue` and
    `reminded` together are those that are overdue.
    """
    below = console.names.tree.directly_below(me.root)
    children = {name: span_of(name) for name in below}
    async with reading(console.database) as connection:
        counted = await supervision.by_child(connection, span_of(me.root), status, children)
    return as_json({"units": drilldown.supervised_units(me.root, below, counted, console.names)})


@router.get("/sensors/silent")
async def get_silent(
    console: Parts,
    me: Looker,
    status: StatusQuery = Status.ACTUAL,
    after: Cursor = "",
    limit: Limit = 100,
) -> Response:
    """Sensors that are silent or faulty."""
    async with reading(console.database) as connection:
        span = span_of(me.root)
        rows = await reads.unwell_sensors(connection, span, status, after, limit)
        total = await reads.unwell_total(connection, span, status)
    return as_json(
        {
            "sensors": [views.sensor(row, console.names) for row in rows],
            "next": rows[-1]["sensor_id"] if len(rows) == limit else None,
            "total": total,
        }
    )


@router.get("/feed")
async def get_feed(
    console: Parts,
    me: Looker,
    after: Annotated[Seq | None, Query()] = None,
    status: Annotated[Status | None, Query()] = None,
    limit: Limit = 50,
) -> Response:
    """Lines behind `after`, oldest first; without it the last ones, newest first."""
    async with reading(console.database) as connection:
        rows = await feed.visible(connection, feed.sight_of(me, status), after, limit)
    return as_json({"lines": [shown(row, me, console.names) for row in rows]})
