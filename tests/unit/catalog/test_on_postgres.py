"""Requests and adoption on a real Postgres: entries, history, records and tombstones."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from services.catalog.app import build
from services.catalog.core.adoption import PATIENCE_S
from services.catalog.core.topic_rows import TopicRows
from services.catalog.loops.adoption import Adoption
from services.catalog.metrics import CatalogMetrics
from services.catalog.settings import Settings
from shared.contracts.catalog import CatalogEntry, Entry
from shared.contracts.catalog_requests import CatalogAct
from shared.contracts.dead_letter import Reason
from shared.contracts.topics import CATALOG_REQUESTS
from shared.runtime.errors import Reject
from tests.support.postgres import fresh_database
from tests.support.service_driver import ServiceDriver, driven
from tests.unit.catalog.builders import (
    CITY,
    DISTRICT,
    T0,
    TOWN,
    VILLAGE,
    a_group,
    a_record,
    a_request,
    a_sensor,
    a_unit,
    merge,
    put,
    retire,
)

pytestmark = pytest.mark.e2e

UNITS = tuple(a_unit(unit) for unit in (CITY, DISTRICT, TOWN, VILLAGE))


class CatalogHarness:
    """The service as its own `build` makes it, and processes that adopt."""

    def __init__(self, driver: ServiceDriver) -> None:
        self.driver = driver
        self._numbers = itertools.count(1)

    async def request(
        self, act: CatalogAct, unit: str = DISTRICT, *, trial: bool = False
    ) -> list[tuple[str, Any]]:
        """Handle a request; return key and value of the published records, None for tombstones."""
        last = await self.driver.value("SELECT coalesce(max(seq), 0) FROM catalog.outbox")
        request = a_request(act, unit, f"crq-{next(self._numbers)}", trial=trial)
        async with self.driver.database.transaction() as transaction:
            with suppress(Reject):  # A refused request is a letter; its transaction goes on.
                await self.driver.handle(transaction, [(CATALOG_REQUESTS, request)])
        for _, reject in transaction.refused:
            raise reject
        return await self.published(last)

    async def published(self, last: int = 0) -> list[tuple[str, Any]]:
        """Return key and entry of the rows of the outbox."""
        rows = await self.driver.rows(
            "SELECT key, value FROM catalog.outbox WHERE seq > $1 ORDER BY seq", last
        )
        return [(row["key"], _entry(row["value"])) for row in rows]

    async def decisions(self) -> list[tuple[bool, int, list[str]]]:
        """Return trial, number of versions and reasons of refusal of each decision."""
        rows = await self.driver.rows("SELECT * FROM catalog.decision ORDER BY request_id")
        return [
            (
                row["trial"],
                row["changed"],
                [refusal["reason"] for refusal in json.loads(row["refusals"])],
            )
            for row in rows
        ]

    async def entries(self) -> dict[str, tuple[int, bool, bool]]:
        """Return version, retired and by_set_up of each entry, by key."""
        rows = await self.driver.rows("SELECT * FROM catalog.entry ORDER BY key")
        return {row["key"]: (row["version"], row["retired"], row["by_set_up"]) for row in rows}

    async def history(self, key: str) -> list[tuple[int, str, str, bool]]:
        """Return version, actor, reason and retired of each version of a key."""
        rows = await self.driver.rows(
            "SELECT * FROM catalog.entry_history WHERE key = $1 ORDER BY version", key
        )
        return [(row["version"], row["actor"], row["reason"], row["retired"]) for row in rows]

    def process(self) -> tuple[TopicRows, Adoption]:
        """Return the table rows and the adoption of a process."""
        rows = TopicRows()
        metrics = CatalogMetrics(CollectorRegistry())
        return rows, Adoption(self.driver.database, rows, metrics)

    async def adopt(self, *entries: Entry) -> None:
        """Let set-up's entries be adopted."""
        rows, adoption = self.process()
        feed(rows, [a_record(entry) for entry in entries])
        while await adoption.compare_due(0.0):
            pass


def _entry(value: bytes | None) -> Entry | None:
    return None if value is None else CatalogEntry.from_wire(value).entry


def feed(rows: TopicRows, records: Sequence[CatalogEntry]) -> None:
    for record in records:
        rows.put(record)


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with fresh_database() as address:
        yield address


