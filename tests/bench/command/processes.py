"""Several command services over one database, as processes would be: for timers and races."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from shared.contracts.limits import LimitsDocument
from shared.domain.selection.tree import UnitTree
from shared.runtime.errors import Reject
from shared.runtime.garbage import settle_garbage
from tests.bench.command.units import city
from tests.component.command.harness import CommandHarness, driven_command, slot


async def applied(harness: CommandHarness, message: Any) -> bool:
    """Apply one message in a transaction of its own; return False when it was refused."""
    try:
        await harness.apply(message)
    except Reject:
        return False
    return True


@asynccontextmanager
async def processes(
    dsn: str, times: LimitsDocument, count: int
) -> AsyncIterator[Sequence[CommandHarness]]:
    """Run `count` services over one database, each with two connections of its own.

    Each service has the generated city, and a duty officer per office down to the village.
    """
    async with AsyncExitStack() as stack:
        harnesses = []
        for _ in range(count):
            harness = await stack.enter_async_context(
                driven_command(dsn, times, UnitTree(), database_pool=2)
            )
            for entry in city():
                harness.context.tree.put(entry)
                if "/" not in entry.unit:
                    harness.context.posts.update(slot(entry.unit))
            harnesses.append(harness)
        settle_garbage()
        yield harnesses
