"""A request applied to the ledger: all of its changes, or none."""

from __future__ import annotations

from datetime import datetime

from services.catalog.core.draft import Draft
from services.catalog.core.ledger import Ledger
from services.catalog.core.merging import merge
from services.catalog.core.refusals import LedgerRefusal
from services.catalog.core.tree_rules import check_retired
from services.catalog.core.versions import EntryVersion
from shared.contracts.catalog import Entry, GroupEntry, SensorEntry, UnitEntry, catalog_key
from shared.contracts.catalog_requests import (
    CatalogRequest,
    EntryPut,
    MergeUnits,
    MoveEntries,
    PutEntries,
    RetireEntries,
)
from shared.contracts.dead_letter import Reason
from shared.contracts.sources import SourceEntry


def apply(ledger: Ledger, request: CatalogRequest, now: datetime) -> list[EntryVersion]:
    """Apply a request and return the new versions.

    Raises LedgerRefusal; the ledger is then as before.
    """
    mark = ledger.mark()
    draft = Draft(ledger, request, now)
    try:
        match request.act:
            case PutEntries(puts=puts):
                for put in puts:
                    _put(draft, put)
            case RetireEntries(keys=keys):
                _retire(draft, keys)
            case MoveEntries(keys=keys, to=to):
                for key in keys:
                    _move(draft, key, to)
            case MergeUnits(unit=unit, into=into):
                merge(draft, unit, into)
    except LedgerRefusal:
        ledger.go_back(mark)
        raise
    return draft.versions


def _put(draft: Draft, put: EntryPut) -> None:
    key = catalog_key(put.entry)
    newest = draft.ledger.newest(key)
    draft.demand_right(put.entry)
    if newest is not None:
        draft.demand_right(newest.record.entry)
        if newest.live == put.entry:
            return
    _check_read(key, put, newest)
    draft.put(put.entry)


def _check_read(key: str, put: EntryPut, newest: EntryVersion | None) -> None:
    """Check that the officer has read the newest version; raises LedgerRefusal."""
    number = 0 if newest is None else newest.version
    is_absent = newest is None or newest.retired
    if put.version not in (None, number) and not (put.version == 0 and is_absent):
        raise LedgerRefusal(
            Reason.STALE, f"{key} has version {number} now, the request is about {put.version}"
        )
    newest_id = None if newest is None else newest.record.id
    if put.replaces is not None and put.replaces != newest_id:
        raise LedgerRefusal(Reason.STALE, f"{key} has another record than {put.replaces} now")


def _retire(draft: Draft, keys: tuple[str, ...]) -> None:
    for key in keys:
        draft.demand_right(draft.newest(key).record.entry)
        draft.retire(key)
    for version in draft.versions:
        check_retired(draft.ledger, version.record.entry)


def _move(draft: Draft, key: str, to: str) -> None:
    entry = draft.newest(key).live
    if entry is None:
        raise LedgerRefusal(Reason.UNKNOWN_SUBJECT, f"{key} is retired")
    new = _at(entry, key, to)
    draft.demand_right(entry)
    draft.demand_right(new)
    draft.put(new)


def _at(entry: Entry, key: str, to: str) -> Entry:
    match entry:
        case SensorEntry():
            return entry.model_copy(update={"place": to})
        case GroupEntry() | SourceEntry():
            return entry.model_copy(update={"owner": to})
        case UnitEntry():
            return entry.model_copy(update={"parent": to})
        case _:
            raise LedgerRefusal(Reason.SCHEMA, f"{key} has no place")
