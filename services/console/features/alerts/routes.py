"""Routes of alerts and alarms."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.console.core.access import sees, span_of
from services.console.features.alerts import alarm_queries, queries, views
from services.console.features.alerts.responses import AlarmList, AlertDetail, AlertList
from services.console.features.alerts.warning_origins import origins
from services.console.features.commands import command_heads
from services.console.features.commands import queries as command_queries
from services.console.store.connections import reading
from services.console.web.deps import Deps
from services.console.web.paging import AfterCursor, next_of, position_after
from services.console.web.parameters import Limit, StatusQuery
from services.console.web.problems import hidden, unknown
from services.console.web.response_models import json_response
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer
from shared.contracts.fields import Identifier, Level, Status, UnitId

router = APIRouter(prefix="/api", tags=["alerts"])


@router.get("/alerts", responses=json_response(AlertList))
async def list_alerts(
    console: Deps,
    viewer: PlaceViewer,
    status: StatusQuery = Status.ACTUAL,
    only_open: Annotated[bool, Query(alias="open")] = False,
    unit: Annotated[UnitId | None, Query()] = None,
    after: AfterCursor = "",
    limit: Limit = 100,
) -> Response:
    """List alerts: the open alerts, the gravest first, or the alerts that changed last.

    `unit` restricts open alerts to those whose place or areas lie at or below that unit. `total` is
    the number of open alerts.
    """
    span, total = span_of(viewer.root), None
    part = None if unit is None else span_of(unit)
    async with reading(console.database) as connection:
        if only_open:
            place = position_after(after, queries.GRAVEST)
            rows = await queries.open_alerts(connection, span, status, part, place, limit)
            total = await queries.open_total(connection, span, status, part)
        else:
            place = position_after(after, queries.NEWEST)
            rows = await queries.recent_alerts(connection, span, status, place, limit)
        behind = await origins(connection, rows, viewer)
    names = console.names
    return as_json(
        {
            "alerts": [
                views.alert(row, viewer, names, behind.get(row["alert_id"])) for row in rows
            ],
            "next": next_of(rows, limit),
            "total": total,
        }
    )


@router.get("/alerts/{alert_id}", responses=json_response(AlertDetail))
async def get_alert(console: Deps, viewer: PlaceViewer, alert_id: Identifier) -> Response:
    """Return one alert with its evidence and the commands that it caused."""
    async with reading(console.database) as connection:
        row = await queries.alert(connection, alert_id)
        if row is None:
            raise unknown("alert")
        if not sees(viewer, row["place"]):
            raise hidden("alert", row["place"])
        alarms = await queries.alarms(connection, row["alarm_ids"])
        command_rows = await command_queries.commands_of_alert(connection, alert_id)
        commands = await command_heads.heads(connection, command_rows, viewer, console.names)
        behind = await origins(connection, [row], viewer)
    warning = behind.get(alert_id)
    return as_json(views.alert_detail(row, alarms, commands, warning, viewer, console.names))


@router.get("/alarms", responses=json_response(AlarmList))
async def list_alarms(
    console: Deps,
    viewer: PlaceViewer,
    status: StatusQuery = Status.ACTUAL,
    standing: Annotated[bool | None, Query()] = None,
    level: Annotated[Level | None, Query()] = None,
    words: Annotated[str, Query(alias="q", max_length=80)] = "",
    after: AfterCursor = "",
    limit: Limit = 100,
) -> Response:
    """List alarms: those that stand, the gravest first; ended ones or all, the last changed first.

    `q` is searched in headline, sensor, rule and name of the place. `total` is the number of
    standing alarms. An alarm that was found in a backlog is marked as retrospective.
    """
    span, words = span_of(viewer.root), words.strip()
    query = alarm_queries.AlarmQuery(
        own=span_of(viewer.unit),
        standing=standing,
        level=level,
        words=words,
        sensors=console.names.sensors_named(words),
        places=[span_of(name) for name in console.names.units_named(words, viewer.root)],
    )
    async with reading(console.database) as connection:
        place = position_after(after, alarm_queries.order_of(query))
        rows = await alarm_queries.alarms(connection, span, status, query, place, limit)
        total = await alarm_queries.standing_total(connection, span, status, query)
    return as_json(
        {
            "alarms": [views.alarm(row, viewer, console.names) for row in rows],
            "next": next_of(rows, limit),
            "total": total,
        }
    )
