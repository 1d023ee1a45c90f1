"""A small OIDC provider over real HTTP, with its own keys, that can be told to misbehave."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import uvicorn
from fastapi import FastAPI, Request, Response
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from services.console.features.identity.tokens import challenge_of

CLIENT_ID = "fenghuo"
CLIENT_SECRET = "the provider's and ours"

Claims = dict[str, Any]


@dataclass
class FakeProvider:
    """`spoil` changes the claims before they are signed, `sign` how; `down` answers 503."""

    issuer: str
    subject: str = "idp-li-yuan"
    keys: list[RSAKey] = field(default_factory=lambda: [new_key("key-1")])
    """Published keys; the last one signs."""
    spoil: Callable[[Claims], Claims] = lambda claims: claims
    sign: Callable[[Claims], str] | None = None
    name: str | None = None
    """What it calls itself, if not by its address."""
    down: bool = False
    requests: list[str] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def consent(self, address: str) -> tuple[str, str]:
        """Return the (code, state) that a person's browser brings back from `address`."""
        query = {name: parse_q[0] for name, parse_q in parse_qs(urlsplit(address).query).items()}
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = f"code-{len(self._codes)}"
        self._codes[code] = query
        return code, query["state"]

    def rotate(self) -> None:
        """Sign with a new key; the old one is no longer published."""
        self.keys = [new_key(f"key-{time.monotonic_ns()}")]

    def token(self, nonce: str) -> str:
        """An ID token as the provider is told to make it."""
        now = int(time.time())
        claims = self.spoil(
            {
                "iss": self.issuer,
                "sub": self.subject,
                "aud": CLIENT_ID,
                "exp": now + 300,
                "iat": now,
                "nonce": nonce,
            }
        )
        if self.sign is not None:
            return self.sign(claims)
        return signed(claims, self.keys[-1])

    def app(self) -> FastAPI:
        """Its HTTP side."""
        app = FastAPI()

        @app.middleware("http")
        async def _watch(request: Request, call_next: Any) -> Any:
            self.requests.append(request.url.path)
            return Response(status_code=503) if self.down else await call_next(request)

        @app.get("/.well-known/openid-configuration")
        async def _discovery() -> dict[str, str]:
            return {
                "issuer": self.name or self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
            }

        @app.get("/jwks")
        async def _keys() -> dict[str, Any]:
            return dict(KeySet(list(self.keys)).as_dict(private=False))

        @app.post("/token")
        async def _token(request: Request) -> Any:
            form = {
                name: parse_q[0]
                for name, parse_q in parse_qs((await request.body()).decode()).items()
            }
            authorization = self._codes.pop(form["code"], None)
            right = (
                authorization is not None
                and challenge_of(form["code_verifier"]) == authorization["code_challenge"]
                and form["redirect_uri"] == authorization["redirect_uri"]
                and request.headers.get("authorization", "").startswith("Basic ")
            )
            if authorization is None or not right:
                return Response('{"error":"invalid_grant"}', 400, media_type="application/json")
            return {"access_token": "unused", "id_token": self.token(authorization["nonce"])}

        return app


def new_key(kid: str) -> RSAKey:
    """A fresh signing key."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})


def signed(claims: Claims, key: RSAKey) -> str:
    """A token."""
    return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)


@asynccontextmanager
async def serving() -> AsyncIterator[FakeProvider]:
    """A provider on a free port of this machine."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        fake_provider = FakeProvider(f"http://127.0.0.1:{listener.getsockname()[1]}")
        server = uvicorn.Server(
            uvicorn.Config(fake_provider.app(), log_config=None, timeout_graceful_shutdown=1)
        )
        running = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        yield fake_provider
        server.should_exit = True
        await running
