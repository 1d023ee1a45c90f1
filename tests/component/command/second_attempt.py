"""The second attempt of a village's assignment, and the reminder of its signature."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from shared.contracts.assignments import AssignmentEvent, Step
from shared.contracts.fields import Level
from shared.contracts.topics import ASSIGNMENTS
from tests.component.command.harness import CITY, VILLAGE, CommandHarness, a_step, an_alert
from tests.component.command.test_timers import go_back, sweep_for


async def second_attempt(
    harness: CommandHarness, change: Callable[[], Awaitable[object]]
) -> AssignmentEvent:
    """Return the second attempt of a finished assignment that is sent back after a change.

    The change moves nothing that runs already.
    """
    stored = "SELECT * FROM command.assignment ORDER BY assignment_id"
    timers = "SELECT * FROM command.timer WHERE kind NOT LIKE 'mode%' ORDER BY subject_id, kind"
    await harness.apply(an_alert(Level.YELLOW))
    command = await harness.the_command()
    await harness.apply(a_step(command, VILLAGE), a_step(command, VILLAGE, Step.REPORT))
    before = await harness.rows(stored), await harness.rows(timers)
    await change()
    assert before == (await harness.rows(stored), await harness.rows(timers))
    await harness.apply(a_step(command, VILLAGE, Step.SEND_BACK, officer_unit=CITY))
    attempt: AssignmentEvent = (await harness.published(ASSIGNMENTS.name))[-1]
    assert attempt.attempt == 2
    return attempt


async def reminder_of(harness: CommandHarness, attempt: AssignmentEvent) -> tuple[Any, float]:
    """Let the signature become due; return the reminder, and the seconds until the next call."""
    await go_back(harness, (attempt.sign_by - attempt.sent_at).total_seconds() + 1)
    await sweep_for(harness, 0.2)
    (call,) = [
        event
        for event in await harness.supervision()
        if event.unit == VILLAGE and event.clock == "sign" and event.kind == "reminded"
    ]
    due = await harness.value(
        "SELECT due_at FROM command.timer WHERE kind = 'sign_escalate' AND rung = 1 "
        "AND subject_id = $1",
        attempt.assignment_id,
    )
    return call, (due - call.sent_at).total_seconds()
