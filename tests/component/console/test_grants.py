"""The rights to see, to be paged and to command: each is tied to a place, none implies another."""

from __future__ import annotations

import asyncio

import pytest

from services.console import accounts as cli
from services.console.accounts import Grant, change_grant, import_accounts
from services.console.core.access import Right
from tests.support.console_events import CITY, DISTRICT, SONGJI, ZHUTUO, an_alert
from tests.support.console_harness import ConsoleHarness, accounts


def dsn_of(console: ConsoleHarness) -> str:
    return console.deps.settings.database_url.get_secret_value()


async def test_grants_are_listed_changed_and_survive_an_import(
    console: ConsoleHarness, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENGHUO_DATABASE_URL", dsn_of(console))

    async def call(*words: str) -> str:
        assert await asyncio.to_thread(cli.main, list(words)) == 0
        return capsys.readouterr().out

    usual = f"be_paged\t{ZHUTUO}\ncommand\t{ZHUTUO}\nsee\t{ZHUTUO}\n"
    assert await call("grants", "o-town-b") == usual
    assert await call("withdraw", "o-town-b", "command", ZHUTUO) == "withdrawn\n"
    assert await call("grant", "o-town-b", "see", SONGJI) == "granted\n"
    await import_accounts(dsn_of(console), accounts())
    changed = f"be_paged\t{ZHUTUO}\nsee\t{SONGJI}\nsee\t{ZHUTUO}\n"
    assert await call("grants", "o-town-b") == changed
    moved = next(account for account in accounts() if account.officer_id == "o-town-b")
    await import_accounts(dsn_of(console), [moved.model_copy(update={"unit": SONGJI})])
    assert await call("grants", "o-town-b") == usual.replace(ZHUTUO, SONGJI)
    named = moved.model_copy(update={"grants": (Grant(right=Right.SEE, unit=DISTRICT),)})
    await import_accounts(dsn_of(console), [named])
    assert await call("grants", "o-town-b") == f"see\t{DISTRICT}\n"
    assert await asyncio.to_thread(cli.main, ["withdraw", "o-town-b", "see", CITY]) == 64


async def test_each_right_stands_alone(console: ConsoleHarness) -> None:
    """No right implies a second right."""
    alert = an_alert("a", ZHUTUO)
    await console.project([alert])
    path = f"/api/alerts/{alert.alert_id}"
    verify = {"verb": "verify"}
    dsn = dsn_of(console)
    see, command = (Grant(right=right, unit=ZHUTUO) for right in (Right.SEE, Right.COMMAND))

    async def answers() -> tuple[int, int, int]:
        console.deps.sessions.forget_officer("o-town-b")
        async with console.client("o-town-b") as client:
            reading = await client.get(path)
            acting = await client.post(f"{path}/decisions", json=verify)
            return (
                reading.status_code,
                acting.status_code,
                (await client.get("/api/me")).status_code,
            )

    assert await answers() == (200, 202, 200)
    await change_grant(dsn, "o-town-b", command, give=False)
    assert await answers() == (200, 403, 200)
    await change_grant(dsn, "o-town-b", command, give=True)
    await change_grant(dsn, "o-town-b", see, give=False)
    assert await answers() == (403, 404, 200)
    await change_grant(dsn, "o-town-b", command, give=False)
    assert await answers() == (403, 404, 200)


async def test_a_right_to_see_elsewhere_opens_that_place_and_no_other(
    console: ConsoleHarness,
) -> None:
    await console.project([an_alert("z", ZHUTUO), an_alert("s", SONGJI)])
    async with console.client("o-town-b") as client:
        assert (await client.get(f"/api/alerts?place={SONGJI}")).status_code == 403
        await change_grant(
            dsn_of(console), "o-town-b", Grant(right=Right.SEE, unit=SONGJI), give=True
        )
        console.deps.sessions.forget_officer("o-town-b")
        first_dsn, second_dsn, above = [
            await client.get("/api/alerts", params={"place": place})
            for place in (ZHUTUO, SONGJI, DISTRICT)
        ]
        assert [alert["place"] for alert in first_dsn.json()["alerts"]] == [ZHUTUO]
        assert [entry["place"] for entry in second_dsn.json()["alerts"]] == [SONGJI]
        assert above.status_code == 403
        assert second_dsn.json()["alerts"][0]["may"] == []


async def test_a_right_to_command_elsewhere_acts_with_that_units_authority(
    console: ConsoleHarness,
) -> None:
    alert = an_alert("s", SONGJI)
    await console.project([alert])
    for right in (Right.SEE, Right.COMMAND):
        await change_grant(dsn_of(console), "o-town-b", Grant(right=right, unit=SONGJI), give=True)
    async with console.client("o-town-b") as client:
        path = f"/api/alerts/{alert.alert_id}/decisions"
        assert (await client.post(path, json={"verb": "verify"})).status_code == 202
    (sent,) = console.kafka.sent
    assert f'"origin_unit":"{SONGJI}"'.encode() in sent.body
    assert b'"officer_id":"o-town-b"' in sent.body


@pytest.mark.parametrize(
    ("right", "unit", "status"),
    [(None, None, 202), (Right.BE_PAGED, ZHUTUO, 403)],
)
async def test_nobody_is_put_on_duty_where_he_may_not_be_paged(
    console: ConsoleHarness, right: Right | None, unit: str | None, status: int
) -> None:
    if right is not None and unit is not None:
        await change_grant(dsn_of(console), "o-town-b", Grant(right=right, unit=unit), give=False)
    shift = {
        "kind": "shift",
        "post": "B",
        "officer_id": "o-town-b",
        "begin": "2026-11-25T00:00:00Z",
        "end": "2026-11-25T08:00:00Z",
    }
    async with console.client("o-district-b") as client:
        answer = await client.put(
            f"/api/duty/entries/e-1?unit={ZHUTUO}", json={"rule": shift, "version": 0}
        )
    assert answer.status_code == status, answer.text
    if status == 403:
        assert answer.json()["reason"] == "not_pageable"


async def test_the_page_shows_the_right_to_administer(console: ConsoleHarness) -> None:
    grant = Grant(right=Right.ADMINISTER, unit=ZHUTUO)
    await change_grant(dsn_of(console), "o-town-b", grant, give=True)
    async with console.client("o-town-b") as client:
        (administered,) = (await client.get("/api/me")).json()["administers"]
    assert administered["unit"] == ZHUTUO
    async with console.client("o-city-b") as client:
        assert (await client.get("/api/me")).json()["administers"] == []
