"""A case as a file to hand on: HTML or PDF, the same contents."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from functools import cache
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from services.console.core.access import Viewer, span_of
from services.console.core.record import Record
from services.console.features.cases import queries, review_views, timeline
from services.console.features.cases.case import Case
from services.console.features.cases.dossier import (
    MOST_LINES,
    SLOTS_S,
    DossierTimeline,
    PrintRequest,
    dossier,
)
from services.console.features.cases.photo_sheet import MOST_PHOTOS, photo_sheet, shown
from services.console.features.cases.printing.html_file import POLICY, html_file
from services.console.features.cases.printing.pdf_file import pdf_file
from services.console.features.cases.printing.print_turn import PrintTurn
from services.console.features.cases.review_routes import review_of
from services.console.features.cases.routes import evaluated, visible_case
from services.console.features.cases.words import Words
from services.console.features.photos import queries as photo_queries
from services.console.features.photos.drawing import printed
from services.console.store.connections import Connection, reading
from services.console.web.assets import STATIC
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.viewers import PlaceViewer
from shared.contracts.fields import Identifier

router = APIRouter(prefix="/api")

_COUNTED = 10_000
"""Photos of a case that are counted."""


@router.get("/cases/{case_id}/export", response_model=None)
async def export(
    console: Deps,
    viewer: PlaceViewer,
    case_id: Identifier,
    style: Annotated[Literal["html", "pdf"], Query(alias="format")] = "html",
) -> Response:
    """The case within the officer's subtree as one file: head, figures, timeline, units, late ones, review, photos."""
    now = console.clock.now()
    async with reading(console.database) as connection:
        case = await visible_case(connection, viewer, case_id)
        result = await evaluated(connection, case, viewer)
        told = await _told(connection, case, viewer, console)
        written = await review_of(connection, case, viewer, console)
        photos, whole = await _photos(connection, case, viewer)
    file = dossier(
        case,
        case.state(written is not None),
        result,
        told,
        review_views.tables(written, words()),
        words(),
        console.names,
        PrintRequest(viewer, now),
    )
    async with console.part(PrintTurn):
        small = {name: await asyncio.to_thread(printed, one) for name, one in whole.items()}
        file = replace(file, photos=photo_sheet(photos, small, file.tag, words(), console.names))
        if style == "pdf":
            content = await asyncio.to_thread(pdf_file, file, now)
        else:
            content = await asyncio.to_thread(html_file, file)
    media = "application/pdf" if style == "pdf" else "text/html; charset=utf-8"
    return Response(
        content,
        media_type=media,
        headers={
            "content-disposition": f'attachment; filename="{case_id}.{style}"',
            "content-security-policy": f"{POLICY}; sandbox",
        },
    )


@cache
def words() -> Words:
    """The console's words, read once."""
    zh, en = (
        json.loads((STATIC / "i18n" / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("zh-CN", "en")
    )
    return Words(zh, en)


async def _photos(
    connection: Connection, case: Case, viewer: Viewer
) -> tuple[list[Record], dict[str, bytes]]:
    """What is known of the photos that the officer sees, the newest first, and the pictures to be printed."""
    rows = await photo_queries.of_commands(
        connection, case.command_ids, span_of(viewer.root), _COUNTED
    )
    records = shown(rows, viewer)
    newest = [row["photo_id"] for row in records[:MOST_PHOTOS]]
    return records, await photo_queries.pictures(connection, newest)


async def _told(
    connection: Connection, case: Case, viewer: Viewer, console: ConsoleDeps
) -> DossierTimeline:
    """The timeline in the finest slots in which it fits; the coarsest is cut."""
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
