"""Sign-in, accounts, requests from foreign sites, and the headers of every answer."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx2
import pytest

from services.console import accounts as cli
from services.console.accounts import import_accounts, make_link, read_accounts
from shared.contracts.fields import Post
from shared.runtime.errors import SetupError
from tests.support.console_events import ZHUTUO, a_page
from tests.support.console_harness import ConsoleHarness, accounts


def dsn_of(console: ConsoleHarness) -> str:
    return console.deps.settings.database_url.get_secret_value()


async def signed_in(console: ConsoleHarness, officer: str = "o-town-b") -> httpx2.AsyncClient:
    client = console.client(None)
    link = await make_link(dsn_of(console), officer, "http://console.test", "/m")
    answer = await client.get(link)
    assert (answer.status_code, answer.headers["location"]) == (303, "/m")
    return client


async def test_a_link_works_once_and_its_cookie_is_locked_down(console: ConsoleHarness) -> None:
    link = await make_link(dsn_of(console), "o-town-b", "http://console.test")
    async with console.client(None) as client:
        first = await client.get(link)
        cookie = first.headers["set-cookie"].lower()
        assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/"))
        assert (await client.get("/api/me")).json()["officer_id"] == "o-town-b"
    async with console.client(None) as client:
        assert (await client.get(link)).status_code == 410
        assert (await client.get("/api/me")).status_code == 401


async def test_a_link_is_not_used_up_by_a_browser_that_looks_ahead(console: ConsoleHarness) -> None:
    link = await make_link(dsn_of(console), "o-town-b", "http://console.test")
    async with console.client(None) as client:
        ahead = await client.get(link, headers={"sec-purpose": "prefetch;prerender"})
        assert (ahead.status_code, ahead.headers.get("set-cookie")) == (204, None)
        assert (await client.get(link)).status_code == 303


async def test_an_expired_ticket_and_an_expired_session_open_nothing(
    console: ConsoleHarness,
) -> None:
    link = await make_link(dsn_of(console), "o-town-b", "http://console.test")
    client = await signed_in(console)
    async with console.deps.database.transaction() as work:
        for table in ("ticket", "session"):
            await work.connection.execute(f"UPDATE console.{table} SET expires_at = now()")
    assert (await client.get("/api/me")).status_code == 401
    assert (await client.get(link)).status_code == 410
    await client.aclose()


async def test_only_hashes_are_stored(console: ConsoleHarness) -> None:
    client = await signed_in(console)
    token = client.cookies["fenghuo_session"]
    async with console.deps.database.transaction() as work:
        stored = await work.connection.fetchval(
            "SELECT string_agg(s::text, '') FROM console.session s"
        )
    assert token not in stored
    await client.aclose()


async def test_signing_out_ends_the_session_at_once(console: ConsoleHarness) -> None:
    client = await signed_in(console)
    assert (await client.get("/api/me")).status_code == 200
    headers = {"x-fenghuo": "1", "origin": "http://console.test"}
    assert (await client.post("/api/logout", headers=headers)).status_code == 200
    client.cookies.set("fenghuo_session", "x" * 43)
    assert (await client.get("/api/me")).status_code == 401
    await client.aclose()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-fenghuo": "1"},
        {"origin": "http://console.test"},
        {"x-fenghuo": "1", "origin": "http://evil.test"},
        {"x-fenghuo": "1", "origin": "null"},
        {"x-fenghuo": "1", "origin": "http://console.test", "sec-fetch-site": "cross-site"},
        {"x-fenghuo": "1", "origin": "http://console.test", "sec-fetch-site": "same-site"},
    ],
)
async def test_a_cookie_alone_acts_for_nobody(
    console: ConsoleHarness, headers: dict[str, str]
) -> None:
    page = a_page("o-town-b", ZHUTUO)
    await console.project([page])
    client = await signed_in(console)
    path = f"/api/pages/{page.page_id}/answers"
    answer = await client.post(path, json={"verb": "coming"}, headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (403, "cross_site")
    good = {"x-fenghuo": "1", "origin": "http://console.test", "sec-fetch-site": "same-origin"}
    assert (await client.post(path, json={"verb": "coming"}, headers=good)).status_code == 202
    await client.aclose()


async def test_other_sites_cannot_even_read_the_stream(console: ConsoleHarness) -> None:
    client = await signed_in(console)
    answer = await client.get("/api/events", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    await client.aclose()


@pytest.mark.parametrize(
    "path",
    [
        "/api/me",
        "/api/overview",
        "/api/alerts",
        "/api/alerts/alt-1",
        "/api/commands",
        "/api/commands/cmd-1",
        "/api/assignments",
        "/api/assignments/asg-1",
        "/api/pages",
        "/api/supervision",
        "/api/sensors/silent",
        "/api/feed",
        "/api/events",
    ],
)
async def test_nothing_is_reported_to_strangers(console: ConsoleHarness, path: str) -> None:
    async with console.client(None) as client:
        for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Basic eDp5"}):
            answer = await client.get(path, headers=headers)
            assert answer.status_code == 401
            assert answer.headers["content-type"] == "application/problem+json"


async def test_every_answer_carries_the_policy(console: ConsoleHarness) -> None:
    async with console.client("o-city-b") as client:
        for path in ("/", "/m", "/api/me", "/api/nothing", "/static/js/wall.js", "/login?ticket=x"):
            answer = await client.get(path)
            policy = answer.headers["content-security-policy"]
            assert "script-src 'self'" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"


async def test_nine_thousand_accounts_are_imported_in_seconds(
    console: ConsoleHarness, tmp_path: Path
) -> None:
    many = [
        {
            "officer_id": f"o-{n}",
            "name": "测试",
            "unit": ZHUTUO,
            "post": "B",
            "token_sha256": f"{n:064x}",
        }
        for n in range(9_500)
    ]
    file = tmp_path / "accounts.json"
    file.write_text(json.dumps(many), encoding="utf-8")
    began = asyncio.get_running_loop().time()
    assert await import_accounts(dsn_of(console), read_accounts(file)) == 9_500
    assert await import_accounts(dsn_of(console), read_accounts(file)) == 9_500
    assert asyncio.get_running_loop().time() - began < 10


async def test_importing_without_a_token_keeps_the_one_there_is(console: ConsoleHarness) -> None:
    moved = accounts()[0].model_copy(update={"token_sha256": None, "post": Post.COMMANDER})
    await import_accounts(dsn_of(console), [moved])
    async with console.client(moved.officer_id) as client:
        assert (await client.get("/api/me")).json()["post"] == "commander"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '[{"officer_id": "o"}]',
        '[{"officer_id":"o","name":"n","unit":"1","post":"B"}]',
        "[1]",
    ],
)
def test_a_wrong_account_file_is_one_sentence(text: str, tmp_path: Path) -> None:
    file = tmp_path / "accounts.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SetupError, match="is not a list of accounts"):
        read_accounts(file)


def test_the_command_line_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FENGHUO_DATABASE_URL", raising=False)
    assert cli.main(["link", "o-town-b"]) == 64
    assert "FENGHUO_DATABASE_URL" in capsys.readouterr().err
    monkeypatch.setenv("FENGHUO_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    assert cli.main(["link", "o-town-b"]) == 69
    assert "Postgres" in capsys.readouterr().err
