"""From the moment that command has read of a merger, no command reaches the retired town."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from services.catalog.app import build
from services.catalog.core.topic_rows import TopicRows
from services.catalog.loops.adoption import Adoption
from services.catalog.metrics import CatalogMetrics
from services.catalog.settings import Settings
from shared.contracts.catalog import CatalogEntry
from shared.contracts.fields import Level, Tier
from shared.contracts.topics import ASSIGNMENTS, CATALOG, CATALOG_REQUESTS
from shared.contracts.units import is_within
from shared.domain.selection.tree import UnitTree
from tests.component.command.harness import (
    CITY,
    DISTRICT,
    TOWN,
    CommandHarness,
    a_harness,
    a_request,
    below,
    units,
)
from tests.support.postgres import fresh_database
from tests.support.service_driver import ServiceDriver, driven
from tests.unit.catalog.builders import a_record, merge
from tests.unit.catalog.builders import a_request as a_catalog_request

pytestmark = pytest.mark.e2e

OTHER_TOWN = "500118107000"
ENTRIES = [
    entry
    for entry in units()
    if entry.unit in (CITY, DISTRICT)
    or is_within(entry.unit, TOWN)
    or is_within(entry.unit, OTHER_TOWN)
]


@pytest.fixture
async def services() -> AsyncIterator[tuple[ServiceDriver, CommandHarness]]:
    """Yield the ledger and command, which have the same units."""
    tree = UnitTree()
    with fresh_database() as dsn:
        async with AsyncExitStack() as stack:
            catalog = await stack.enter_async_context(driven(build, Settings, dsn))
            command = await stack.enter_async_context(a_harness(dsn, tree=tree))
            rows = TopicRows()
            for entry in ENTRIES:
                tree.put(entry)
                rows.put(a_record(entry))
            metrics = CatalogMetrics(CollectorRegistry())
            adoption = Adoption(catalog.database, rows, metrics)
            while await adoption.compare_due(0.0):
                pass
            yield catalog, command


async def ordered(command: CommandHarness, command_id: str) -> set[str]:
    """Issue a command of the district to everything below; return the units with an assignment."""
    request = a_request(
        "issue",
        command_id,
        DISTRICT,
        selection=below(DISTRICT, *Tier),
        event_type="11A01",
        level=Level.ORANGE,
        title="转移危险区群众",
    )
    await command.apply(request)
    events: list[Any] = await command.published(ASSIGNMENTS.name)
    return {event.unit for event in events if event.command_id == command_id}


async def read_topic(catalog: ServiceDriver, command: CommandHarness) -> int:
    """Let command read what the ledger has published, as its table does; return the tombstones."""
    table = command.driver.platform.tables[CATALOG.name]
    tombstones = 0
    for row in await catalog.rows("SELECT key, value FROM catalog.outbox ORDER BY seq"):
        if row["value"] is None:
            table._on_delete(row["key"])
            tombstones += 1
        else:
            table.apply(CatalogEntry.from_wire(row["value"]))
    return tombstones


async def test_a_merged_town_gets_no_order(
    services: tuple[ServiceDriver, CommandHarness],
) -> None:
    catalog, command = services
    before = await ordered(command, "cmd-before")
    assert {TOWN, OTHER_TOWN} <= before
    request = a_catalog_request(merge(TOWN, OTHER_TOWN), DISTRICT)
    async with catalog.database.transaction() as transaction:
        await catalog.handle(transaction, [(CATALOG_REQUESTS, request)])
    retired = {unit for unit in before if is_within(unit, TOWN)}
    assert await read_topic(catalog, command) == len(retired) > 100
    after = await ordered(command, "cmd-after")
    assert not {unit for unit in after if is_within(unit, TOWN)}
    assert OTHER_TOWN in after
    assert len(after) == len(before) - 1, "every unit below the town is still reached"
    assert all(is_within(unit, OTHER_TOWN) for unit in after)
