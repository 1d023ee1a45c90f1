"""Local passwords: set by a link only, checked with equal work, changed with the old password."""

from __future__ import annotations

import asyncio
import statistics
import time

import httpx2
import pytest
from argon2 import PasswordHasher

from services.console import accounts as cli
from services.console.accounts import (
    Account,
    disable,
    first_run,
    import_accounts,
    make_link,
    make_password_link,
)
from services.console.features.identity.identity_parts import IdentityParts
from services.console.features.identity.passwords import unfit
from services.console.features.identity.throttle import PER_NAME
from shared.contracts.fields import Post
from shared.runtime.errors import SetupError
from tests.support.console_events import CITY
from tests.support.console_harness import ConsoleHarness, accounts
from tests.support.postgres import fresh_database

OWN = {"origin": "http://console.test"}
GOOD = "长江水位 211.86 metres"


def dsn_of(console: ConsoleHarness) -> str:
    return console.deps.settings.database_url.get_secret_value()


async def set_password(
    console: ConsoleHarness, officer: str = "o-town-b", password: str = GOOD
) -> None:
    link = await make_password_link(dsn_of(console), officer, "http://console.test")
    async with console.client(None) as client:
        assert (await client.get(link)).status_code == 200
        answer = await client.post(link, data={"new": password, "again": password}, headers=OWN)
        assert answer.status_code == 303


async def sign_in(
    client: httpx2.AsyncClient, officer: str = "o-town-b", password: str = GOOD
) -> httpx2.Response:
    return await client.post(
        "/login", data={"officer_id": officer, "password": password}, headers=OWN
    )


async def test_there_is_no_password_until_its_owner_sets_one_through_a_link(
    console: ConsoleHarness,
) -> None:
    async with console.client(None) as client:
        for tried in ("", "admin", "o-town-b", "password"):
            assert (await sign_in(client, password=tried)).status_code == 401
        await set_password(console)
        answer = await sign_in(client)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        cookie = answer.headers["set-cookie"].lower()
        assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/"))
        assert (await client.get("/api/me")).json()["officer_id"] == "o-town-b"


async def test_a_password_link_works_once_and_is_not_used_up_by_looking_or_by_a_bad_choice(
    console: ConsoleHarness,
) -> None:
    link = await make_password_link(dsn_of(console), "o-town-b", "http://console.test")
    async with console.client(None) as client:
        for new, repeated, word in (
            ("short", "short", "12"),
            (GOOD, GOOD + "x", "不一致"),
            ("o-town-b is my name", "o-town-b is my name", "容易猜到"),
        ):
            answer = await client.post(link, data={"new": new, "again": repeated}, headers=OWN)
            assert answer.status_code == 422
            assert word in answer.text
        good = {"new": GOOD, "again": GOOD}
        assert (await client.post(link, data=good, headers=OWN)).status_code == 303
        assert (await client.post(link, data=good, headers=OWN)).status_code == 410
        assert (await client.get(link)).status_code == 410


async def test_two_at_once_with_one_link_set_one_password(console: ConsoleHarness) -> None:
    link = await make_password_link(dsn_of(console), "o-town-b", "http://console.test")

    async def choose(password: str) -> int:
        async with console.client(None) as client:
            data = {"new": password, "again": password}
            return (await client.post(link, data=data, headers=OWN)).status_code

    assert sorted(await asyncio.gather(choose(GOOD), choose(GOOD + "2"))) == [303, 410]


async def test_a_sign_in_link_sets_no_password_and_a_password_link_signs_nobody_in(
    console: ConsoleHarness,
) -> None:
    signing = await make_link(dsn_of(console), "o-town-b", "http://console.test")
    setting = await make_password_link(dsn_of(console), "o-town-b", "http://console.test")
    async with console.client(None) as client:
        wrong = signing.replace("/login?", "/password?").partition("&next")[0]
        assert (await client.get(wrong)).status_code == 410
        assert (await client.get(setting.replace("/password?", "/login?"))).status_code == 410


async def test_unknown_and_wrong_are_one_answer(console: ConsoleHarness) -> None:
    await set_password(console)
    async with console.client(None) as client:
        wrong = await sign_in(client, password="wrong password")
        unknown = await sign_in(client, officer="o-nobody")
        unset = await sign_in(client, officer="o-city-b")
        assert wrong.status_code == unknown.status_code == unset.status_code == 401
        assert wrong.text == unknown.text == unset.text
        assert "姓名、电话或代号与密码不符" in wrong.text
        assert "does not go with the password" in wrong.text


