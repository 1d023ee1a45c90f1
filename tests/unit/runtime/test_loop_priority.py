"""Priority on the event loop: background work waits while somebody holds it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from shared.runtime.loop_priority import LoopPriority


async def _portions(priority: LoopPriority, portions: list[int], count: int) -> None:
    for number in range(count):
        await priority.wait_until_free()
        portions.append(number)


async def _turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_background_work_runs_only_while_nobody_holds_the_priority() -> None:
    priority = LoopPriority()
    portions: list[int] = []
    beside = asyncio.create_task(_portions(priority, portions, 100))
    with priority.hold():
        await _turns()
        assert portions == []
    await _turns()
    between = len(portions)
    assert 0 < between < 100
    with priority.hold():
        await _turns()
        assert len(portions) == between
    await beside
    assert len(portions) == 100


async def test_it_is_free_when_the_last_of_several_holders_has_ended() -> None:
    priority = LoopPriority()
    portions: list[int] = []
    beside = asyncio.create_task(_portions(priority, portions, 1))
    with priority.hold():
        with priority.hold():
            await _turns()
        await _turns()
        assert portions == []
    await beside


async def test_a_holder_that_fails_gives_it_back() -> None:
    priority = LoopPriority()
    with suppress(ZeroDivisionError), priority.hold():
        _ = 1 / 0
    async with asyncio.timeout(1):
        await priority.wait_until_free()


async def test_other_tasks_have_a_turn_when_nobody_holds_it() -> None:
    priority, order = LoopPriority(), []
    asyncio.get_running_loop().call_soon(lambda: order.append("other"))
    await priority.wait_until_free()
    order.append("portion")
    assert order == ["other", "portion"]
