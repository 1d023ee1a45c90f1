"""The command service's own parts over a database, several side by side: for timers and races."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from services.command.core.profiles import Profile
from shared.runtime.database import Database
from shared.runtime.errors import Reject
from shared.runtime.stateful_platform import settle_garbage
from tests.bench.command.units import city
from tests.component.command.harness import Office, slot


async def applied(office: Office, message: Any) -> bool:
    """Apply one message in a transaction of its own; False when it was refused."""
    try:
        await office.apply(message)
    except Reject:
        return False
    return True


@asynccontextmanager
async def offices(dsn: str, profile: Profile, count: int) -> AsyncIterator[Sequence[Office]]:
    """So many offices over one database, each with connections of its own, as processes would have.

    Each knows the generated city and a duty officer per office down to the village.
    """
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(count):
            database = Database(dsn, "command", size=2)
            await database.start()
            stack.push_async_callback(database.stop)
            office = Office(database, profile)
            for unit_entry in city():
                office.tree.put(unit_entry)
                if "/" not in unit_entry.unit:
                    office.roster.put(slot(unit_entry.unit))
            made.append(office)
        settle_garbage()
        yield made
