"""Sign-in by an OIDC provider that misbehaves in every known way."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

import httpx2
import pytest
import pytest_asyncio
from pydantic import SecretStr, ValidationError

from services.console.accounts import import_accounts
from services.console.features.identity import provider as provider_module
from services.console.features.identity.tokens import OLDEST_S, SKEW_S
from tests.support.console_harness import ConsoleHarness, accounts, running_console, settings_for
from tests.support.oidc import (
    CLIENT_ID,
    CLIENT_SECRET,
    Claims,
    FakeProvider,
    new_key,
    serving,
    signed,
)
from tests.support.postgres import fresh_database


@dataclass
class OidcConsole:
    console: ConsoleHarness
    provider: FakeProvider


@pytest_asyncio.fixture
async def pair() -> AsyncIterator[OidcConsole]:
    """Return a console and its provider; o-town-b is idp-li-yuan at the provider."""
    with fresh_database() as dsn:
        async with (
            serving() as provider,
            running_console(
                dsn,
                oidc_issuer=provider.issuer,
                oidc_client_id=CLIENT_ID,
                oidc_client_secret=SecretStr(CLIENT_SECRET),
                console_url="http://console.test",
            ) as console,
        ):
            existing_account = next(
                account for account in accounts() if account.officer_id == "o-town-b"
            )
            await import_accounts(
                dsn, [existing_account.model_copy(update={"oidc_subject": "idp-li-yuan"})]
            )
            yield OidcConsole(console, provider)


async def back(client: httpx2.AsyncClient, code: str, state: str) -> httpx2.Response:
    return await client.get("/login/oidc/callback", params={"code": code, "state": state})


async def sign_in(pair: OidcConsole, client: httpx2.AsyncClient) -> httpx2.Response:
    away = await client.get("/login/oidc?next=/m")
    assert away.status_code == 303, away.text
    assert away.headers["location"].startswith(f"{pair.provider.issuer}/authorize?")
    return await back(client, *pair.provider.consent(away.headers["location"]))


async def test_who_has_an_account_is_signed_in_with_our_own_session(pair: OidcConsole) -> None:
    async with pair.console.client(None) as client:
        assert "/login/oidc" in (await client.get("/login")).text
        answer = await sign_in(pair, client)
        assert (answer.status_code, answer.headers["location"]) == (303, "/m")
        session = next(c for c in answer.headers.get_list("set-cookie") if "session" in c).lower()
        assert all(word in session for word in ("httponly", "samesite=strict"))
        assert (await client.get("/api/me")).json()["officer_id"] == "o-town-b"
        headers = {"origin": "http://console.test", "x-fenghuo": "1"}
        assert (await client.post("/api/logout", headers=headers)).status_code == 200
        assert (await client.get("/api/me")).status_code == 401


async def test_nobody_gets_an_account_by_signing_in(pair: OidcConsole) -> None:
    pair.provider.subject = "idp-stranger"
    async with pair.console.client(None) as client:
        answer = await sign_in(pair, client)
        assert answer.status_code == 403
        assert "统一身份认证未成功" in answer.text
        assert (await client.get("/api/me")).status_code == 401
    async with pair.console.deps.database.transaction() as work:
        assert await work.connection.fetchval("SELECT count(*) FROM console.account") == 6


def _without(name: str) -> Claims:
    return {name: None}


INVALID: dict[str, Claims] = {
    "wrong issuer": {"iss": "http://evil.test"},
    "wrong audience": {"aud": "another-client"},
    "audience of nobody": {"aud": []},
    "two audiences without a party": {"aud": [CLIENT_ID, "another"]},
    "another party": {"aud": [CLIENT_ID, "another"], "azp": "another"},
    "wrong nonce": {"nonce": "another"},
    "no nonce": _without("nonce"),
    "no expiry": _without("exp"),
    "expiry is a word": {"exp": "tomorrow"},
    "expiry is true": {"exp": True},
    "no issue time": _without("iat"),
    "no subject": _without("sub"),
    "subject is a list": {"sub": ["idp-li-yuan"]},
    "subject is empty": {"sub": ""},
}


async def test_a_token_that_says_something_else_signs_nobody_in(pair: OidcConsole) -> None:
    async with pair.console.client(None) as client:
        for name, invalid in INVALID.items():
            pair.provider.spoil = partial(_spoil, invalid)
            assert (await sign_in(pair, client)).status_code == 403, name
            assert (await client.get("/api/me")).status_code == 401, name


async def test_clocks_may_be_a_minute_apart_and_no_more(pair: OidcConsole) -> None:
    for claim, offset, status in (
        ("exp", -SKEW_S + 20, 303),
        ("exp", -SKEW_S - 20, 403),
        ("iat", SKEW_S - 20, 303),
        ("iat", SKEW_S + 20, 403),
        ("iat", -OLDEST_S - 20, 403),
        ("nbf", SKEW_S + 20, 403),
    ):
        pair.provider.spoil = partial(_shift, claim, offset)
        async with pair.console.client(None) as client:
            assert (await sign_in(pair, client)).status_code == status, (claim, offset)


def _spoil(invalid: Claims, claims: Claims) -> Claims:
    return {key: value for key, value in {**claims, **invalid}.items() if value is not None}


def _shift(claim: str, offset: int, claims: Claims) -> Claims:
    return {**claims, claim: claims["iat"] + offset}


def _by_hand(header: Claims, secret: bytes | None, claims: Claims) -> str:
    """Return a token that no library would make: unsigned, or signed with a public secret."""
    coded = b".".join(_coded(json.dumps(row).encode()) for row in (header, claims))
    mac = b"" if secret is None else _coded(hmac.digest(secret, coded, "sha256"))
    return b".".join((coded, mac)).decode()


def _coded(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


async def test_signatures_that_are_not_the_providers_sign_nobody_in(pair: OidcConsole) -> None:
    own = pair.provider.keys[-1]
    thief = new_key(own.kid or "")
    public, shared = own.as_pem(private=False), CLIENT_SECRET.encode()
    symmetric = {"alg": "HS256", "kid": own.kid}
    for sign in (
        partial(_by_hand, {"alg": "none", "kid": own.kid}, None),
        partial(_by_hand, {"kid": own.kid}, None),
        partial(_by_hand, symmetric, public),
        partial(_by_hand, symmetric, shared),
        lambda claims: signed(claims, thief),
        lambda claims: signed({**claims, "sub": "x"}, own)[:-4] + "AAAA",
        lambda _claims: "not.a.token",
        lambda _claims: "",
    ):
        pair.provider.sign = sign
        async with pair.console.client(None) as client:
            assert (await sign_in(pair, client)).status_code == 403
            assert (await client.get("/api/me")).status_code == 401


async def test_a_state_works_once_and_only_in_the_browser_that_began(pair: OidcConsole) -> None:
    async with pair.console.client(None) as client, pair.console.client(None) as async_client:
        away = await client.get("/login/oidc")
        code, state = pair.provider.consent(away.headers["location"])
        assert (await back(client, code, state)).status_code == 303
        assert (await back(client, code, state)).status_code == 403
        away = await client.get("/login/oidc")
        code, state = pair.provider.consent(away.headers["location"])
        await async_client.get("/login/oidc")
        assert (await back(async_client, code, state)).status_code == 403, (
            "signed in as somebody else"
        )
        assert (await back(client, code, state)).status_code == 403, "used up by the theft"
        assert (await back(client, code, "x" * 43)).status_code == 403


async def test_an_expired_state_and_a_refusal_of_the_provider_sign_nobody_in(
    pair: OidcConsole,
) -> None:
    async with pair.console.client(None) as client:
        away = await client.get("/login/oidc")
        code, state = pair.provider.consent(away.headers["location"])
        async with pair.console.deps.database.transaction() as work:
            await work.connection.execute("UPDATE console.oidc_login SET expires_at = now()")
        assert (await back(client, code, state)).status_code == 403
        away = await client.get("/login/oidc")
        _, state = pair.provider.consent(away.headers["location"])
        refused = await client.get(
            "/login/oidc/callback", params={"error": "access_denied", "state": state}
        )
        assert refused.status_code == 403


async def test_a_code_of_another_sign_in_is_of_no_use(pair: OidcConsole) -> None:
    """PKCE: the stolen code is bound to a verifier unknown to this browser's sign-in."""
    async with pair.console.client(None) as thief, pair.console.client(None) as victim:
        stolen, _ = pair.provider.consent((await victim.get("/login/oidc")).headers["location"])
        _, state = pair.provider.consent((await thief.get("/login/oidc")).headers["location"])
        assert (await back(thief, stolen, state)).status_code == 403


