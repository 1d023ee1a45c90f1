"""What `--fault` breaks in the middle of the play."""

import asyncio
from collections.abc import Callable

from deploy.local.services import SERVICES
from deploy.local.stack import Stack

STORES = ("kafka", "postgres")
CHOICES = (*SERVICES, *STORES)
OUTAGE_S = 20.0


async def strike(stack: Stack, what: str, tell: Callable[[str], None]) -> None:
    """Kill a service with SIGKILL (its supervisor brings it back), or stop a store for 20 s."""
    if what not in STORES:
        tell(f"kill -9 {what}")
        await stack.kill(what)
        return
    tell(f"{what} is stopped for {OUTAGE_S:.0f} s")
    await stack.stop(what)
    await asyncio.sleep(OUTAGE_S)
    await stack.start(what)
    tell(f"{what} runs again")
