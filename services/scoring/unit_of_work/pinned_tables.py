"""The tables of the last checkpoint, for input that may have been processed before a crash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from aiokafka.errors import KafkaError

from services.scoring.core.rules.rule_registry import RuleRegistry
from services.scoring.store.changelog import Checkpoint, StoredPartition
from services.scoring.store.tables import HISTORY_S, Tables
from shared.runtime.errors import Transient
from shared.runtime.tables import Positions

log = structlog.get_logger("fenghuo.scoring.pinned_tables")


@dataclass(frozen=True)
class PinnedTables:
    """The registries of a partition after a restart.

    `state_registry` is that of the stored states. `registry` evaluates the input; it was in force
    at `positions` of the tables. From the offset `until` on the present registry evaluates; None
    means that `registry` is the present one.
    """

    state_registry: RuleRegistry
    registry: RuleRegistry
    positions: Positions
    until: int | None = None


async def pinned_tables(
    partitions: Mapping[int, StoredPartition], registry: RuleRegistry, tables: Tables, now: float
) -> dict[int, PinnedTables]:
    """Return the tables of each partition after a restart.

    `registry` is the present registry, `now` is in seconds since 1970. Raises Transient when the
    tables cannot be read.
    """
    present = tables.positions()
    registries: list[tuple[Positions, RuleRegistry]] = [(present, registry)]
    results: dict[int, PinnedTables] = {}
    for number, stored in partitions.items():
        results[number] = PinnedTables(registry, registry, present)
        last = stored.checkpoint
        if last is None or not last.table_positions:
            continue
        if last.table_positions == last.state_positions == present:
            continue
        if now - last.written_at > HISTORY_S:
            log.warning("evaluated_by_present_tables", partition=number, since=last.written_at)
            continue
        state_registry = await _registry_at(last.state_positions, tables, registries)
        input_registry = await _registry_at(last.table_positions, tables, registries)
        until = None if last.table_positions == present else _processed_until(stored, last)
        results[number] = PinnedTables(state_registry, input_registry, last.table_positions, until)
        log.info("evaluated_by_older_tables", partition=number, until=until)
    return results


def _processed_until(stored: StoredPartition, last: Checkpoint) -> int:
    """Return the first offset that no earlier owner can have processed."""
    return last.next_offset if last.final else max(stored.processed_until, last.next_offset)


async def _registry_at(
    positions: Positions, tables: Tables, registries: list[tuple[Positions, RuleRegistry]]
) -> RuleRegistry:
    for existing_positions, registry in registries:
        if existing_positions == positions:
            return registry
    try:
        registry = await tables.registry_at(positions)
    except KafkaError as error:
        raise Transient(f"the tables cannot be read: {error!r}") from error
    registries.append((positions, registry))
    return registry
