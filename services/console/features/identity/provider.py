"""The OIDC provider over HTTP: discovery document, keys, and the exchange of a code for a token.

The published documents are cached for an hour. A token signed with an unknown key reloads the keys
at most once in ten seconds: a rotation is noticed, and a stranger cannot cause endless requests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from services.console.features.identity.tokens import (
    ExpectedClaims,
    TokenFlaw,
    TokenRefused,
    challenge_of,
    subject_of,
)
from services.console.settings import Settings
from shared.runtime.clock import Clock
from shared.runtime.errors import Transient

_CACHE_S = 3_600
_KEYS_RELOAD_S = 10
_TIMEOUT_S = 5
_MOST_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class OidcClient:
    """The identity of the console at the provider."""

    issuer: str
    client_id: str
    client_secret: str
    claim: str
    callback: str


def client_of(settings: Settings) -> OidcClient | None:
    """Return the client of the settings, or None when no provider is set."""
    issuer, client_id = settings.oidc_issuer, settings.oidc_client_id
    secret, address = settings.oidc_client_secret, settings.console_url
    if issuer is None or client_id is None or secret is None or address is None:
        return None
    callback = f"{address.rstrip('/')}/login/oidc/callback"
    return OidcClient(issuer, client_id, secret.get_secret_value(), settings.oidc_claim, callback)


def provider_of(settings: Settings, clock: Clock) -> OidcProvider | None:
    """Return the provider of the settings; None when no provider is set."""
    client = client_of(settings)
    return None if client is None else OidcProvider(client, lambda: clock.now().timestamp())


class OidcProvider:
    """An OIDC provider. Raises Transient when unreachable or when the answer makes no sense.

    `seconds` is a clock in seconds since 1970.
    """

    def __init__(self, client: OidcClient, seconds: Callable[[], float]) -> None:
        self._client = client
        self._seconds = seconds
        self._discovery: tuple[dict[str, Any], float] | None = None
        self._keys: tuple[KeySet, float] | None = None

    async def address(self, state: str, nonce: str, verifier: str) -> str:
        """Return the address of the provider's sign-in page."""
        endpoints = await self._endpoints()
        query = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": self._client.callback,
            "scope": "openid",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        return _with_query(endpoints["authorization_endpoint"], query)

    async def subject(self, code: str, nonce: str, verifier: str) -> str:
        """Return the person named by the provider for a code. Raises TokenRefused."""
        endpoints = await self._endpoints()
        answer = await self._ask(
            "POST",
            endpoints["token_endpoint"],
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self._client.callback,
                "code_verifier": verifier,
            },
            auth=(self._client.client_id, self._client.client_secret),
        )
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise TokenRefused(TokenFlaw.SIGNATURE)
        expected = ExpectedClaims(
            self._client.issuer, self._client.client_id, nonce, self._client.claim
        )
        try:
            return subject_of(token, await self._key_set(_CACHE_S), expected, self._seconds())
        except TokenRefused as refused:
            if refused.flaw is not TokenFlaw.UNKNOWN_KEY:
                raise
        return subject_of(token, await self._key_set(_KEYS_RELOAD_S), expected, self._seconds())

    async def _endpoints(self) -> dict[str, Any]:
        now = self._seconds()
        if self._discovery is None or now - self._discovery[1] > _CACHE_S:
            issuer = self._client.issuer
            document = await self._ask(
                "GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration"
            )
            if document.get("issuer") != issuer:
                raise Transient("the OIDC provider calls itself by another name")
            needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if not all(isinstance(document.get(name), str) for name in needed):
                raise Transient("the OIDC provider does not say where its endpoints are")
            self._discovery = (document, now)
        return self._discovery[0]

    async def _key_set(self, cache_s: float) -> KeySet:
        now = self._seconds()
        if self._keys is None or now - self._keys[1] > cache_s:
            answer = await self._ask("GET", (await self._endpoints())["jwks_uri"])
            try:
                self._keys = (KeySet.import_key_set(answer), now)  # type: ignore[arg-type]
            except (JoseError, ValueError, KeyError, TypeError) as error:
                raise Transient("the OIDC provider's keys cannot be read") from error
        return self._keys[0]

    async def _ask(self, method: str, address: str, **more: Any) -> dict[str, Any]:
        try:
            async with httpx2.AsyncClient(timeout=_TIMEOUT_S, trust_env=False) as http:
                answer = await http.request(method, address, **more)
            if answer.status_code in (400, 401) and method == "POST":
                raise TokenRefused(TokenFlaw.SIGNATURE)
            answer.raise_for_status()
            result = answer.json() if len(answer.content) <= _MOST_BYTES else None
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            raise Transient(f"the OIDC provider fails: {type(error).__name__}") from error
        if not isinstance(result, dict):
            raise Transient("the OIDC provider answers with something else than an object")
        return result


def _with_query(address: str, query: dict[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"
