"""An endless loop that ends, for whatever reason, ends the process; a stop does not."""

from __future__ import annotations

import asyncio
import contextlib
from typing import NoReturn

import pytest

from shared.runtime import background_loops
from shared.runtime.background_loops import background


@pytest.fixture
def reasons(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The reasons for which the process would have ended."""
    ended: list[str] = []

    def end(reason: str) -> NoReturn:
        ended.append(reason)
        raise SystemError

    monkeypatch.setattr(background_loops, "exit_process", end)
    return ended


async def loop_for_ever() -> None:
    await asyncio.Event().wait()


async def loop_until_something_is_cancelled() -> None:
    future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.cancel)
    await future


async def loop_with_a_bug() -> None:
    raise ValueError("a bug")


async def loop_that_returns() -> None:
    await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("loop", "reason"),
    [
        (loop_until_something_is_cancelled, "CancelledError()"),
        (loop_with_a_bug, "ValueError('a bug')"),
        (loop_that_returns, "None"),
    ],
)
async def test_a_loop_that_ends_ends_the_process(
    reasons: list[str], loop: background_loops.BackgroundLoop, reason: str
) -> None:
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    with contextlib.suppress(ValueError):
        async with background(("good", loop_for_ever), ("short", loop)):
            for _ in range(5):
                await asyncio.sleep(0)
    assert reasons == [f"the loop short ended: {reason}"]


async def test_a_stop_ends_nothing_else(reasons: list[str]) -> None:
    async with background(("good", loop_for_ever)):
        await asyncio.sleep(0)
    assert reasons == []
