"""The tables that decide how readings are judged: as they stand, and as they stood at a checkpoint.

What was emitted between the last checkpoint and a crash is emitted again, with the same ids and bodies, if
that input is judged again by the same tables. So a checkpoint names how far they had been taken in, and
the topics keep what is overwritten for HISTORY_S (`TopicSpec.compaction_lag_ms`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from services.scoring.core.book import RuleBook
from services.scoring.core.checks import Refused
from shared.contracts.catalog import CatalogEntry, SensorEntry
from shared.contracts.rules import RuleDefinition
from shared.contracts.topics import CATALOG, MODES, RULES, TopicSpec
from shared.runtime.errors import Reject
from shared.runtime.platform import Platform
from shared.runtime.tables import AtBoundary, CompactedTable, OnDelete, OnMessage, Positions

HISTORY_S = min(spec.compaction_lag_ms for spec in (CATALOG, RULES, MODES)) / 1000
"""So long after a checkpoint the tables can still be had as they stood then, in seconds."""


class Tables(Protocol):
    """What the worker asks of them."""

    def positions(self) -> Positions:
        """How far they have been taken into the book in force."""

    async def book_at(self, positions: Positions) -> RuleBook:
        """The book as it was at these positions; raises KafkaError."""


class Filling:
    """Takes records of the tables into a book."""

    def __init__(self, book: RuleBook) -> None:
        self._book = book

    def sources(self) -> Iterable[tuple[TopicSpec, OnMessage, OnDelete | None]]:
        """Each topic with what takes its records; the catalogue first, rules are checked against it."""
        yield CATALOG, self.on_catalog, self.on_catalog_deleted
        yield RULES, self.on_rule, None
        yield MODES, self._book.put_mode, None

    def on_catalog(self, message: CatalogEntry) -> None:
        """Only sensors matter here."""
        if isinstance(message.entry, SensorEntry):
            self._book.put_sensor(message.entry)

    def on_catalog_deleted(self, key: str) -> None:
        """`sensor:ID` is no longer catalogued."""
        kind, _, sensor_id = key.partition(":")
        if kind == "sensor":
            self._book.drop_sensor(sensor_id)

    def on_rule(self, message: RuleDefinition) -> None:
        """Raises Reject for a rule that cannot be used."""
        try:
            self._book.put_rule(message)
        except Refused as why:
            raise Reject(why.reason, why.detail) from None


class KafkaTables:
    """The topics, followed into one book; others are read on demand. See `Tables`."""

    def __init__(self, bootstrap: str, lateness_s: float, book: RuleBook) -> None:
        self._bootstrap = bootstrap
        self._lateness_s = lateness_s
        self._book = book
        self._followed: list[CompactedTable] = []

    def follow(self, platform: Platform, at_boundary: AtBoundary) -> None:
        """Load them before anything is consumed, then take changes in at boundaries."""
        for spec, take, drop in Filling(self._book).sources():
            self._followed.append(platform.table(spec, take, drop, at_boundary))

    def positions(self) -> Positions:
        """How far they have been taken into the book in force."""
        return {place: at for table in self._followed for place, at in table.positions.items()}

    async def book_at(self, positions: Positions) -> RuleBook:
        """The book as it was at these positions; raises KafkaError."""
        book = RuleBook(self._lateness_s)
        for spec, take, drop in Filling(book).sources():
            table = CompactedTable(self._bootstrap, spec, take, None, drop)
            try:
                await table.load(positions)
            finally:
                await table.stop()
        return book
