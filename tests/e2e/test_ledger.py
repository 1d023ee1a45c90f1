"""Two processes of the ledger on a real Kafka: set-up's entries adopted once, requests decided."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.local.stack import Stack
from shared.contracts.catalog import Entry, catalog_key
from shared.contracts.dead_letter import Reason
from shared.contracts.topics import CATALOG, CATALOG_REQUESTS, DEAD_LETTER
from tests.e2e.test_timers_survive import fetch, put
from tests.support.kafka import read_all
from tests.support.waiting import PATIENCE_S
from tests.unit.catalog.builders import (
    CITY,
    DISTRICT,
    TOWN,
    VILLAGE,
    a_record,
    a_request,
    a_sensor,
    a_unit,
    retire,
)
from tests.unit.catalog.builders import put as put_entries

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]

ENTRIES: list[Entry] = [
    *(a_unit(unit) for unit in (CITY, DISTRICT, TOWN, VILLAGE)),
    *(a_sensor(f"s-{number:03}", TOWN) for number in range(300)),
]


async def until(check: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await check():
            await asyncio.sleep(0.2)


async def topic_values(stack: Stack, key: str) -> list[bytes | None]:
    """Return the values of a key in the order of the topic."""
    records = await read_all(stack.kafka_bootstrap, CATALOG)
    return [record.value for record in records if record.key == key.encode()]


async def versions(stack: Stack) -> list[Any]:
    return await fetch(stack, "SELECT version, actor, count(*) AS n FROM catalog.entry_history "
                       "GROUP BY version, actor ORDER BY version, actor")  # fmt: skip


@pytest.mark.timeout(600)
async def test_the_ledger_is_complete_and_decides_from_then_on(tmp_path: Path) -> None:
    stack = Stack(tmp_path, services=("catalog",), replicas={"catalog": 2})
    async with stack:
        records = {catalog_key(entry): a_record(entry) for entry in ENTRIES}
        await put(stack, CATALOG, records)

        async def adopted() -> bool:
            (row,) = await fetch(stack, "SELECT count(*) AS n FROM catalog.entry")
            return bool(row["n"] == len(records))

        await until(adopted)
        await stack.kill("catalog")
        await stack.wait_ready()
        assert [tuple(row) for row in await versions(stack)] == [(1, "deploy", len(records))]

        retired_keys = (f"unit:{VILLAGE}", "sensor:s-007")
        requests = [
            a_request(retire(*retired_keys), request_id="crq-retire"),
            a_request(retire(f"unit:{TOWN}"), request_id="crq-refused"),
            a_request(put_entries(a_sensor("new", TOWN)), request_id="crq-put"),
        ]
        for request in requests:
            await put(stack, CATALOG_REQUESTS, {"o-9": request})

        async def published() -> bool:
            return len(await topic_values(stack, "sensor:new")) == 1

        await until(published)
        for key in retired_keys:
            first, tombstone = await topic_values(stack, key)
            assert first is not None
            assert tombstone is None
        letters = [
            DEAD_LETTER.validate_json(record.value)
            for record in await read_all(stack.kafka_bootstrap, CATALOG_REQUESTS, dead=True)
        ]
        assert [(letter.service, letter.reason) for letter in letters] == [
            ("catalog", Reason.NOT_ALLOWED)
        ]
        assert [tuple(row) for row in await versions(stack)] == [
            (1, "deploy", len(records)),
            (1, "o-9", 1),
            (2, "o-9", 2),
        ]
