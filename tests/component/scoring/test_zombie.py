"""A paused process has lost its partition and stores old states late: the newer states win."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.contracts.fields import Status
from tests.component.scoring.log import PARTITION, Log, a_worker, live, start_of
from tests.component.scoring.test_crash import RULES, SENSORS, as_log, entries, undisturbed

UP_AND_DOWN = [
    ("reading", n % 3, value, 60, Status.ACTUAL)
    for n, value in enumerate([205.0, 213.0, 217.0, 213.0, 205.0, 217.0, 205.0] * 3)
]


@settings(max_examples=100, deadline=None)
@example(UP_AND_DOWN, 6, 9, True)
@example(UP_AND_DOWN, 6, 9, False)
@example(UP_AND_DOWN, 6, 0, True)
@given(entries, st.integers(0, 40), st.integers(0, 40), st.booleans())
def test_what_a_fenced_out_owner_stores_late_is_outvoted(
    drawn: list[tuple[Any, ...]], paused_at: int, more: int, lets_go: bool
) -> None:
    records = as_log(drawn)
    log = Log()

    async def story() -> dict[str, Any]:
        zombie = a_worker(log, RULES, SENSORS, flush_states=1_000)
        await zombie.restore([PARTITION])
        if records[:paused_at]:
            await zombie.handle(records[:paused_at])
        owner = a_worker(log, RULES, SENSORS, flush_states=1)
        for record in records[await start_of(owner) : paused_at + more]:
            await owner.handle([record])
        if lets_go:
            await owner.release([PARTITION])
        await zombie.release([PARTITION])  # it wakes up: all it knows, behind the owner's records
        return await live(
            a_worker(log, RULES, SENSORS, flush_states=1_000), records, [len(records)]
        )

    states = asyncio.run(story())
    calm, expected = undisturbed(records)
    assert log.messages() == calm.messages()
    assert states == expected
