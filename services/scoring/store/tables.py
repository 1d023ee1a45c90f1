"""The tables that decide about readings: the present content, and the content at a checkpoint.

Messages between the last checkpoint and a crash are emitted again after the crash, with equal ids
and bodies, if equal tables decide about equal input. A checkpoint therefore names the positions in
the tables, and the topics keep overwritten records for HISTORY_S
(`TopicSpec.compaction_lag_ms`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.scoring.core.rules.rule_registry import RuleRegistry
from shared.contracts.topics import CATALOG, RESPONSE_MODES, RULES, TopicSpec
from shared.runtime.platform import Platform
from shared.runtime.tables import AtBoundary, CompactedTable, OnDelete, OnMessage, Positions

HISTORY_S = min(spec.compaction_lag_ms for spec in (CATALOG, RULES, RESPONSE_MODES)) / 1000
"""The tables of a checkpoint can be read for this long after the checkpoint, in seconds."""


@dataclass(frozen=True, slots=True)
class TableHandler:
    """A compacted topic, the handler of its messages, and the handler of deleted keys."""

    topic: TopicSpec
    on_message: OnMessage
    on_delete: OnDelete


TableHandlers = Callable[[RuleRegistry], Sequence[TableHandler]]
"""Returns the tables that fill a registry."""


class Tables(Protocol):
    """The tables as the readings worker uses them."""

    def positions(self) -> Positions:
        """Return how far the topics are applied to the present registry."""

    async def registry_at(self, positions: Positions) -> RuleRegistry:
        """Return the registry as it was at these positions; raises KafkaError."""


class KafkaTables:
    """The topics, applied to one registry continuously and to earlier registries on demand."""

    def __init__(self, bootstrap: str, registry: RuleRegistry, handlers: TableHandlers) -> None:
        self._bootstrap = bootstrap
        self._registry = registry
        self._handlers = handlers
        self._tables: list[CompactedTable] = []

    def follow(self, platform: Platform, at_boundary: AtBoundary) -> None:
        """Load the tables before any reading is consumed, then apply changes at boundaries."""
        for handler in self._handlers(self._registry):
            table = platform.table(
                handler.topic, handler.on_message, handler.on_delete, at_boundary
            )
            self._tables.append(table)

    def positions(self) -> Positions:
        """Return how far the topics are applied to the present registry."""
        return {place: at for table in self._tables for place, at in table.positions.items()}

    async def registry_at(self, positions: Positions) -> RuleRegistry:
        """Return the registry as it was at these positions; raises KafkaError."""
        registry = self._registry.empty()
        for handler in self._handlers(registry):
            table = CompactedTable(
                self._bootstrap, handler.topic, handler.on_message, handler.on_delete
            )
            try:
                await table.load(positions)
            finally:
                await table.stop()
        return registry
