"""Console and alerting as processes of their own on a real Kafka and Postgres, with officers signed
in.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx2

from deploy.example.units import DISTRICT, all_units, of_tier
from deploy.local.paths import temporary_root
from deploy.local.stack import Stack
from services.console.accounts import Account, import_accounts, make_link
from shared.contracts.fields import Post, Tier
from tests.bench.log import write_catalogue

SERVICES = ("alerting", "console")
STREAMS = 10_000
"""Live streams the console is told to allow: more than any row opens."""
_WATCHER = "officer-before-the-browser"


class Screens:
    """The running services, seen from outside."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    @property
    def kafka(self) -> str:
        """`host:port` of the broker."""
        return self._stack.kafka_bootstrap

    @property
    def url(self) -> str:
        """Return the address of the console."""
        return self._stack.url("console")

    def pid(self, name: str = "console") -> int:
        """Process id of a service, "kafka" or "postgres"; raises RuntimeError when it is gone."""
        result = self._stack.pid(name)
        if result is None:
            raise RuntimeError(f"{name} is not running")
        return result

    @property
    def dsn(self) -> str:
        """Return the superuser's address of the database."""
        return self._stack.dsn()

    async def series(self, name: str) -> float:
        """The value of one of the console's series without labels; 0 when there is none."""
        async with httpx2.AsyncClient(timeout=30, trust_env=False) as client:
            text = (await client.get(f"{self.url}/metrics")).text
        match = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
        return float(match[1]) if match else 0.0

    async def link(self) -> str:
        """A one-time link that signs in the district's officer before the browser."""
        return await make_link(self._stack.dsn(), _WATCHER, self.url)

    async def officers(self, count: int) -> list[str]:
        """Session tokens of so many officers, each with an account and a place of their own.

        Every second one watches the whole district and hears of every alarm, the others watch a
        town or a village each and hear of few.
        """
        towns, villages = of_tier(Tier.TOWN), of_tier(Tier.VILLAGE)
        places = [
            (DISTRICT, towns[number % len(towns)].unit, DISTRICT, villages[number % 250].unit)[
                number % 4
            ]
            for number in range(count)
        ]
        accounts = [_account(f"officer-{number}", unit) for number, unit in enumerate(places)]
        await import_accounts(self._stack.dsn(), [*accounts, _account(_WATCHER, DISTRICT)])
        tokens = [f"session-of-{account.officer_id}" for account in accounts]
        connection = await asyncpg.connect(self._stack.dsn())
        try:
            await connection.execute(
                "INSERT INTO console.session (token_sha256, officer_id, expires_at) "
                "SELECT token, officer, now() + interval '12 hours' "
                "FROM unnest($1::text[], $2::text[]) AS given (token, officer)",
                [hashlib.sha256(token.encode()).hexdigest() for token in tokens],
                [account.officer_id for account in accounts],
            )
        finally:
            await connection.close()
        return tokens

    async def seed(self) -> None:
        """Write the units into the catalogue: names, and the tiles of the screen."""
        await write_catalogue(self.kafka, all_units())

    async def restart(self) -> None:
        """Start the console anew: it reads the catalogue when it starts."""
        await self._stack.stop("console")
        await self._stack.start("console")
        await self._stack.wait_ready(120, ["console"])


def _account(officer: str, unit: str) -> Account:
    return Account(officer_id=officer, name=officer, unit=unit, post=Post.B)


@asynccontextmanager
async def screens(services: tuple[str, ...] = SERVICES) -> AsyncIterator[Screens]:
    """Kafka, Postgres and the services over Yongchuan's units; all of it is removed afterwards.

    Raises StackError when Apache Kafka cannot be had: a stand-in distorts figures by factors.
    """
    stack = Stack(
        temporary_root("bench-console"),
        services=services,
        env={"console": {"FENGHUO_STREAM_LIMIT": str(STREAMS)}},
        broker="kafka",
        ready_timeout_s=120,
    )
    try:
        async with stack:
            running = Screens(stack)
            await running.seed()
            await running.restart()
            yield running
    finally:
        stack.discard()
