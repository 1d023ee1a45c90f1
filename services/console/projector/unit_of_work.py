"""The unit of work of the projector: a batch of records becomes a few bulk statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.console.projector.projections import case_facts, feed_events
from services.console.projector.projections.feed_events import FeedEvent
from services.console.projector.projections.table import Projection, Row, upsert
from shared.contracts.assignments import AssignmentEvent
from shared.runtime.database import Transaction

_Key = tuple[Any, ...]


class UnitOfWork:
    """Collects rows, case facts and feed events of one transaction, and writes them at its end.

    `tables` are written in this order in every transaction, and the rows of each in the order of
    their keys: two transactions never wait for each other.
    """

    def __init__(self, transaction: Transaction, *, tables: Sequence[Projection]) -> None:
        self._transaction = transaction
        self._tables = tables
        self._rows: dict[str, dict[_Key, Row]] = {table.table: {} for table in tables}
        self._case_facts: dict[_Key, Row] = {}
        self._feed_events: list[FeedEvent] = []
        self._assignments: list[AssignmentEvent] = []
        self._supervised_ids: set[str] = set()
        self._assignment_ids: set[str] = set()

    def needs_supervised(self, assignment_id: str) -> None:
        """Name an assignment whose supervision is written."""
        self._supervised_ids.add(assignment_id)

    def needs_assignment(self, assignment_id: str) -> None:
        """Name an assignment that is written."""
        self._assignment_ids.add(assignment_id)

    async def lock(self) -> None:
        """Lock the assignments in one order, before any of them or of their supervision is written.

        A trigger locks the assignment of each row of supervision (deploy/migrations/sql). After the
        assignments of the batch this would be a second round of locks, in which two transactions
        could wait for each other.
        """
        if self._supervised_ids:
            await self._transaction.connection.execute(
                "SELECT 1 FROM console.assignment WHERE assignment_id = ANY($1::text[]) "
                "ORDER BY assignment_id FOR NO KEY UPDATE",
                list(self._supervised_ids | self._assignment_ids),
            )

    async def load(self) -> None:
        """Lock what the batch writes; a projection reads nothing."""
        await self.lock()

    def add(self, table: Projection, message: Any) -> None:
        """Add the row of a record; of one key only the row with the largest rank is written."""
        row = table.row(message)
        key = tuple(row[name] for name in table.key)
        rows = self._rows[table.table]
        existing_row = rows.get(key)
        if existing_row is None or table.rank(row) > table.rank(existing_row):
            rows[key] = row

    def add_case_fact(self, fact: Row) -> None:
        """Add a fact of a case; the same record is one fact."""
        self._case_facts[fact["thread"], fact["at"], fact["event_id"]] = fact

    def add_feed_event(self, event: FeedEvent) -> None:
        """Add an event of the feed."""
        self._feed_events.append(event)

    def count_assignment(self, event: AssignmentEvent) -> None:
        """Count an assignment in the event of the feed for its command, town and state."""
        self._assignments.append(event)

    async def save(self) -> None:
        """Write all rows, then append to the feed."""
        for table in self._tables:
            rows = self._rows[table.table]
            await upsert(self._transaction, table, [rows[key] for key in sorted(rows)])
        facts = [self._case_facts[key] for key in sorted(self._case_facts)]
        await upsert(self._transaction, case_facts.TABLE, facts)
        events = self._feed_events + feed_events.assignment_feed_events(self._assignments)
        events.sort(key=lambda event: event["at"])
        await feed_events.append(self._transaction, [feed_events.row_of(event) for event in events])
