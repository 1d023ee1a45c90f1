"""Files are printed one at a time."""

from __future__ import annotations

import asyncio


class PrintTurn(asyncio.Semaphore):
    """The right to print.

    Printing is CPU work, and the screens must not wait for a second print.
    """

    def __init__(self) -> None:
        super().__init__(1)
