"""Export of a case as HTML or PDF with equal contents."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from services.console.core.access import Viewer, sees, span_of
from services.console.core.record import OutgoingRecord
from services.console.features.cases import queries, review_views, timeline
from services.console.features.cases.case import CaseFile
from services.console.features.cases.dossier import (
    MOST_LINES,
    SLOTS_S,
    DossierTimeline,
    PrintRequest,
    dossier,
    tagged_charts,
)
from services.console.features.cases.dossier_charts import Chart, level_chart, signature_chart
from services.console.features.cases.photo_sheet import MOST_PHOTOS, photo_sheet, visible_photos
from services.console.features.cases.printing.html_file import POLICY, html_file
from services.console.features.cases.printing.pdf_file import pdf_file
from services.console.features.cases.printing.print_turn import PrintTurn
from services.console.features.cases.review_routes import review_of
from services.console.features.cases.routes import evaluated, visible_case
from services.console.features.cases.words import Words
from services.console.features.commands.course_queries import course
from services.console.features.photos import queries as photo_queries
from services.console.features.photos.drawing import printed
from services.console.features.sensors import queries as sensor_queries
from services.console.features.sensors.charts import thinned
from services.console.features.sensors.history_points import series_of
from services.console.features.sensors.sensor_parts import SensorParts
from services.console.store.connections import Connection, reading
from services.console.web.assets import STATIC
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.response_models import file_response
from services.console.web.viewers import PlaceViewer
from shared.contracts.fields import Identifier

router = APIRouter(prefix="/api", tags=["cases"])

_AROUND = timedelta(hours=6)
"""The level is drawn from before the alarm to after its end."""
_MOST_POINTS = 600
_MOST_COUNTED = 10_000
"""The most photos of a case that are counted."""


@router.get(
    "/cases/{case_id}/export",
    response_class=Response,
    responses=file_response("The case as a file.", "text/html", "application/pdf"),
)
async def export_case(
    console: Deps,
    viewer: PlaceViewer,
    case_id: Identifier,
    file_format: Annotated[Literal["html", "pdf"], Query(alias="format")] = "html",
) -> Response:
    """Return a case within the subtree of the officer as one file.

    The file contains head, figures, timeline, units, delays, review and photos.
    """
    now = console.clock.now()
    async with reading(console.database) as connection:
        case = await visible_case(connection, viewer, case_id)
        result = await evaluated(connection, case, viewer)
        lines = await _dossier_timeline(connection, case, viewer, console)
        review = await review_of(connection, case, viewer, console)
        charts = await _charts(connection, case, viewer, console)
        photos, pictures = await _photos(connection, case, viewer)
    file = dossier(
        case,
        case.state(review is not None),
        result,
        lines,
        review_views.tables(review, words()),
        words(),
        console.names,
        PrintRequest(viewer, now),
    )
    async with console.part(PrintTurn):
        small = {
            name: await asyncio.to_thread(printed, picture) for name, picture in pictures.items()
        }
        sheet = photo_sheet(photos, small, file.tag, words(), console.names)
        file = replace(file, photos=sheet, charts=tagged_charts(charts, file.tag))
        if file_format == "pdf":
            content = await asyncio.to_thread(pdf_file, file, now)
        else:
            content = await asyncio.to_thread(html_file, file)
    media = "application/pdf" if file_format == "pdf" else "text/html; charset=utf-8"
    return Response(
        content,
        media_type=media,
        headers={
            "content-disposition": f'attachment; filename="{case_id}.{file_format}"',
            "content-security-policy": f"{POLICY}; sandbox",
        },
    )


@cache
def words() -> Words:
    """Return the console's words; the files are read once per process."""
    zh, en = (
        json.loads((STATIC / "i18n" / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("zh-CN", "en")
    )
    return Words(zh, en)


async def _photos(
    connection: Connection, case: CaseFile, viewer: Viewer
) -> tuple[list[OutgoingRecord], dict[str, bytes]]:
    """Return the photo rows visible to the officer, the newest first, and the pictures to print."""
    rows = await photo_queries.of_case(
        connection, case.command_ids, case.incident_id, span_of(viewer.root), _MOST_COUNTED
    )
    records = visible_photos(rows, viewer)
    newest = [row["photo_id"] for row in records[:MOST_PHOTOS]]
    return records, await photo_queries.pictures(connection, newest)


async def _charts(
    connection: Connection, case: CaseFile, viewer: Viewer, console: ConsoleDeps
) -> tuple[Chart, ...]:
    """Return the level of the leading sensor with its limits, and the signatures over time."""
    charts = [await _level_chart(connection, case, viewer, console)]
    if case.command_ids:
        begin = min(command["occurred_at"] for command in case.commands)
        result = await course(connection, case.command_ids, span_of(viewer.root), begin)
        charts.append(signature_chart(result, words()))
    return tuple(chart for chart in charts if chart is not None)


async def _level_chart(
    connection: Connection, case: CaseFile, viewer: Viewer, console: ConsoleDeps
) -> Chart | None:
    rows = await sensor_queries.leading_alarms(
        connection, [alert["alert_id"] for alert in case.alerts]
    )
    for row in sorted(rows, key=lambda row: row["alert_id"] != case.case_id):
        sensor = console.names.sensor_entry(row["sensor_id"])
        if sensor is None or not sees(viewer, sensor.place) or not case.is_open_to(viewer):
            continue
        points = await sensor_queries.history(
            connection,
            sensor.sensor_id,
            row["status"],
            series_of(sensor.metric, sensor.unit, sensor.datum),
            row["started_at"] - _AROUND,
            (row["ended_at"] or console.clock.now()) + _AROUND,
        )
        if len(points) > 1:
            levels = console.part(SensorParts).rules.levels(sensor)
            return level_chart(sensor, thinned(points, _MOST_POINTS), levels, words())
    return None


async def _dossier_timeline(
    connection: Connection, case: CaseFile, viewer: Viewer, console: ConsoleDeps
) -> DossierTimeline:
    """Return the timeline in the finest slots within the limit; the coarsest timeline is cut."""
    span = span_of(viewer.root)
    for slot_s in SLOTS_S:
        rows = await queries.lines(
            connection, case, span, slot_s=slot_s, after=None, limit=MOST_LINES + 1
        )
        if len(rows) <= MOST_LINES:
            break
    else:
        rows = await queries.lines(connection, case, span, slot_s=slot_s, after=None, limit=20_000)
    lines = [timeline.line(row, case, viewer, console.names) for row in rows[:MOST_LINES]]
    return DossierTimeline(lines, slot_s, len(rows) - len(lines))
