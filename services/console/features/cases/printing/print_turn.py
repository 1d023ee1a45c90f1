"""Files are printed one at a time."""

from __future__ import annotations

import asyncio


class PrintTurn(asyncio.Semaphore):
    """The right to print: printing is work for the processor, and the screens must not wait for it."""

    def __init__(self) -> None:
        super().__init__(1)
