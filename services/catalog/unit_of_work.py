"""One transaction of catalog: the entries that it needs, their new versions, and the topic.

One lock covers the whole ledger: a check of a unit's parent or of what lies below it stays true
until the transaction has ended. An entry and its record on the topic, or its tombstone, are stored
together.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.catalog.core.decisions import Decision
from services.catalog.core.ledger import Ledger
from services.catalog.core.needs import Needs
from services.catalog.core.versions import Authorship, EntryVersion, named_units, unit_key
from services.catalog.metrics import CatalogMetrics
from services.catalog.store import decisions
from services.catalog.store import entries as store
from shared.contracts.catalog_requests import CatalogRequest
from shared.contracts.ids import content_id
from shared.contracts.topics import CATALOG
from shared.runtime.database import Transaction


class UnitOfWork:
    """The part of the ledger that one transaction reads and changes."""

    def __init__(self, transaction: Transaction, *, metrics: CatalogMetrics) -> None:
        self._transaction = transaction
        self._metrics = metrics
        self._needs = Needs()
        self._new: list[store.NewVersion] = []
        self._decisions: list[Decision] = []
        self.ledger = Ledger()

    @property
    def now(self) -> datetime:
        """The time of the transaction, from which its changes hold."""
        return self._transaction.now

    def need(self, request: CatalogRequest) -> None:
        """Name what a request needs."""
        self._needs.add(request)

    async def lock(self) -> None:
        """Lock the ledger."""
        await store.lock(self._transaction)

    async def load(self) -> None:
        """Lock the ledger and read the entries that were named, and the units that these name."""
        await self.lock()
        needs = self._needs
        units = needs.named | await store.units_below(self._transaction, needs.subtrees)
        keys = needs.keys | set(map(unit_key, units))
        versions = await store.load(self._transaction, keys, units)
        present = {version.key for version in versions}
        named = {unit for version in versions for unit in named_units(version.record.entry)}
        neighbours = set(map(unit_key, named)) - present
        self.ledger = Ledger([*versions, *await store.load(self._transaction, neighbours)])

    def note(self, decision: Decision) -> None:
        """Keep a decision for the officer who waits for it."""
        self._decisions.append(decision)

    def save_versions(self, versions: Sequence[EntryVersion], request: CatalogRequest) -> None:
        """Store the versions that a request has made, and publish them."""
        authorship = Authorship(
            request.id, request.officer_id, request.origin_unit, request.post, request.reason
        )
        for version in versions:
            self._new.append((version, authorship))
            if version.retired:
                deletion = content_id("cat", version.key, version.version, request.id)
                self._transaction.publish_deletion(CATALOG, version.key, deletion)
            else:
                self._transaction.publish(CATALOG, version.key, version.record, version.record.id)
        self._metrics.count(versions)

    async def save(self) -> None:
        """Write the versions and the decisions."""
        await store.save(self._transaction, self._new)
        await decisions.save(self._transaction, self._decisions)
