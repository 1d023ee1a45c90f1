"""The fast path, switched on and off: equal rows and equal records."""

from __future__ import annotations

from typing import Any

import pytest

from services.command.app import build
from services.command.fastpath import plain_steps
from services.command.settings import Settings
from shared.contracts.assignments import Acknowledgement
from shared.contracts.topics import ACKNOWLEDGEMENTS, ASSIGNMENTS, SUPERVISION
from shared.runtime.outbound_records import encode
from tests.component.command.harness import CommandHarness, a_harness, some_times
from tests.component.command.test_timers import go_back, sweep_for
from tests.component.command.test_written_beside import all_steps, ordered, outcome
from tests.support.postgres import fresh_database

_TIMES = ("occurred_at", "sent_at", "sign_by", "finish_by", "signed_at", "reported_at", "due_at")


def as_read(step: Acknowledgement, *, fast_path: bool) -> Any:
    """Return the step as the service reads it in this position of the switch."""
    raw = encode(step)
    if fast_path and (plain := plain_steps.read(raw)) is not None:
        return plain
    return Acknowledgement.model_validate_json(raw)


async def records(harness: CommandHarness, topic: str) -> list[dict[str, Any]]:
    """Return the records of a topic without their times, by their ids."""
    bodies = [record.model_dump(mode="json") for record in await harness.published(topic)]
    for body in bodies:
        for name in _TIMES:
            body.pop(name, None)
        body.pop("late_by_s", None)
    return sorted(bodies, key=lambda body: str(body["id"]))


async def run(*, fast_path: bool) -> tuple[Any, ...]:
    """Issue a command, call about it, take every step; return all rows and records."""
    with fresh_database() as dsn:
        times = some_times(600, 1200, 60)
        async with a_harness(dsn, times, fast_path=fast_path) as harness:
            command, units = await ordered(harness)
            await go_back(harness, 601)
            await sweep_for(harness, 0.2, sweepers=1)
            steps = all_steps(command, units)
            await harness.driver.deliver(
                *((ACKNOWLEDGEMENTS, as_read(step, fast_path=fast_path)) for step in steps)
            )
            return (
                await outcome(harness),
                await records(harness, ASSIGNMENTS.name),
                await records(harness, SUPERVISION.name),
            )


async def test_rows_and_records_are_equal_with_and_without_the_fast_path() -> None:
    fast, slow = await run(fast_path=True), await run(fast_path=False)
    assert fast == slow
    assert len(fast[1]) > 20
    assert len(fast[2]) > 20


@pytest.mark.parametrize("fast_path", [True, False])
def test_the_setting_decides_who_reads_acknowledgements(fast_path: bool) -> None:
    settings = Settings.model_validate(
        {
            "kafka_bootstrap": "127.0.0.1:1",
            "http_port": 1,
            "database_url": "postgresql://u@127.0.0.1:1/d",
            "fast_path": fast_path,
        }
    )
    application: Any = build(settings)
    (consumer,) = application.platform._consumers
    readers = consumer._worker._decoder._fast_decoders
    assert readers == ({ACKNOWLEDGEMENTS.name: plain_steps.read} if fast_path else {})
