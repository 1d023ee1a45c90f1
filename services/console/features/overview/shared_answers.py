"""A shared answer for equal requests of a moment.

Two thousand screens receive an event at the same time and ask for the new overview.
"""

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
    """Answers by key. The key must hold everything the answer depends on."""

    def __init__(self, for_s: float) -> None:
        """Share an answer for `for_s` seconds after its start; 0 disables sharing."""
        self._for_s = for_s
        self._answers: dict[Hashable, _SharedAnswer] = {}
        """The oldest answer first; expired answers are removed when a new answer starts."""

    async def answer(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, bytes]]) -> bytes:
        """Return the answer of the key, possibly shared with a request in progress.

        Raises the errors of `make`; a failed answer is not shared later.
        """
        now = time.monotonic()
        result = self._answers.get(key)
        if result is None or now - result.began >= self._for_s:
            self._forget(now)
            result = self._answers[key] = _SharedAnswer(now, asyncio.create_task(make()))
            result.answer.add_done_callback(lambda task: self._drop_failed(key, task))
        # The first client may disconnect while further clients wait for the answer.
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
