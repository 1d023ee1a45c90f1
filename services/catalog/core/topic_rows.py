"""The newest records of the topic by key, as the table reads them, until the ledger agrees."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from shared.contracts.catalog import CatalogEntry, catalog_key

_INTERVAL_S = 5.0
"""A key that differs from the ledger is compared so often."""


@dataclass(frozen=True, slots=True)
class TopicRow:
    """The newest record of a key, None for a tombstone.

    `differs_since` is the event loop's time of the first comparison that found a difference.
    """

    record: CatalogEntry | None
    differs_since: float | None = None
    due_at: float = 0.0

    def differs_for(self, now: float) -> float:
        """Return for how many seconds the row has differed from the ledger."""
        return 0.0 if self.differs_since is None else now - self.differs_since


class TopicRows:
    """The rows to compare: new rows in the order of reading, then rows that differ."""

    def __init__(self) -> None:
        self._new: dict[str, TopicRow] = {}
        self._differing: dict[str, TopicRow] = {}

    def put(self, message: CatalogEntry) -> None:
        """Add the record of a key."""
        self._add(catalog_key(message.entry), message)

    def remove(self, key: str) -> None:
        """Add the tombstone of a key."""
        self._add(key, None)

    def records(self) -> dict[str, CatalogEntry]:
        """Return the records to compare by key, without the tombstones."""
        rows = self._differing | self._new
        return {key: row.record for key, row in rows.items() if row.record is not None}

    def due(self, limit: int, now: float) -> dict[str, TopicRow]:
        """Return at most `limit` rows to compare now, by key."""
        if self._new:
            return dict(islice(self._new.items(), limit))
        due = ((key, row) for key, row in self._differing.items() if row.due_at <= now)
        return dict(islice(due, limit))

    def settle(self, key: str, row: TopicRow) -> None:
        """Delete a row that agrees with the ledger; a newer row of the key stays."""
        for rows in (self._new, self._differing):
            if rows.get(key) is row:
                del rows[key]

    def postpone(self, key: str, row: TopicRow, now: float) -> None:
        """Let a row that differs from the ledger be compared later; a newer row stays."""
        self.settle(key, row)
        if key not in self._new:
            since = now if row.differs_since is None else row.differs_since
            self._differing[key] = TopicRow(row.record, since, now + _INTERVAL_S)

    def _add(self, key: str, record: CatalogEntry | None) -> None:
        self._differing.pop(key, None)
        self._new[key] = TopicRow(record)