async def test_new_keys_are_fetched_once_and_not_at_every_forged_token(
    pair: OidcConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pair.console.client(None) as client:
        assert (await sign_in(pair, client)).status_code == 303
        pair.provider.rotate()
        monkeypatch.setattr(provider_module, "_KEYS_RELOAD_S", -1)
        assert (await sign_in(pair, client)).status_code == 303
        monkeypatch.setattr(provider_module, "_KEYS_RELOAD_S", 10)
        before = pair.provider.requests.count("/jwks")
        pair.provider.sign = lambda claims: signed(claims, new_key("unknown"))
        for _ in range(3):
            assert (await sign_in(pair, client)).status_code == 403
        assert pair.provider.requests.count("/jwks") == before


async def test_a_provider_that_is_down_or_another_is_reported_and_nothing_breaks(
    pair: OidcConsole,
) -> None:
    async with pair.console.client(None) as client:
        pair.provider.down = True
        assert (await client.get("/login/oidc")).status_code == 503
        pair.provider.down, pair.provider.name = False, "http://evil.test"
        assert (await client.get("/login/oidc")).status_code == 503
        pair.provider.name = None
        away = await client.get("/login/oidc")
        code, state = pair.provider.consent(away.headers["location"])
        pair.provider.down = True
        assert (await back(client, code, state)).status_code == 503


async def test_without_settings_there_is_no_such_door(console: ConsoleHarness) -> None:
    async with console.client(None) as client:
        assert (await client.get("/login/oidc")).status_code == 404
        assert (await client.get("/login/oidc/callback?state=x&code=y")).status_code == 404
        assert "/login/oidc" not in (await client.get("/login")).text


def test_half_a_provider_is_a_mistake_in_the_settings() -> None:
    with pytest.raises(ValidationError, match="oidc_issuer needs"):
        settings_for("postgresql://x", oidc_issuer="http://idp.test")
    assert settings_for("postgresql://x", oidc_issuer="").oidc_issuer is None
