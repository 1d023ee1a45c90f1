"""Shared answers: computed once within a moment, separate per key, no failure shared later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from services.console.features.overview.shared_answers import SharedAnswers

LONG_S = 600.0


class Maker:
    """Makes numbered answers when released."""

    def __init__(self) -> None:
        self.created = 0
        self.let = asyncio.Event()
        self.fails = False

    def of(self, requested: str) -> Callable[[], Coroutine[Any, Any, bytes]]:
        async def make() -> bytes:
            self.created += 1
            number = self.created
            await self.let.wait()
            if self.fails:
                raise ConnectionError
            return f"{requested} {number}".encode()

        return make


async def test_many_at_once_and_soon_after_are_given_one() -> None:
    maker, sharing = Maker(), SharedAnswers(LONG_S)
    asking = [asyncio.create_task(sharing.answer("a", maker.of("a"))) for _ in range(50)]
    await asyncio.sleep(0)
    maker.let.set()
    assert set(await asyncio.gather(*asking)) == {b"a 1"}
    assert await sharing.answer("a", maker.of("a")) == b"a 1"
    assert await sharing.answer("b", maker.of("b")) == b"b 2"


async def test_nobody_is_given_an_old_one() -> None:
    maker, sharing = Maker(), SharedAnswers(0.05)
    maker.let.set()
    assert await sharing.answer("a", maker.of("a")) == b"a 1"
    await asyncio.sleep(0.06)
    assert await sharing.answer("b", maker.of("b")) == b"b 2"
    assert list(sharing._answers) == ["b"]
    assert await sharing.answer("a", maker.of("a")) == b"a 3"


async def test_without_time_each_has_an_own_one() -> None:
    maker, sharing = Maker(), SharedAnswers(0)
    asking = [asyncio.create_task(sharing.answer("a", maker.of("a"))) for _ in range(2)]
    await asyncio.sleep(0)
    maker.let.set()
    assert sorted(await asyncio.gather(*asking)) == [b"a 1", b"a 2"]


async def test_who_asked_first_may_leave() -> None:
    maker, sharing = Maker(), SharedAnswers(LONG_S)
    first, second = (asyncio.create_task(sharing.answer("a", maker.of("a"))) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    maker.let.set()
    assert await second == b"a 1"


async def test_a_failure_is_reported_and_not_kept() -> None:
    maker, sharing = Maker(), SharedAnswers(LONG_S)
    maker.fails = True
    maker.let.set()
    asking = [sharing.answer("a", maker.of("a")) for _ in range(2)]
    result = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(entry) for entry in result] == [ConnectionError, ConnectionError]
    maker.fails = False
    assert await sharing.answer("a", maker.of("a")) == b"a 2"
