"""Who goes first on the event loop."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from shared.runtime.right_of_way import RightOfWay


async def _slices(way: RightOfWay, done: list[int], count: int) -> None:
    for number in range(count):
        await way.free()
        done.append(number)


async def _turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_what_waits_goes_on_only_between_two_times_it_is_held() -> None:
    way = RightOfWay()
    done: list[int] = []
    beside = asyncio.create_task(_slices(way, done, 100))
    with way.held():
        await _turns()
        assert done == []
    await _turns()
    between = len(done)
    assert 0 < between < 100
    with way.held():
        await _turns()
        assert len(done) == between
    await beside
    assert len(done) == 100


async def test_it_is_free_when_the_last_of_several_holders_has_let_go() -> None:
    way = RightOfWay()
    done: list[int] = []
    beside = asyncio.create_task(_slices(way, done, 1))
    with way.held():
        with way.held():
            await _turns()
        await _turns()
        assert done == []
    await beside


async def test_a_holder_that_fails_lets_go() -> None:
    way = RightOfWay()
    with suppress(ZeroDivisionError), way.held():
        _ = 1 / 0
    async with asyncio.timeout(1):
        await way.free()


async def test_nobody_holds_it_and_others_still_get_their_turn() -> None:
    way, order = RightOfWay(), []
    asyncio.get_running_loop().call_soon(lambda: order.append("other"))
    await way.free()
    order.append("slice")
    assert order == ["other", "slice"]