@pytest.fixture
async def catalog(dsn: str) -> AsyncIterator[CatalogHarness]:
    async with driven(build, Settings, dsn) as driver:
        await driver.database.pool.execute(
            "TRUNCATE catalog.entry, catalog.entry_history, catalog.decision, catalog.outbox"
        )
        harness = CatalogHarness(driver)
        await harness.adopt(*UNITS)
        yield harness


async def test_an_entry_its_history_and_its_record_are_stored_together(
    catalog: CatalogHarness,
) -> None:
    assert await catalog.request(put(a_sensor())) == [("sensor:gauge-1", a_sensor())]
    moved = a_sensor(place=VILLAGE)
    assert await catalog.request(put(moved, version=1)) == [("sensor:gauge-1", moved)]
    assert await catalog.request(retire("sensor:gauge-1")) == [("sensor:gauge-1", None)]
    assert await catalog.request(retire("sensor:gauge-1")) == []
    assert (await catalog.entries())["sensor:gauge-1"] == (3, True, False)
    assert await catalog.history("sensor:gauge-1") == [
        (1, "o-9", "区划调整", False),
        (2, "o-9", "区划调整", False),
        (3, "o-9", "区划调整", True),
    ]


async def test_a_refused_request_stores_and_publishes_nothing(catalog: CatalogHarness) -> None:
    await catalog.request(put(a_sensor(place=VILLAGE), a_group(TOWN)))
    before = (await catalog.entries(), await catalog.published())
    with pytest.raises(Reject) as refusal:
        await catalog.request(retire(f"unit:{VILLAGE}"))
    assert refusal.value.reason is Reason.NOT_ALLOWED
    assert "sensor:gauge-1" in refusal.value.detail
    with pytest.raises(Reject, match="flood_force"):
        await catalog.request(retire(f"unit:{TOWN}", f"unit:{VILLAGE}", "sensor:gauge-1"))
    with pytest.raises(Reject) as refusal:
        await catalog.request(put(a_sensor("s-1"), a_sensor("s-2", "500118999000")))
    assert refusal.value.reason is Reason.UNKNOWN_SUBJECT
    assert (await catalog.entries(), await catalog.published()) == before


async def test_requests_of_one_batch_build_on_each_other(catalog: CatalogHarness) -> None:
    town, village = "500118300000", "500118300201"
    acts: list[CatalogAct] = [put(a_unit(town)), put(a_unit(village)), put(a_sensor(place=village))]
    acts += [retire("sensor:gauge-1", f"unit:{village}"), retire(f"unit:{town}")]
    async with catalog.driver.database.transaction() as transaction:
        requests = [a_request(act, request_id=f"b-{n}") for n, act in enumerate(acts)]
        await catalog.driver.handle(
            transaction, [(CATALOG_REQUESTS, request) for request in requests]
        )
        assert transaction.refused == []
    assert [value is None for _, value in await catalog.published()] == [False] * 3 + [True] * 3
    assert (await catalog.entries())["sensor:gauge-1"] == (2, True, False)


async def test_entries_of_set_up_are_adopted_once_by_however_many_processes(
    catalog: CatalogHarness,
) -> None:
    records = [a_record(a_sensor(f"s-{number:04}")) for number in range(1_200)]
    processes = [catalog.process() for _ in range(2)]
    for rows, _ in processes:
        feed(rows, records)

    async def adopt(adoption: Adoption) -> None:
        while await adoption.compare_due(0.0):
            pass

    await asyncio.gather(*(adopt(adoption) for _, adoption in processes))
    entries = await catalog.entries()
    assert len(entries) == len(UNITS) + 1_200
    assert set(entries.values()) == {(1, False, True)}
    assert await catalog.history("sensor:s-0007") == [(1, "deploy", "", False)]
    assert await catalog.published() == []
    restarted_rows, restarted = catalog.process()
    feed(restarted_rows, records)
    await adopt(restarted)
    assert set((await catalog.entries()).values()) == {(1, False, True)}


async def test_a_later_set_up_makes_the_next_version_until_a_person_decides(
    catalog: CatalogHarness,
) -> None:
    rows, adoption = catalog.process()
    hour = timedelta(hours=1)
    for hours, name in enumerate(("甲", "乙", "甲")):
        feed(rows, [a_record(a_sensor(name=name), T0 + hours * hour)])
        await adoption.compare_due(0.0)
    assert (await catalog.entries())["sensor:gauge-1"] == (3, False, True)
    decided = a_sensor(name="丙")
    await catalog.request(put(decided))
    now = await catalog.driver.value("SELECT now()")
    feed(rows, [a_record(a_sensor(name="甲"), now + hour)])
    await adoption.compare_due(0.0)
    assert (await catalog.entries())["sensor:gauge-1"] == (4, False, False)
    assert (await catalog.published())[-1] == ("sensor:gauge-1", decided)


