"""Data sources over the API for officers who administer: the list, and requests for changes."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.console.accounts import Grant, change_grant
from services.console.core.access import Right
from services.console.features.sources.activity import SourceActivity
from services.console.features.sources.activity_writer import ActivityWriter
from services.console.features.sources.source_parts import SourceParts
from shared.contracts.catalog_requests import CatalogRequest, PutEntries
from shared.contracts.fields import DataGrade
from shared.contracts.refusals import RefusedFor
from shared.contracts.sources import SourceDoor, SourceEntry
from shared.contracts.topics import CATALOG_REQUESTS
from tests.component.console.test_grants import dsn_of
from tests.support.console_events import CITY, DISTRICT, SONGJI, ZHUTUO
from tests.support.console_harness import ConsoleHarness
from tests.support.sources import a_key, a_source_entry, catalogued
from tests.unit.console.test_source_views import a_refusal

ADMIN, TOWN_ADMIN = "o-district-b", "o-town-b"
LIMITS: dict[str, Any] = {
    "name": "燃气公司监测平台",
    "owner": DISTRICT,
    "doors": ["readings"],
    "sensors": ["gas-*"],
    "places": [ZHUTUO],
    "per_minute": 600,
    "grade": "important",
}
NEW = {"source": "gas-network", "limits": LIMITS, "reason": "接入燃气公司"}


async def administering(
    console: ConsoleHarness, *entries: SourceEntry, officer: str = ADMIN, unit: str = DISTRICT
) -> None:
    """Give the right to administer, and put sources into the catalogue."""
    grant = Grant(right=Right.ADMINISTER, unit=unit)
    await change_grant(dsn_of(console), officer, grant, give=True)
    put(console, *entries)


def put(console: ConsoleHarness, *entries: SourceEntry) -> None:
    book = console.deps.part(SourceParts).book
    for entry in entries:
        book.apply(catalogued(entry).model_copy(update={"version": 7}))


def requests_of(console: ConsoleHarness) -> list[CatalogRequest]:
    return [
        CatalogRequest.from_wire(record.value or b"")
        for record in console.kafka.sent
        if record.topic == CATALOG_REQUESTS.name
    ]


def entry_of(request: CatalogRequest) -> SourceEntry:
    assert isinstance(request.act, PutEntries)
    [put] = request.act.puts
    assert isinstance(put.entry, SourceEntry)
    return put.entry


async def test_officers_list_the_sources_of_the_units_that_they_administer(
    console: ConsoleHarness,
) -> None:
    await administering(
        console,
        a_source_entry("of-town", owner=ZHUTUO, places=(ZHUTUO,)),
        a_source_entry("of-city", owner=CITY),
        a_source_entry("of-district"),
    )
    async with console.client(ADMIN) as client:
        own = (await client.get("/api/sources")).json()
        page = (await client.get("/api/sources?limit=1")).json()
        second_page = (await client.get(f"/api/sources?limit=1&after={page['next']}")).json()
        below = (await client.get(f"/api/sources?place={ZHUTUO}")).json()
        above = await client.get(f"/api/sources?place={CITY}")
        hidden = await client.get("/api/sources/of-city")
    assert [source["source"] for source in own["sources"]] == ["of-district", "of-town"]
    assert own["total"] == 2
    assert [item["source"] for item in page["sources"] + second_page["sources"]] == [
        *("of-district", "of-town"),
    ]
    assert [source["source"] for source in below["sources"]] == ["of-town"]
    assert below["sources"][0]["places"] == [{"unit": ZHUTUO, "name": "朱沱镇"}]
    assert (above.status_code, hidden.status_code) == (403, 404)
    async with console.client(TOWN_ADMIN) as client:
        assert (await client.get("/api/sources")).status_code == 403


async def test_a_source_has_its_last_reading_its_rate_and_its_refusals(
    console: ConsoleHarness,
) -> None:
    await administering(console, a_source_entry("gauges", per_minute=60))
    now = datetime.now(UTC).replace(second=30, microsecond=0)
    activity = SourceActivity(lambda _: True)
    for seconds in (0, 5, 70):
        at = now - timedelta(seconds=60) + timedelta(seconds=seconds)
        activity.note("gauges:r", at, round(at.timestamp() * 1000))
    await ActivityWriter(console.deps.database, activity).store()
    refusals = console.deps.part(SourceParts).refusals
    refusals.add(0, a_refusal(now - timedelta(days=2), 9))
    refusals.add(1, a_refusal(now, 2, detail="unit: cm is not the unit of zhutuo-3"))
    async with console.client(ADMIN) as client:
        view = (await client.get("/api/sources/gauges")).json()
    assert datetime.fromisoformat(view["last_reading_at"]) == now + timedelta(seconds=10)
    assert view["per_minute"] == 60
    assert (view["refused"], [item["code"] for item in view["refusals"]]) == (2, ["unit_mismatch"])
    assert view["refusals"][0]["detail"].endswith("zhutuo-3")


async def test_rows_of_activity_are_merged_by_their_maximum(console: ConsoleHarness) -> None:
    at = datetime(2026, 12, 1, 8, 0, 20, tzinfo=UTC)
    for readings in (3, 1):  # the second process began in the middle of the minute
        activity = SourceActivity(lambda _: True)
        for second in range(readings):
            moment = at + timedelta(seconds=second)
            activity.note("gauges:r", moment, round(moment.timestamp() * 1000))
        await ActivityWriter(console.deps.database, activity).store()
    row = await console.deps.database.pool.fetchrow("SELECT * FROM console.source_activity")
    assert row is not None
    assert (row["readings"], row["last_at"]) == (3, at + timedelta(seconds=2))


async def test_a_new_source_has_a_key_that_is_shown_once_and_stored_nowhere(
    console: ConsoleHarness,
) -> None:
    await administering(console)
    headers = {"idempotency-key": "k-1"}
    async with console.client(ADMIN) as client:
        first = await client.post("/api/sources", json=NEW, headers=headers)
        repeat = await client.post("/api/sources", json=NEW, headers=headers)
        second_click = await client.post("/api/sources", json=NEW)
    key = first.json()["key"]
    assert (first.status_code, first.json()["source"], len(key)) == (202, "gas-network", 43)
    assert (repeat.status_code, repeat.json()) == (
        202,
        {**first.json(), "key": None, "repeated": True},
    )
    assert (second_click.status_code, second_click.json()["reason"]) == (409, "act_conflict")
    requests = {request.id: request for request in requests_of(console)}
    [request] = requests.values()
    assert (request.officer_id, request.origin_unit, request.reason) == (
        *(ADMIN, DISTRICT),
        "接入燃气公司",
    )
    entry = entry_of(request)
    assert entry.key_hashes == (a_key(key),)
    assert (entry.doors, entry.sensors, entry.places) == (
        *((SourceDoor.READINGS,), ("gas-*",)),
        (ZHUTUO,),
    )
    assert (entry.per_minute, entry.grade) == (600, DataGrade.IMPORTANT)
    assert isinstance(request.act, PutEntries)
    assert request.act.puts[0].version == 0
    async with console.deps.database.connection() as connection:
        tables = ("console.action", "console.request_key")
        rows = [row for table in tables for row in await connection.fetch(f"SELECT * FROM {table}")]
    assert len(rows) == 2
    assert not any(key in str(dict(row)) for row in rows)


async def test_a_change_names_the_record_that_was_read(console: ConsoleHarness) -> None:
    old = a_source_entry("gauges", "old", places=(ZHUTUO,))
    await administering(console, old)
    async with console.client(ADMIN) as client:
        record_id = (await client.get("/api/sources/gauges")).json()["record_id"]
        body = {"record_id": record_id, "reason": "r"}
        limits = await client.post("/api/sources/gauges/limits", json=body | {"limits": LIMITS})
        rotation = await client.post("/api/sources/gauges/rotation", json=body | {"overlap_h": 2})
        revoked = await client.post("/api/sources/gauges/revocation", json=body)
        stale = await client.post(
            "/api/sources/gauges/revocation", json={"record_id": "cat-0", "reason": "r"}
        )
        unknown = await client.post("/api/sources/nobody/revocation", json={"reason": "r"})
    assert [answer.status_code for answer in (limits, rotation, revoked)] == [202, 202, 202]
    assert (limits.json()["key"], revoked.json()["key"]) == (None, None)
    assert (stale.status_code, stale.json()["reason"], unknown.status_code) == (409, "stale", 404)
    requests = requests_of(console)
    for request in requests:
        assert isinstance(request.act, PutEntries)
        assert request.act.puts[0].version == 7
    limited, rotated, ended = map(entry_of, requests)
    assert (limited.name, limited.key_hashes) == (LIMITS["name"], old.key_hashes)
    key = rotation.json()["key"]
    digest = hashlib.sha256(key.encode()).hexdigest()
    assert [item.sha256 for item in rotated.key_hashes] == [a_key("old").sha256, digest]
    assert rotated.key_hashes[0].until is not None
    assert rotated.key_hashes[1].until is None
    assert (ended.ended, ended.key_hashes) == (True, ())


async def test_only_the_older_keys_may_end(console: ConsoleHarness) -> None:
    await administering(console, a_source_entry("gauges", "old", "new", places=(ZHUTUO,)))
    async with console.client(ADMIN) as client:
        body = {"older_keys_only": True, "reason": "r"}
        answer = await client.post("/api/sources/gauges/revocation", json=body)
    assert answer.status_code == 202
    [request] = requests_of(console)
    assert (entry_of(request).key_hashes, entry_of(request).ended) == ((a_key("new"),), False)


async def test_a_source_that_has_ended_begins_again_by_its_record(console: ConsoleHarness) -> None:
    await administering(console, a_source_entry("gas-network", "old", ended=True, places=(ZHUTUO,)))
    async with console.client(ADMIN) as client:
        rotation = await client.post("/api/sources/gas-network/rotation", json={"reason": "r"})
        answer = await client.post("/api/sources", json=NEW)
    assert (rotation.status_code, rotation.json()["reason"]) == (409, "source_ended")
    assert answer.status_code == 202
    [request] = requests_of(console)
    assert isinstance(request.act, PutEntries)
    assert request.act.puts[0].version == 7
    assert (entry_of(request).ended, entry_of(request).key_hashes) == (
        False,
        (a_key(answer.json()["key"]),),
    )


async def test_what_a_change_needs(console: ConsoleHarness) -> None:
    """A place outside the unit, all places, a unit that nobody has, an owner elsewhere."""
    await administering(
        console,
        a_source_entry("everywhere"),
        a_source_entry("taken", "key", places=(ZHUTUO,)),
        a_source_entry("elsewhere", owner=SONGJI, places=(SONGJI,)),
        officer=TOWN_ADMIN,
        unit=ZHUTUO,
    )
    await administering(console)

    async def create(officer: str, source: str = "new", **limits: Any) -> tuple[int, str]:
        async with console.client(officer) as client:
            body = NEW | {"source": source, "limits": LIMITS | {"owner": ZHUTUO} | limits}
            answer = await client.post("/api/sources", json=body)
        return answer.status_code, answer.json().get("reason", "")

    outside = RefusedFor.OUTSIDE_SUBTREE.value
    assert await create(TOWN_ADMIN, owner=SONGJI) == (403, outside)
    assert await create(TOWN_ADMIN, places=[SONGJI]) == (403, outside)
    assert await create(TOWN_ADMIN, places=["*"]) == (403, outside)
    assert await create(TOWN_ADMIN, places=["500118999000"]) == (403, outside)
    assert await create(ADMIN, places=["500118999000"]) == (422, "unknown_unit")
    assert await create(ADMIN, "taken") == (409, "source_exists")
    assert await create(TOWN_ADMIN, "elsewhere") == (409, "source_exists")
    assert await create("o-songji-b") == (403, RefusedFor.NOT_ADMINISTRATOR.value)
    async with console.client(TOWN_ADMIN) as client:
        for source in ("everywhere", "elsewhere"):
            answer = await client.post(f"/api/sources/{source}/revocation", json={"reason": "r"})
            assert answer.status_code == 404, source
    assert requests_of(console) == []
    assert outside in {refusal.reason.value for refusal in console.refused()}


@pytest.mark.parametrize(
    "change",
    [
        {"source": "a:b"},
        {"source": "x" * 32},
        {"reason": ""},
        {"limits": LIMITS | {"per_minute": 0}},
        {"limits": LIMITS | {"sensors": ["g*s"]}},
        {"limits": LIMITS | {"places": ["town"]}},
        {"limits": LIMITS | {"doors": ["window"]}},
        {"limits": LIMITS | {"key_hashes": []}},
        {"limits": LIMITS | {"name": ""}},
    ],
)
async def test_a_wrong_source_is_refused_with_its_field(
    console: ConsoleHarness, change: dict[str, Any]
) -> None:
    await administering(console)
    async with console.client(ADMIN) as client:
        answer = await client.post("/api/sources", json=NEW | change)
    assert (answer.status_code, answer.json()["reason"]) == (422, "invalid")
    assert requests_of(console) == []


async def test_a_key_that_kafka_may_have_is_not_shown(console: ConsoleHarness) -> None:
    """The officer asks once more, gets no key, and rotates."""
    await administering(console)
    headers = {"idempotency-key": "k-1"}
    async with console.client(ADMIN) as client:
        console.kafka.down = True
        first = await client.post("/api/sources", json=NEW, headers=headers)
        console.kafka.down = False
        repeat = await client.post("/api/sources", json=NEW, headers=headers)
    assert (first.status_code, repeat.status_code, repeat.json()["key"]) == (503, 202, None)
    assert len(requests_of(console)) == 1
