"""The sampler outlives every error of the stores it looks at."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest
from aiokafka.errors import KafkaConnectionError

from shared.runtime.database import CLIENT_ERRORS, is_environment
from tests.faults.suite.history import LineFile
from tests.faults.suite.sampler import Sampler
from tests.faults.suite.system import FaultStack
from tests.support.waiting import until

FAILURES = (
    asyncpg.PostgresConnectionError("terminating connection"),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.InternalClientError("cannot switch to state 11; another operation is in progress"),
    KafkaConnectionError("no node"),
    TimeoutError(),
    ConnectionResetError(),
)


class StackWithoutProcesses:
    """A stack whose processes the sampler does not count."""

    def processes(self) -> tuple[str, ...]:
        return ()


@pytest.mark.parametrize("failure", FAILURES, ids=lambda error: type(error).__name__)
async def test_a_sample_that_fails_is_followed_by_the_next(
    failure: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples: list[int] = []

    async def take(_: Any) -> None:
        samples.append(1)
        if len(samples) == 1:
            raise failure

    monkeypatch.setattr(Sampler, "take", take)
    path = tmp_path / "samples.jsonl"
    stack = cast("FaultStack", StackWithoutProcesses())
    work = asyncio.create_task(Sampler(stack, LineFile(path)).work())
    await until(lambda: len(samples) > 1 or work.done())
    assert not work.done(), work.exception()
    work.cancel()
    assert type(failure).__name__ in path.read_text()


def test_each_error_of_a_lost_session_is_of_the_environment() -> None:
    lost = [failure for failure in FAILURES if isinstance(failure, CLIENT_ERRORS)]
    assert len(lost) == 3
    assert all(map(is_environment, lost))
