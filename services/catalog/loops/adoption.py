"""Entries that set-up has written to the topic enter the ledger; a record that differs from a
decision of a person is replaced by that of the ledger.

Every process compares what its table reads. The ledger's lock lets one process at a time store its
results; the next one finds the same keys equal.
"""

from __future__ import annotations

import asyncio

import structlog

from services.catalog.core.adoption import Comparison, compare
from services.catalog.core.topic_rows import TopicRow, TopicRows
from services.catalog.core.versions import Authorship, EntryVersion
from services.catalog.metrics import CatalogMetrics
from services.catalog.store import entries as store
from shared.contracts.catalog import CatalogEntry
from shared.contracts.ids import content_id
from shared.contracts.topics import CATALOG
from shared.runtime.database import Database, Transaction
from shared.runtime.errors import Transient

log = structlog.get_logger("fenghuo.catalog")

SET_UP = "deploy"
"""The actor of entries that set-up has written."""
_BATCH = 500
_POLL_S = 0.5


class Adoption:
    """Compares what the table of the topic reads with the ledger."""

    def __init__(self, database: Database, rows: TopicRows, metrics: CatalogMetrics) -> None:
        self._database = database
        self._rows = rows
        self._metrics = metrics

    async def run(self) -> None:
        """Background loop: compare new rows at once, and rows that differ from time to time."""
        while True:
            try:
                while await self.compare_due(asyncio.get_running_loop().time()):
                    pass
            except Transient as error:
                log.warning("adoption_retry", error=str(error))
            await asyncio.sleep(_POLL_S)

    async def compare_due(self, now: float) -> int:
        """Compare some rows with the ledger; return their number. `now`: the event loop's time."""
        due = self._rows.due(_BATCH, now)
        if not due:
            return 0
        async with self._database.transaction() as transaction:
            await store.lock(transaction)
            newest = {version.key: version for version in await store.load(transaction, due)}
            results = {
                key: compare(row.record, newest.get(key), row.differs_for(now))
                for key, row in due.items()
            }
            adopted = [
                _adopted(row.record, newest.get(key))
                for key, row in due.items()
                if results[key] is Comparison.ADOPT and row.record is not None
            ]
            await store.save(transaction, adopted)
            restated = [
                newest[key] for key, result in results.items() if result is Comparison.RESTATE
            ]
            for version in restated:
                _restate(transaction, version)
        for key, row in due.items():
            self._settle(key, row, results[key], now)
        self._metrics.count(version for version, _ in adopted)
        self._metrics.restated.inc(len(restated))
        if adopted or restated:
            log.info("topic_compared", adopted=len(adopted), restated=len(restated))
        return len(due)

    def _settle(self, key: str, row: TopicRow, result: Comparison, now: float) -> None:
        if result is Comparison.WAIT:
            self._rows.postpone(key, row, now)
        else:
            self._rows.settle(key, row)


def _adopted(record: CatalogEntry, newest: EntryVersion | None) -> store.NewVersion:
    """Return the version that set-up has made by this record."""
    number = 1 if newest is None else newest.version + 1
    return (
        EntryVersion(number, record, by_set_up=True),
        Authorship(record.id, SET_UP, record.origin_unit),
    )


def _restate(transaction: Transaction, version: EntryVersion) -> None:
    """Publish an entry as the ledger has it; the rows of a version are queued once at a time."""
    if version.retired:
        deletion = content_id("cat", version.key, version.version, "restated")
        transaction.publish_deletion(CATALOG, version.key, deletion)
    else:
        transaction.publish(CATALOG, version.key, version.record, version.record.id)