async def test_unknown_and_wrong_cost_the_same_work(console: ConsoleHarness) -> None:
    """Each verifies a hash with the present parameters; the margin is wide for a busy machine."""
    stored = await console.deps.part(IdentityParts).passwords.hash(GOOD)

    async def cost(stored_hash: str | None) -> float:
        took = []
        for _ in range(5):
            began = time.perf_counter()
            assert not await console.deps.part(IdentityParts).passwords.check(
                stored_hash, "wrong password"
            )
            took.append(time.perf_counter() - began)
        return statistics.median(took)

    wrong, unknown = await cost(stored), await cost(None)
    assert 0.25 < wrong / unknown < 4


async def test_guessing_has_to_wait_and_a_name_nobody_has_waits_alike(
    console: ConsoleHarness,
) -> None:
    await set_password(console)
    for officer in ("o-town-b", "o-nobody"):
        async with console.client(None, "10.0.0.9") as client:
            for _ in range(PER_NAME.free):
                assert (await sign_in(client, officer, "wrong password")).status_code == 401
            refused = await sign_in(client, officer, GOOD)
            assert refused.status_code == 429
            assert int(refused.headers["retry-after"]) >= 1
    async with console.client(None) as client:  # another officer is not concerned
        await set_password(console, "o-city-b")
        assert (await sign_in(client, "o-city-b")).status_code == 303


async def test_a_hash_of_weaker_parameters_is_renewed_at_sign_in(console: ConsoleHarness) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(GOOD)
    async with console.deps.database.transaction() as work:
        await work.connection.execute(
            "UPDATE console.account SET password_hash = $1 WHERE officer_id = 'o-town-b'", weak
        )
    async with console.client(None) as client:
        assert (await sign_in(client)).status_code == 303
    async with console.deps.database.transaction() as work:
        stored = await work.connection.fetchval(
            "SELECT password_hash FROM console.account WHERE officer_id = 'o-town-b'"
        )
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    async with console.client(None) as client:
        assert (await sign_in(client)).status_code == 303


async def test_signing_in_ends_the_session_the_browser_had(console: ConsoleHarness) -> None:
    await set_password(console)
    async with console.client(None) as client:
        await sign_in(client)
        before = client.cookies["fenghuo_session"]
        await sign_in(client)
        after = client.cookies["fenghuo_session"]
        assert before != after
    async with console.client(None) as client:
        client.cookies.set("fenghuo_session", before)
        assert (await client.get("/api/me")).status_code == 401


async def test_a_changed_password_ends_every_other_session(console: ConsoleHarness) -> None:
    await set_password(console)
    async with console.client(None) as first_dsn, console.client(None) as second_dsn:
        await sign_in(first_dsn)
        await sign_in(second_dsn)
        assert (await second_dsn.get("/api/me")).status_code == 200
        new = {"present": GOOD, "new": GOOD + " new", "again": GOOD + " new"}
        wrong = await first_dsn.post(
            "/account/password", data={**new, "present": "not it at all"}, headers=OWN
        )
        assert wrong.status_code == 403
        assert "当前密码不正确" in wrong.text
        completed = await first_dsn.post("/account/password", data=new, headers=OWN)
        assert completed.status_code == 303
        assert (await first_dsn.get("/api/me")).status_code == 200
        assert (await second_dsn.get("/api/me")).status_code == 401
        assert (await sign_in(second_dsn)).status_code == 401
        assert (await sign_in(second_dsn, password=GOOD + " new")).status_code == 303


@pytest.mark.parametrize("way", ["api", "form"])
async def test_signing_out_everywhere_ends_all_sessions(console: ConsoleHarness, way: str) -> None:
    await set_password(console)
    async with console.client(None) as first_dsn, console.client(None) as second_dsn:
        await sign_in(first_dsn)
        await sign_in(second_dsn)
        assert (await second_dsn.get("/api/me")).status_code == 200
        if way == "api":
            answer = await first_dsn.post(
                "/api/logout/everywhere", headers={**OWN, "x-fenghuo": "1"}
            )
            assert answer.status_code == 200
        else:
            answer = await first_dsn.post("/account/sign-out", headers=OWN)
            assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert (await second_dsn.get("/api/me")).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "http://evil.test"},
        {**OWN, "sec-fetch-site": "cross-site"},
        {**OWN, "sec-fetch-site": "same-site"},
    ],
)
async def test_no_other_site_signs_anybody_in_or_changes_a_password(
    console: ConsoleHarness, headers: dict[str, str]
) -> None:
    await set_password(console)
    async with console.client(None) as client:
        data = {"officer_id": "o-town-b", "password": GOOD}
        assert (await client.post("/login", data=data, headers=headers)).status_code == 403
        await sign_in(client)
        for path in ("/account/password", "/account/sign-out", "/api/logout/everywhere"):
            assert (await client.post(path, data=data, headers=headers)).status_code == 403
        assert (await client.get("/api/me")).status_code == 200


