"""A request applied to the ledger: all of its changes, or none."""

from __future__ import annotations

from datetime import datetime

from services.catalog.core.draft import Draft
from services.catalog.core.ledger import Ledger
from services.catalog.core.refusals import LedgerRefusal
from services.catalog.core.tree_rules import check_retired
from services.catalog.core.versions import EntryVersion
from shared.contracts.catalog import catalog_key
from shared.contracts.catalog_requests import (
    CatalogRequest,
    EntryPut,
    PutEntries,
    RetireEntries,
)
from shared.contracts.dead_letter import Reason


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
    number = 0 if newest is None else newest.version
    if put.version is not None and put.version != number:
        raise LedgerRefusal(
            Reason.STALE, f"{key} has version {number} now, the request is about {put.version}"
        )
    draft.put(put.entry)


def _retire(draft: Draft, keys: tuple[str, ...]) -> None:
    for key in keys:
        draft.demand_right(draft.newest(key).record.entry)
        draft.retire(key)
    for version in draft.versions:
        check_retired(draft.ledger, version.record.entry)