async def test_set_up_brings_no_retired_entry_back(catalog: CatalogHarness) -> None:
    await catalog.adopt(a_sensor())
    await catalog.request(retire("sensor:gauge-1"))
    await catalog.driver.database.pool.execute("DELETE FROM catalog.outbox")
    now = await catalog.driver.value("SELECT now()")
    rows, adoption = catalog.process()
    feed(rows, [a_record(a_sensor(), now + timedelta(hours=1))])
    await adoption.compare_due(0.0)
    assert await catalog.published() == [("sensor:gauge-1", None)]
    assert (await catalog.entries())["sensor:gauge-1"] == (2, True, False)
    rows.remove("sensor:gauge-1")
    await adoption.compare_due(0.0)
    assert rows.due(9, 1e9) == {}, "the tombstone agrees with the ledger"


async def test_a_record_on_its_way_is_awaited_and_a_lasting_difference_is_mended(
    catalog: CatalogHarness,
) -> None:
    """The table of another process is behind the ledger; then somebody deletes the key."""
    await catalog.adopt(a_sensor())
    changed = a_sensor(name="新名")
    await catalog.request(put(changed))
    await catalog.driver.database.pool.execute("DELETE FROM catalog.outbox")
    rows, adoption = catalog.process()
    feed(rows, [a_record(a_sensor())])
    assert await adoption.compare_due(0.0) == 1
    assert await adoption.compare_due(1.0) == 0
    assert await catalog.published() == []
    rows.remove("sensor:gauge-1")
    for now in (10.0, 10.0 + PATIENCE_S / 2):
        await adoption.compare_due(now)
        assert await catalog.published() == []
    await adoption.compare_due(10.0 + PATIENCE_S)
    assert await catalog.published() == [("sensor:gauge-1", changed)]
    assert (await catalog.entries())["sensor:gauge-1"] == (2, False, False)


async def test_a_merger_reads_what_lies_below_and_publishes_all_of_it(
    catalog: CatalogHarness,
) -> None:
    grid, other_town = f"{VILLAGE}/grid/001", "500118107000"
    await catalog.adopt(a_unit(grid), a_unit(other_town), a_unit("500118107202"))
    await catalog.request(put(a_sensor(place=grid), a_group(VILLAGE, other_town)))
    await catalog.request(retire("unit:500118107202"))
    records = dict(await catalog.request(merge(TOWN, other_town)))
    village = "500118107201"
    assert {key for key, entry in records.items() if entry is None} == {
        f"unit:{unit}" for unit in (TOWN, VILLAGE, grid)
    }
    assert records["sensor:gauge-1"] == a_sensor(place=f"{village}/grid/001")
    assert records["group:flood_force"] == a_group(village, other_town)
    assert records[f"unit:{village}"] == a_unit(village)
    assert len(records) == 7
    assert await catalog.history(f"unit:{TOWN}") == [
        (1, "deploy", "", False),
        (2, "o-9", "区划调整", True),
    ]
    entries = await catalog.entries()
    assert entries[f"unit:{TOWN}"] == (2, True, False)
    assert entries["sensor:gauge-1"] == (2, False, False)


async def test_the_decision_on_each_request_is_kept_for_the_officer(
    catalog: CatalogHarness,
) -> None:
    await catalog.request(put(a_sensor("gauge-8")))
    absent = a_sensor("gauge-9", place="500118999000")
    with pytest.raises(Reject):
        await catalog.request(put(a_sensor(), absent))
    assert await catalog.request(put(a_sensor(), absent), trial=True) == []
    assert "sensor:gauge-1" not in await catalog.entries()
    assert await catalog.decisions() == [
        (False, 1, []),
        (False, 0, ["unknown_subject"]),
        (True, 1, ["unknown_subject"]),
    ]
    rows = await catalog.driver.rows("SELECT name, place FROM catalog.entry WHERE kind = 'sensor'")
    assert [tuple(row) for row in rows] == [("水位站", TOWN)]