@pytest.mark.parametrize("path", ["/login", "/account"])
async def test_forms_work_without_script_and_in_both_languages(
    console: ConsoleHarness, path: str
) -> None:
    await set_password(console)
    async with console.client(None) as client:
        await sign_in(client)
        page = await client.get(path)
        assert page.status_code == 200
        assert page.headers["referrer-policy"] == "same-origin"  # else the form's origin is `null`
        assert "<script" not in page.text
        assert "style=" not in page.text
        assert 'lang="zh-CN"' in page.text
        assert 'lang="en"' in page.text
        assert 'method="post"' in page.text


@pytest.mark.parametrize(
    "body",
    [b"", b"a=b", b"officer_id=%00&password=%00", b"\xff\xfe", b"officer_id=" + b"x" * 60_000],
)
async def test_a_malformed_form_is_refused_and_not_a_failure(
    console: ConsoleHarness, body: bytes
) -> None:
    async with console.client(None) as client:
        for kind in ("application/x-www-form-urlencoded", "application/json"):
            headers = {**OWN, "content-type": kind}
            answer = await client.post("/login", content=body, headers=headers)
            assert answer.status_code in (401, 422)


async def test_a_session_ends_when_idle_and_use_keeps_it(console: ConsoleHarness) -> None:
    await set_password(console)

    async def lay_idle(minutes: int) -> None:
        async with console.deps.database.transaction() as work:
            await work.connection.execute(
                "UPDATE console.session SET used_at = used_at - $1 * interval '1 minute'", minutes
            )
        console.deps.sessions.forget_officer("o-town-b")

    async with console.client(None) as client:
        await sign_in(client)
        for _ in range(3):
            await lay_idle(20)
            assert (await client.get("/api/me")).status_code == 200
        await lay_idle(31)
        assert (await client.get("/api/me")).status_code == 401


async def test_a_disabled_account_opens_no_door(console: ConsoleHarness) -> None:
    await set_password(console)
    link = await make_link(dsn_of(console), "o-town-b", "http://console.test")
    async with console.client(None) as client, console.client("o-town-b") as script:
        await sign_in(client)
        await disable(dsn_of(console), "o-town-b")
        console.deps.sessions.forget_officer("o-town-b")
        assert (await client.get("/api/me")).status_code == 401
        assert (await script.get("/api/me")).status_code == 401
        assert (await client.get(link)).status_code == 410
        assert (await sign_in(client)).status_code == 401
        with pytest.raises(SetupError, match="may sign in"):
            await make_link(dsn_of(console), "o-town-b", "http://console.test")
    await import_accounts(dsn_of(console), accounts())
    async with console.client("o-town-b") as script:
        assert (await script.get("/api/me")).status_code == 401, "an import does not open it again"


async def test_the_first_run_makes_one_account_and_no_second(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    boss = Account(officer_id="o-first", name="赵安", unit=CITY, post=Post.COMMANDER)
    with fresh_database() as dsn:
        link = await first_run(dsn, boss, "http://console.test")
        assert link.startswith("http://console.test/password?ticket=")
        with pytest.raises(SetupError, match="There are accounts already"):
            await first_run(dsn, boss, "http://console.test")
        monkeypatch.setenv("FENGHUO_DATABASE_URL", dsn)
        call = ["setup", "o-2", "--name", "钱平", "--unit", CITY]
        assert await asyncio.to_thread(cli.main, call) == 64
        assert "There are accounts already" in capsys.readouterr().err


def test_new_passwords_have_a_length_and_are_not_the_name() -> None:
    assert unfit("长江水位涨到警戒线以上", "o-1") == "short"
    assert unfit("长江水位涨到警戒线以上了吗", "o-1") is None
    assert unfit("x" * 257, "o-1") == "long"
    assert unfit("aaaaaaaaaaaaaa", "o-1") == "guessable"
    assert unfit("My O-TOWN-B secret", "o-town-b") == "guessable"
