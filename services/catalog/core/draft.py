"""The changes of one request, made in the ledger as they are decided."""

from __future__ import annotations

from datetime import datetime

from services.catalog.core.ledger import Ledger
from services.catalog.core.refusals import LedgerRefusal
from services.catalog.core.rights import may_write
from services.catalog.core.tree_rules import check_put
from services.catalog.core.versions import EntryVersion, unit_of
from shared.contracts.catalog import CatalogEntry, Entry, catalog_key
from shared.contracts.catalog_requests import CatalogRequest
from shared.contracts.dead_letter import Reason
from shared.contracts.ids import content_id
from shared.contracts.units import tier_of


class Draft:
    """The new versions of a request. `put` and `retire` raise LedgerRefusal."""

    def __init__(self, ledger: Ledger, request: CatalogRequest, now: datetime) -> None:
        self.ledger = ledger
        self.request = request
        self.versions: list[EntryVersion] = []
        self._now = now

    def demand_right(self, entry: Entry) -> None:
        """Raise LedgerRefusal unless the officer may write the entry."""
        if not may_write(self.ledger, self.request.origin_unit, entry):
            raise LedgerRefusal(
                Reason.NOT_ALLOWED,
                f"{self.request.origin_unit} does not write {catalog_key(entry)}",
            )

    def put(self, entry: Entry) -> None:
        """Let the entry be so; an entry that is so already gets no version."""
        newest = self.ledger.newest(catalog_key(entry))
        if newest is not None and newest.live == entry:
            return
        check_put(self.ledger, entry)
        number = 1 if newest is None else newest.version + 1
        self._add(EntryVersion(number, self._record(entry, number)))

    def retire(self, key: str) -> None:
        """Take an entry out of use; a retired entry stays as it is."""
        newest = self.newest(key)
        if not newest.retired:
            self._add(EntryVersion(newest.version + 1, newest.record, retired=True))

    def newest(self, key: str) -> EntryVersion:
        """Return the newest version of an entry; raises LedgerRefusal without such an entry."""
        newest = self.ledger.newest(key)
        if newest is None:
            raise LedgerRefusal(Reason.UNKNOWN_SUBJECT, f"the ledger has no entry {key}")
        return newest

    def _add(self, version: EntryVersion) -> None:
        self.ledger.put(version)
        self.versions.append(version)

    def _record(self, entry: Entry, version: int) -> CatalogEntry:
        request = self.request
        unit = unit_of(entry) or request.origin_unit
        return CatalogEntry(
            id=content_id("cat", catalog_key(entry), version, request.id),
            occurred_at=request.occurred_at,
            sent_at=self._now,
            origin_unit=unit,
            tier=tier_of(unit),
            areas=(unit,),
            references=(request.id,),
            trace_id=request.trace_id or request.id,
            entry=entry,
            version=version,
        )
