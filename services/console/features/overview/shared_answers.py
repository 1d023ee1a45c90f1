"""One answer for all who ask the same within a moment: two thousand screens hear the same line at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class _SharedAnswer:
    began: float
    answer: asyncio.Task[bytes]


class SharedAnswers:
    """Answers by what is asked. What is asked for has to be all that its answer depends on."""

    def __init__(self, for_s: float) -> None:
        """for_s: so long after an answer was begun it is given to others too; 0 = to nobody."""
        self._for_s = for_s
        self._made: dict[Hashable, _SharedAnswer] = {}
        """The oldest first; what is over goes when the next is made."""

    async def answer(
        self, asked: Hashable, make: Callable[[], Coroutine[Any, Any, bytes]]
    ) -> bytes:
        """The answer, perhaps still being made for another; raises what `make` raises, and keeps no failure."""
        now = time.monotonic()
        result = self._made.get(asked)
        if result is None or now - result.began >= self._for_s:
            self._forget(now)
            result = self._made[asked] = _SharedAnswer(now, asyncio.create_task(make()))
            result.answer.add_done_callback(lambda task: self._drop_failed(asked, task))
        # Who asked first may leave; the others still wait for the answer.
        return await asyncio.shield(result.answer)

    def _forget(self, now: float) -> None:
        while self._made:
            first = next(iter(self._made))
            if now - self._made[first].began < self._for_s:
                break
            del self._made[first]

    def _drop_failed(self, asked: Hashable, task: asyncio.Task[bytes]) -> None:
        failed = task.cancelled() or task.exception() is not None
        result = self._made.get(asked)
        if failed and result is not None and result.answer is task:
            del self._made[asked]
