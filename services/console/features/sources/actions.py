"""Changes of sources by officers, as requests to the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.console.core.access import Viewer
from services.console.core.action_record import ActionRecord, head
from services.console.features.sources.source_book import CataloguedSource
from shared.contracts.catalog_requests import (
    CatalogAct,
    CatalogRequest,
    EntryPut,
    PutEntries,
)
from shared.contracts.fields import Status
from shared.contracts.ids import content_id
from shared.contracts.sources import SourceEntry
from shared.contracts.topics import CATALOG_REQUESTS

SourceVerb = Literal["create", "limit", "rotate", "revoke"]


@dataclass(frozen=True, slots=True)
class SourceChange:
    """A source as it is to be.

    `replaced` is the entry that the officer has read, None for a new source.
    """

    verb: SourceVerb
    entry: SourceEntry
    replaced: CataloguedSource | None
    reason: str


def change_source(viewer: Viewer, change: SourceChange, now: datetime) -> ActionRecord:
    """Return the request for a change; an officer makes one change of a kind of a record."""
    entry, replaced = change.entry, change.replaced
    base = "new" if replaced is None else replaced.record_id
    # Of a new source the keys are no part: a second click would make a second key otherwise.
    content = entry.model_dump_json(exclude={"key_hashes"}) if change.verb == "create" else ""
    put = EntryPut(entry=entry, version=0 if replaced is None else replaced.version)
    return _request(
        viewer,
        (change.verb, entry.source, base, content),
        PutEntries(puts=(put,)),
        change.reason,
        entry.owner,
        now,
    )


def _request(
    viewer: Viewer,
    meaning: tuple[str, ...],
    act: CatalogAct,
    reason: str,
    unit: str,
    now: datetime,
) -> ActionRecord:
    request = CatalogRequest(
        id=content_id("crq", viewer.officer_id, *meaning),
        act=act,
        reason=reason,
        officer_id=viewer.officer_id,
        post=viewer.post,
        **head(viewer, {"status": Status.ACTUAL, "trace_id": None}, (unit,), (), now),
    )
    return ActionRecord(CATALOG_REQUESTS, viewer.officer_id, request, viewer.officer_id)
