"""A stack that is filled before its services start: catalogue, rules, roster, accounts, source
tokens.

Services read the catalogue and the rules when they start, sensors first; seeding a running system
would race a rule against the sensors it names.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from deploy.example.canary import UNITS
from deploy.example.units import DISTRICT, OFFICE
from deploy.local.seed import Prepared, Seeded, prepare, seed, seed_canary
from deploy.local.services import AUDITOR
from deploy.local.sources import publish_absent
from deploy.local.stack import Stack
from shared.contracts.catalog import CANARY

LOCAL = "local"
"""The source whose token the README names."""


class SeededStack(Stack):
    """As `Stack`, and knows what it was seeded with."""

    seeded = Seeded()
    sources: Sequence[str] = (LOCAL,)
    """Who may send to ingest; each has a token of its own."""
    canary = False
    """Whether the auditor makes round trips from a sensor to a receipt (docs/watch.md)."""
    _preparing: asyncio.Task[Prepared | None]

    async def up(self) -> None:
        """As `Stack.up`; the seed is encoded while Kafka and Postgres start."""
        self._preparing = asyncio.create_task(asyncio.to_thread(self._prepare_seed))
        try:
            await super().up()
        finally:
            self._preparing.cancel()

    def _prepare_seed(self) -> Prepared | None:
        """Encode the content of the stack; None when the stack has it."""
        return prepare(self.paths)

    async def _start_services(self) -> None:
        self.set_variables("console", {"FENGHUO_OFFICE": OFFICE, "FENGHUO_HOME_UNIT": DISTRICT})
        if self.canary:
            self.set_variables(AUDITOR, self._canary_settings())
        async with self._phase("seed"):
            self.seeded = await seed(
                self.paths, self.kafka_bootstrap, self.dsn("console"), await self._preparing
            )
            await publish_absent(self.kafka_bootstrap, self._digests(), datetime.now(UTC))
            if self.canary:
                await seed_canary(self.kafka_bootstrap)
        await super()._start_services()

    def _digests(self) -> dict[str, str]:
        return {
            source: hashlib.sha256(self.source_token(source).encode()).hexdigest()
            for source in (*self.sources, *((CANARY,) if self.canary else ()))
        }

    def _canary_settings(self) -> dict[str, str]:
        return {
            "FENGHUO_AUDIT_CANARY_UNITS": ",".join(UNITS),
            "FENGHUO_AUDIT_CANARY_URL": self.url("ingest"),
            "FENGHUO_AUDIT_CANARY_TOKEN": self.source_token(CANARY),
        }

    def source_token(self, source: str = LOCAL) -> str:
        """The token with which a source sends to ingest."""
        return self.secrets.get(f"source-{source}")
