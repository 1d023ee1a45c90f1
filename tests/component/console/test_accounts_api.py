"""Accounts over the API: an administrator makes them and never reaches beyond the own rights."""

from __future__ import annotations

from typing import Any

import pytest

from services.console.accounts import Grant, change_grant
from services.console.core.access import Right
from tests.component.console.test_grants import dsn_of
from tests.component.console.test_reachability import ask
from tests.support.console_events import CITY, DISTRICT, SONGJI, VILLAGE, ZHUTUO
from tests.support.console_harness import ConsoleHarness

ADMIN = "o-district-b"
NEW = {"name": "郑新", "unit": ZHUTUO, "post": "B", "phone": "139 0000 0001"}


async def administering(
    console: ConsoleHarness, officer: str = ADMIN, unit: str = DISTRICT
) -> None:
    grant = Grant(right=Right.ADMINISTER, unit=unit)
    await change_grant(dsn_of(console), officer, grant, give=True)


async def send(
    console: ConsoleHarness,
    method: str,
    path: str,
    body: Any = None,
    code: int = 200,
    officer: str = ADMIN,
) -> Any:
    answer = await ask(console, officer, method, f"/api/accounts{path}", json=body)
    assert answer.status_code == code, answer.text
    return answer.json()


async def listed(console: ConsoleHarness, place: str = DISTRICT) -> dict[str, Any]:
    answer = await send(console, "GET", f"?place={place}")
    return {account["officer_id"]: account for account in answer["accounts"]}


async def test_an_account_is_made_changed_closed_and_opened(console: ConsoleHarness) -> None:
    await administering(console)
    account = await send(console, "PUT", "/o-new", NEW)
    assert (account["name"], account["phone"], account["signs_in"]) == (
        "郑新",
        "13900000001",
        False,
    )
    assert {(grant["right"], grant["unit"]) for grant in account["grants"]} == {
        ("see", ZHUTUO), ("be_paged", ZHUTUO), ("command", ZHUTUO)
    }  # fmt: skip
    moved = await send(console, "PUT", "/o-new", {**NEW, "unit": SONGJI})
    assert {grant["unit"] for grant in moved["grants"]} == {SONGJI}
    act = {"verb": "grant", "right": "administer", "unit": VILLAGE}
    granted = await send(console, "POST", "/o-new/acts", act)
    assert ("administer", VILLAGE) in {
        (grant["right"], grant["unit"]) for grant in granted["grants"]
    }
    await send(console, "POST", "/o-new/acts", {**act, "verb": "withdraw"})
    await send(console, "POST", "/o-new/acts", {**act, "verb": "withdraw"}, 404)
    closed = await send(console, "POST", "/o-new/acts", {"verb": "disable"})
    assert (closed["disabled"], closed["may"]) == (True, ["save", "enable"])
    await send(console, "POST", "/o-new/password-link", code=409)
    await send(console, "POST", "/o-new/acts", {"verb": "disable"}, 409)
    assert (await send(console, "POST", "/o-new/acts", {"verb": "enable"}))["disabled"] is False
    assert "o-new" in await listed(console)
    assert "o-new" not in await listed(console, ZHUTUO)


async def test_the_link_for_a_password_works_once(console: ConsoleHarness) -> None:
    await administering(console)
    await send(console, "PUT", "/o-new", NEW)
    link = await send(console, "POST", "/o-new/password-link")
    fields = {"new": "白帝彩云间千里江陵", "again": "白帝彩云间千里江陵"}
    fields = {name: f"{value} 一日还" for name, value in fields.items()}
    async with console.client(None) as client:
        headers = {"origin": "http://console.test"}
        first = await client.post(link["path"], data=fields, headers=headers)
        second = await client.post(link["path"], data=fields, headers=headers)
    assert (first.status_code, second.status_code) == (303, 410)
    assert (await listed(console))["o-new"]["signs_in"] is True


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/o-elsewhere", {**NEW, "unit": CITY}),
        ("PUT", "/o-city-a", NEW),
        ("POST", "/o-city-a/acts", {"verb": "disable"}),
        ("POST", "/o-city-a/password-link", None),
        ("POST", "/o-town-b/acts", {"verb": "grant", "right": "see", "unit": CITY}),
        ("POST", "/o-town-b/acts", {"verb": "grant", "right": "operate", "unit": ZHUTUO}),
        ("POST", "/o-wide/password-link", None),
    ],
)
async def test_nobody_reaches_beyond_the_own_rights(
    console: ConsoleHarness, method: str, path: str, body: Any
) -> None:
    await administering(console)
    await send(console, "PUT", "/o-wide", NEW)
    grant = Grant(right=Right.SEE, unit=CITY)
    await change_grant(dsn_of(console), "o-wide", grant, give=True)
    assert (await listed(console))["o-wide"]["may"] == []
    refused = await send(console, method, path, body, 403)
    assert refused["reason"] in {"not_administrator", "not_operator"}


async def test_nobody_shuts_themselves_out(console: ConsoleHarness) -> None:
    await administering(console)
    own = {"verb": "withdraw", "right": "administer", "unit": DISTRICT}
    await send(console, "POST", f"/{ADMIN}/acts", own, 409)
    await send(console, "POST", f"/{ADMIN}/acts", {"verb": "disable"}, 409)
    await send(console, "PUT", f"/{ADMIN}", {**NEW, "unit": ZHUTUO}, 409)
    await send(console, "PUT", f"/{ADMIN}", {**NEW, "unit": DISTRICT})


async def test_wrong_requests_are_refused(console: ConsoleHarness) -> None:
    await send(console, "GET", f"?place={ZHUTUO}", code=403, officer="o-town-b")
    await administering(console)
    await send(console, "PUT", "/o-new", {**NEW, "unit": "500118199000"}, 404)
    await send(console, "PUT", "/o-new", {**NEW, "name": "\x00"}, 422)
    await send(console, "PUT", "/o-new", {**NEW, "post": "C"}, 422)
    await send(console, "POST", "/o-none/acts", {"verb": "disable"}, 404)
    await send(console, "POST", "/o-town-b/acts", {"verb": "grant"}, 422)
    await send(console, "POST", "/o-town-b/acts", {"verb": "delete"}, 422)
