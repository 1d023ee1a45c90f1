"""The ledger of administrators: entries, history, a day, changes with their decision, trials."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.catalog.app import build
from services.catalog.settings import Settings
from services.console.accounts import Grant, change_grant
from services.console.core.access import Right
from shared.contracts.catalog_requests import CatalogRequest
from shared.contracts.refusals import RefusedFor
from shared.contracts.topics import CATALOG_REQUESTS
from tests.component.console.test_grants import dsn_of
from tests.support.console_harness import ConsoleHarness
from tests.support.service_driver import driven
from tests.unit.catalog.builders import (
    CITY,
    DISTRICT,
    OTHER_TOWN,
    TOWN,
    VILLAGE,
    a_data_set,
    a_group,
    a_request,
    a_sensor,
    a_source,
    a_unit,
    put,
    retire,
)

ADMINISTRATOR = "o-district-b"
GAUGE, OTHER_GAUGE = "sensor:gauge-1", "sensor:gauge-2"


async def decide(console: ConsoleHarness, *requests: CatalogRequest) -> None:
    """Let the service of the ledger decide on requests, a minute apart."""
    async with driven(build, Settings, dsn_of(console)) as catalog:
        for request in requests:
            async with catalog.database.transaction() as transaction:
                await catalog.handle(transaction, [(CATALOG_REQUESTS, request)])
            await catalog.database.pool.execute(
                "UPDATE catalog.entry_history SET effective_at = effective_at - $1::interval",
                timedelta(minutes=1),
            )


async def administering(console: ConsoleHarness, officer: str = ADMINISTRATOR) -> None:
    """Give the right to administer the district, and fill the ledger."""
    grant = Grant(right=Right.ADMINISTER, unit=DISTRICT)
    await change_grant(dsn_of(console), officer, grant, give=True)
    units = [a_unit(unit) for unit in (CITY, DISTRICT, TOWN, OTHER_TOWN, VILLAGE)]
    units[0] = a_unit(CITY, parent=None)
    data = (a_data_set(), a_source(DISTRICT), a_sensor("gauge-9", place=CITY))
    await decide(
        console,
        a_request(put(*units, *data), CITY, "crq-1"),
        a_request(put(a_sensor(), a_sensor("gauge-2"), a_group(TOWN)), request_id="crq-2"),
        a_request(put(a_sensor(name="朱沱_水位站%")), request_id="crq-3"),
        a_request(retire(OTHER_GAUGE), request_id="crq-4"),
    )


async def keys(console: ConsoleHarness, query: str) -> list[str]:
    async with console.client(ADMINISTRATOR) as client:
        answer = (await client.get(f"/api/ledger?{query}")).json()
    assert answer["total"] == len(answer["entries"]) or "limit" in query
    return [entry["key"] for entry in answer["entries"]]


async def test_administrators_list_and_search_the_entries_of_their_units(
    console: ConsoleHarness,
) -> None:
    await administering(console)
    units = [f"unit:{unit}" for unit in (DISTRICT, OTHER_TOWN, TOWN, VILLAGE)]
    group, data = "group:flood_force", "data:rain-2026"
    assert await keys(console, "") == [data, group, GAUGE, *units]
    assert await keys(console, f"kind=unit&below={DISTRICT}") == units[1:3]
    assert await keys(console, f"kind=sensor&place={TOWN}") == [GAUGE]
    assert await keys(console, f"kind=sensor&place={OTHER_TOWN}") == []
    assert await keys(console, "retired=1") == [OTHER_GAUGE]
    assert await keys(console, "q=水位站%25") == [GAUGE]
    assert await keys(console, "q=水%25站") == []
    assert await keys(console, "q=GAUGE") == [GAUGE]
    first = await keys(console, "limit=3")
    assert first + await keys(console, f"limit=10&after={first[-1]}") == [
        data, group, GAUGE, *units
    ]  # fmt: skip


async def test_an_entry_has_a_history_that_says_what_it_was_on_a_day(
    console: ConsoleHarness,
) -> None:
    await administering(console)
    async with console.client(ADMINISTRATOR) as client:
        history = (await client.get(f"/api/ledger/history?key={GAUGE}")).json()["versions"]
        now = (await client.get(f"/api/ledger/entry?key={GAUGE}")).json()
        at = history[1]["since"].replace("+", "%2B")
        then = (await client.get(f"/api/ledger/entry?key={GAUGE}&at={at}")).json()
        ended = (await client.get(f"/api/ledger/entry?key={OTHER_GAUGE}")).json()
        before = await client.get(f"/api/ledger/entry?key={GAUGE}&at=2020-01-01T00:00:00Z")
        source = await client.get("/api/ledger/entry?key=source:gas-network")
    assert [(line["version"], line["entry"]["name"]) for line in history] == [
        (2, "朱沱_水位站%"), (1, "水位站")
    ]  # fmt: skip
    assert now == history[0]
    assert then == history[1]
    assert (now["actor"], now["unit"], now["reason"]) == ("o-9", DISTRICT, "区划调整")
    assert (ended["version"], ended["retired"]) == (2, True)
    assert (before.status_code, source.status_code) == (404, 404)


async def test_the_ledger_of_other_units_is_for_their_administrators(
    console: ConsoleHarness,
) -> None:
    await administering(console)
    move = {"act": {"op": "move", "keys": [GAUGE], "to": VILLAGE}, "reason": "迁移"}
    async with console.client(ADMINISTRATOR) as client:
        refused = [
            await client.get(f"/api/ledger?place={CITY}"),
            await client.get("/api/ledger/entry?key=sensor:gauge-9"),
            await client.get("/api/ledger/history?key=sensor:gauge-9"),
            await client.post("/api/ledger/requests", json={**move, "unit": CITY}),
        ]
    async with console.client("o-town-b") as client:
        refused += [
            await client.get("/api/ledger"),
            await client.get(f"/api/ledger/entry?key=unit:{TOWN}"),
            await client.post("/api/ledger/requests", json=move),
        ]
    assert {(answer.status_code, answer.json()["reason"]) for answer in refused} == {
        (403, "not_administrator")
    }
    assert {refusal.reason for refusal in console.refused()} == {RefusedFor.NOT_ADMINISTRATOR}
    assert console.kafka.sent == []


def requested(console: ConsoleHarness) -> list[CatalogRequest]:
    """Return the requests that Kafka has."""
    return [
        CatalogRequest.model_validate_json(record.body)
        for record in console.kafka.sent
        if record.topic == CATALOG_REQUESTS.name
    ]


async def test_a_trial_and_a_change_have_a_decision_that_their_officer_reads(
    console: ConsoleHarness,
) -> None:
    await administering(console)
    absent = {**a_sensor("gauge-3", place="500118999000").model_dump(mode="json")}
    puts = [{"entry": a_sensor(name="新名").model_dump(mode="json"), "version": 1}]
    put_both = {"op": "put", "puts": [*puts, {"entry": absent}]}
    trial: dict[str, Any] = {"act": put_both, "reason": "改名", "trial": True}
    move = {"act": {"op": "move", "keys": [GAUGE], "to": VILLAGE}, "reason": "迁移"}
    async with console.client(ADMINISTRATOR) as client:
        answers = [await client.post("/api/ledger/requests", json=body) for body in (trial, move)]
        ids = [answer.json()["id"] for answer in answers]
        states = [
            (await client.get(f"/api/ledger/decisions/{request_id}")).json()["state"]
            for request_id in ids
        ]
        await decide(console, *requested(console))
        tried, moved = [
            (await client.get(f"/api/ledger/decisions/{request_id}")).json() for request_id in ids
        ]
        place = (await client.get(f"/api/ledger/entry?key={GAUGE}")).json()["entry"]["place"]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert states == ["open", "open"]
    assert (tried["state"], tried["changed"]) == ("refused", 0)
    assert [refusal["reason"] for refusal in tried["refusals"]] == ["stale", "unknown_subject"]
    assert (moved["state"], moved["changed"], place) == ("accepted", 1, VILLAGE)
    assert moved["changes"] == [
        {"key": GAUGE, "name": "朱沱_水位站%", "version": 3, "retired": False}
    ]
    async with console.client("o-city-b") as client:
        for request_id in (ids[0], "crq-2"):
            answer = await client.get(f"/api/ledger/decisions/{request_id}")
            assert answer.status_code == 404


async def test_an_act_is_one_request_until_the_entry_has_changed(
    console: ConsoleHarness,
) -> None:
    await administering(console)
    away = {"act": {"op": "move", "keys": [GAUGE], "to": VILLAGE}, "reason": "迁移"}
    back = {"act": {"op": "move", "keys": [GAUGE], "to": TOWN}, "reason": "迁移"}
    async with console.client(ADMINISTRATOR) as client:
        for body in (away, away, back, away):
            sent = len(requested(console))
            answer = await client.post("/api/ledger/requests", json=body)
            if not answer.json()["repeated"]:
                await decide(console, *requested(console)[sent:])
        history = (await client.get(f"/api/ledger/history?key={GAUGE}")).json()["versions"]
    assert [line["entry"]["place"] for line in history[:3]] == [VILLAGE, TOWN, VILLAGE]


@pytest.mark.parametrize(
    "body",
    [
        {"act": {"op": "move", "keys": [], "to": TOWN}, "reason": "迁移"},
        {"act": {"op": "move", "keys": [GAUGE], "to": "<b>"}, "reason": "迁移"},
        {"act": {"op": "retire", "keys": [GAUGE]}, "reason": ""},
        {"act": {"op": "remove", "keys": [GAUGE]}, "reason": "迁移"},
        {"act": put(a_source(DISTRICT)).model_dump(mode="json"), "reason": "来源"},
    ],
)
async def test_a_wrong_request_is_refused(console: ConsoleHarness, body: dict[str, Any]) -> None:
    await change_grant(
        dsn_of(console), ADMINISTRATOR, Grant(right=Right.ADMINISTER, unit=DISTRICT), give=True
    )
    async with console.client(ADMINISTRATOR) as client:
        answer = await client.post("/api/ledger/requests", json=body)
    assert (answer.status_code, answer.json()["reason"]) == (422, "invalid")
    assert console.kafka.sent == []
