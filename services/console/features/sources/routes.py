"""Routes of data sources 数据来源: the list, and the changes by officers who administer."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.console.core import access
from services.console.core.access import Viewer, span_of
from services.console.core.record import Json
from services.console.features.sources import queries, views
from services.console.features.sources.actions import SourceChange, change_source
from services.console.features.sources.bodies import (
    LimitsBody,
    NewSourceBody,
    RevocationBody,
    RotationBody,
)
from services.console.features.sources.responses import RecordedSource, SourceList, SourceView
from services.console.features.sources.source_book import CataloguedSource
from services.console.features.sources.source_parts import SourceParts
from services.console.store.connections import reading
from services.console.web.actions import IdempotencyKey, accept_action
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.parameters import Cursor, Limit
from services.console.web.problems import ApiProblem, hidden, unknown
from services.console.web.response_models import json_response, recorded
from services.console.web.responses import as_json
from services.console.web.viewers import SignedInViewer
from shared.contracts.fields import UnitId
from shared.contracts.refusals import RefusedFor
from shared.contracts.sources import SourceEntry, SourceId
from shared.contracts.units import parent_of
from shared.domain import source_changes
from shared.domain.recent_refusals import MOST_OF_SOURCE
from shared.domain.source_changes import WrongChange

router = APIRouter(prefix="/api/sources", tags=["sources"])

_KEY_BYTES = 32
_WRONG = {
    "exists": ("The source exists", "Change its limits instead."),
    "ended": ("The source has ended", "Create it again, and it begins anew."),
    "many_keys": ("The source has four valid keys", "End the older ones first."),
}
_STALE = ApiProblem(
    409,
    "The source was changed meanwhile",
    "Look at it once more, then change it.",
    reason="stale",
)


@router.get("", responses=json_response(SourceList))
async def list_sources(
    console: Deps,
    viewer: SignedInViewer,
    place: Annotated[UnitId | None, Query()] = None,
    after: Cursor = "",
    limit: Limit = 100,
) -> Response:
    """List the sources that belong to a unit or to one below it, by id.

    Without `place` the unit is the first administered one of the officer. A source comes with the
    limits, the last reading, the readings of the last full minute, and the refusals of the last
    day. Refusals are counted within seconds, repetitions within ten minutes.
    """
    root = console.administered_place(viewer, place)
    sources = console.part(SourceParts).book.owned(span_of(root).holds)
    page = [source for source in sources if source.entry.source > after][:limit]
    return as_json(
        {
            "sources": await _views(console, page),
            "next": page[-1].entry.source if len(page) == limit else None,
            "total": len(sources),
        }
    )


@router.get("/{source_id}", responses=json_response(SourceView))
async def get_source(console: Deps, viewer: SignedInViewer, source_id: SourceId) -> Response:
    """Return a source."""
    source = _source(console, viewer, source_id)
    [view] = await _views(console, [source])
    return as_json(view)


@router.post("", status_code=202, responses=recorded(RecordedSource))
async def create_source(
    console: Deps, viewer: SignedInViewer, body: NewSourceBody, _key: IdempotencyKey = None
) -> Response:
    """Add a source with a first key, or let an ended source begin again.

    The key is in this answer alone: nothing stores the key, and a repeated answer has none.
    """
    present = console.part(SourceParts).book.find(body.source)
    key = secrets.token_urlsafe(_KEY_BYTES)
    fields = {"source": body.source, **dict(body.limits)}
    with _wrong_changes():
        entry = source_changes.created(None if present is None else present.entry, fields, key)
    change = SourceChange("create", entry, present, body.reason)
    return await _accept(console, viewer, change, key)


@router.post("/{source_id}/limits", status_code=202, responses=recorded(RecordedSource))
async def limit_source(
    console: Deps,
    viewer: SignedInViewer,
    source_id: SourceId,
    body: LimitsBody,
    _key: IdempotencyKey = None,
) -> Response:
    """Give a source new limits, in force as soon as the ledger has them; the keys stay."""
    source = _source(console, viewer, source_id, body.record_id)
    with _wrong_changes():
        entry = source_changes.limited(source.entry, dict(body.limits))
    return await _accept(console, viewer, SourceChange("limit", entry, source, body.reason))


@router.post("/{source_id}/rotation", status_code=202, responses=recorded(RecordedSource))
async def rotate_source(
    console: Deps,
    viewer: SignedInViewer,
    source_id: SourceId,
    body: RotationBody,
    _key: IdempotencyKey = None,
) -> Response:
    """Give a source a further key; the keys before it end a little later.

    The key is in this answer alone: nothing stores it, and a repeated answer has none.
    """
    source = _source(console, viewer, source_id, body.record_id)
    key, now = secrets.token_urlsafe(_KEY_BYTES), console.clock.now()
    with _wrong_changes():
        overlap = timedelta(hours=body.overlap_h)
        entry = source_changes.rotated(source.entry, key, now, overlap)
    return await _accept(console, viewer, SourceChange("rotate", entry, source, body.reason), key)


@router.post("/{source_id}/revocation", status_code=202, responses=recorded(RecordedSource))
async def revoke_source(
    console: Deps,
    viewer: SignedInViewer,
    source_id: SourceId,
    body: RevocationBody,
    _key: IdempotencyKey = None,
) -> Response:
    """End a source with all keys, or end the keys before the newest one alone."""
    source = _source(console, viewer, source_id, body.record_id)
    with _wrong_changes():
        entry = source_changes.revoked(source.entry, older_keys_only=body.older_keys_only)
    return await _accept(console, viewer, SourceChange("revoke", entry, source, body.reason))


def _source(
    console: ConsoleDeps, viewer: Viewer, source_id: str, record_id: str | None = None
) -> CataloguedSource:
    """Return an administered source, at the record of the officer.

    Raises 404, and 409 for an older record.
    """
    source = console.part(SourceParts).book.find(source_id)
    if source is None:
        raise unknown("source")
    if access.may_administer(viewer, source.entry.owner) is not None:
        raise hidden("source", source.entry.owner)
    if record_id not in (None, source.record_id):
        raise _STALE
    return source


async def _views(console: ConsoleDeps, sources: Sequence[CataloguedSource]) -> list[Json]:
    ids = [source.entry.source for source in sources]
    async with reading(console.database) as connection:
        activities = await queries.activities(connection, ids)
    now, refusals = console.clock.now(), console.part(SourceParts).refusals
    return [
        views.source(
            source,
            activities.get(source.entry.source),
            [item for _, item in refusals.page(source.entry.source, now, MOST_OF_SOURCE).refusals],
            console.names,
            now,
        )
        for source in sources
    ]


async def _accept(
    console: ConsoleDeps, viewer: Viewer, change: SourceChange, key: str | None = None
) -> Response:
    """Record a change by an officer who may write the entry before it and after it."""
    entries = [change.entry, *([change.replaced.entry] if change.replaced else [])]
    acting = console.administrator(
        viewer, lambda officer: _denial(console, officer, entries), change.entry.owner
    )
    named = (change.entry.owner, *change.entry.places)
    absent = [unit for unit in named if unit != "*" and unit not in console.names.tree]
    if absent:
        raise ApiProblem(
            422,
            "A unit is not in the ledger",
            f"Choose others: {', '.join(absent[:10])}",
            reason="unknown_unit",
        )
    act = change_source(acting, change, console.clock.now())
    return await accept_action(console, act, once={"key": key}, source=change.entry.source)


def _denial(
    console: ConsoleDeps, officer: Viewer, entries: Sequence[SourceEntry]
) -> RefusedFor | None:
    above = parent_of(officer.unit)
    is_root = above is None or above not in console.names.tree
    denials = (
        access.may_write_source(officer, entry.owner, entry.places, is_root=is_root)
        for entry in entries
    )
    return next((denial for denial in denials if denial is not None), None)


@contextmanager
def _wrong_changes() -> Iterator[None]:
    """Answer 409 where the change cannot be made."""
    try:
        yield
    except WrongChange as wrong:
        name = str(wrong.args[0])
        raise ApiProblem(409, *_WRONG[name], reason=f"source_{name}") from None
