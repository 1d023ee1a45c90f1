"""The decision on a request: the new versions, or why there are none.

A trial is decided like a change and leaves the ledger as it was. It names every refusal, where a
change ends with its first one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from services.catalog.core.changes import apply
from services.catalog.core.ledger import Ledger
from services.catalog.core.refusals import LedgerRefusal
from services.catalog.core.versions import EntryVersion
from shared.contracts.catalog_requests import (
    CatalogAct,
    CatalogRequest,
    MoveEntries,
    PutEntries,
)


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision on a request, with the versions that it makes, or would make as a trial."""

    request: CatalogRequest
    versions: tuple[EntryVersion, ...] = ()
    refusals: tuple[LedgerRefusal, ...] = ()


def decide(ledger: Ledger, request: CatalogRequest, now: datetime) -> Decision:
    """Decide on a request; the ledger has the versions of a change, and nothing of a trial."""
    if request.trial:
        return _decide_trial(ledger, request, now)
    try:
        return Decision(request, tuple(apply(ledger, request, now)))
    except LedgerRefusal as refusal:
        return Decision(request, refusals=(refusal,))


def _decide_trial(ledger: Ledger, request: CatalogRequest, now: datetime) -> Decision:
    mark = ledger.mark()
    versions: list[EntryVersion] = []
    refusals: list[LedgerRefusal] = []
    for act in _parts(request.act):
        try:
            versions += apply(ledger, request.model_copy(update={"act": act}), now)
        except LedgerRefusal as refusal:
            refusals.append(refusal)
    ledger.go_back(mark)
    return Decision(request, tuple(versions), tuple(refusals))


def _parts(act: CatalogAct) -> Iterator[CatalogAct]:
    """Yield the parts of an act that can be refused one by one."""
    match act:
        case PutEntries(puts=puts):
            yield from (PutEntries(puts=(put,)) for put in puts)
        case MoveEntries(keys=keys, to=to):
            yield from (MoveEntries(keys=(key,), to=to) for key in keys)
        case _:
            yield act
