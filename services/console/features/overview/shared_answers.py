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
        self._answers: dict[Hashable, _SharedAnswer] = {}
        """The oldest first; what is over goes when the next is made."""

    async def answer(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, bytes]]) -> bytes:
        """The answer, perhaps still being made for another; raises what `make` raises, and keeps no failure."""
        now = time.monotonic()
        result = self._answers.get(key)
        if result is None or now - result.began >= self._for_s:
            self._forget(now)
            result = self._answers[key] = _SharedAnswer(now, asyncio.create_task(make()))
            result.answer.add_done_callback(lambda task: self._drop_failed(key, task))
        # Who asked first may leave; the others still wait for the answer.
        return await asyncio.shield(result.answer)

    def _forget(self, now: float) -> None:
        while self._answers:
            first = next(iter(self._answers))
            if now - self._answers[first].began < self._for_s:
                break
            del self._answers[first]

    def _drop_failed(self, key: Hashable, task: asyncio.Task[bytes]) -> None:
        failed = task.cancelled() or task.exception() is not None
        result = self._answers.get(key)
        if failed and result is not None and result.answer is task:
            del self._answers[key]
