"""Suspending and extending on a real Postgres: clocks that stand still, run on, and are told."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from shared.contracts.assignments import Acknowledgement, AssignmentState, Step
from shared.contracts.topics import ASSIGNMENTS
from shared.runtime.errors import Reject
from tests.component.command.harness import DISTRICT, TOWN, a_step, some_times
from tests.component.command.scenes import COMMAND, sound, towns
from tests.component.command.test_timers import sweep_for

SECOND_TOWN = "500118001000"


async def test_both_clocks_stand_still_while_it_is_suspended_and_run_on_after(dsn: str) -> None:
    async with towns(dsn, some_times(1.0, 60, 30)) as harness:
        until = await harness.now() + timedelta(hours=1)
        before = await harness.assignment(SECOND_TOWN)
        await harness.apply(
            a_step(COMMAND, SECOND_TOWN, Step.SUSPEND, officer_unit=DISTRICT, until=until)
        )
        assert await harness.wrongly_armed() == 0
        await sweep_for(harness, 1.5)
        assert SECOND_TOWN not in {event.unit for event in await harness.supervision()}
        await harness.apply(a_step(COMMAND, SECOND_TOWN, Step.RESUME))
        after = await harness.assignment(SECOND_TOWN)
        assert after["state"] == "delivered"
        pause = timedelta(seconds=after["suspended_s"])
        assert pause >= timedelta(seconds=1.5)
        assert after["sign_by"] - before["sign_by"] == pause
        assert after["finish_by"] - before["finish_by"] == pause
        due = await harness.value(
            "SELECT due_at FROM command.timer WHERE subject_id = $1 AND kind = 'sign_escalate' "
            "AND state = 'armed'",
            after["assignment_id"],
        )
        assert due == after["sign_by"]
        await asyncio.sleep(max(0, (after["sign_by"] - await harness.now()).total_seconds()))
        await sweep_for(harness, 0.6)
        events = [event for event in await harness.supervision() if event.unit == SECOND_TOWN]
        assert [event.kind for event in events][-2:] == ["overdue", "reminded"]
        assert all(event.sent_at >= event.due_at for event in events)
        assert await sound(harness)


async def test_a_suspension_ends_by_itself_and_what_waited_follows(dsn: str) -> None:
    async with towns(dsn) as harness:
        until = await harness.now() + timedelta(seconds=0.4)
        await harness.apply(a_step(COMMAND, TOWN, Step.SUSPEND, officer_unit=DISTRICT, until=until))
        await harness.apply(a_step(COMMAND, TOWN, Step.REPORT, text="已办"))
        assert (await harness.assignment(TOWN))["state"] == "suspended"
        await sweep_for(harness, 0.8)
        assert (await harness.assignment(TOWN))["state"] == "reported"
        events = [
            event for event in await harness.published(ASSIGNMENTS.name) if event.unit == TOWN
        ]
        assert [(event.state, event.actor is None) for event in events[-3:]] == [
            (AssignmentState.SUSPENDED, False),
            (AssignmentState.SIGNED, True),
            (AssignmentState.REPORTED, False),
        ]
        assert await sound(harness)


async def test_a_suspension_that_follows_another_in_one_batch_ends_at_its_own_time(
    dsn: str,
) -> None:
    """Only common changes are written: the timer of the first must not end the second."""
    async with towns(dsn) as harness:
        start = await harness.now()
        first, second = start + timedelta(hours=1), start + timedelta(hours=2)

        def suspend(number: int, until: datetime) -> Acknowledgement:
            return a_step(
                COMMAND, TOWN, Step.SUSPEND, officer_unit=DISTRICT, until=until, number=number
            )

        await harness.apply(suspend(1, first))
        await harness.apply(a_step(COMMAND, TOWN, Step.RESUME, number=1), suspend(2, second))
        row = await harness.assignment(TOWN)
        assert (row["state"], row["suspended_until"]) == ("suspended", second)
        armed = await harness.rows(
            "SELECT kind, due_at FROM command.timer WHERE subject_id = $1 AND state = 'armed'",
            row["assignment_id"],
        )
        assert [tuple(event) for event in armed] == [("resume", second)]
        assert await sound(harness)


async def test_asking_and_answering_leave_their_traces(dsn: str) -> None:
    async with towns(dsn) as harness:
        until = await harness.now() + timedelta(hours=9)
        first = (await harness.assignment(TOWN))["finish_by"]
        ask = a_step(COMMAND, TOWN, Step.ASK_EXTEND, text="船未到", until=until, number=2)
        await harness.apply(ask)
        await harness.apply(ask.model_copy(update={"id": "ack-double-click"}))
        events = [
            event for event in await harness.published(ASSIGNMENTS.name) if event.unit == TOWN
        ]
        assert (events[-1].asked.step, events[-1].asked.until) == (Step.ASK_EXTEND, until)
        with pytest.raises(Reject):
            await harness.apply(a_step(COMMAND, TOWN, Step.EXTEND))  # not by the unit itself
        await harness.apply(a_step(COMMAND, TOWN, Step.EXTEND, officer_unit=DISTRICT, number=3))
        events = [
            event for event in await harness.published(ASSIGNMENTS.name) if event.unit == TOWN
        ]
        assert (events[-1].finish_by, events[-1].asked) == (until, None)
        assert events[-1].extension is not None
        assert (events[-1].extension.times, events[-1].extension.original_finish_by) == (1, first)
        assert await sound(harness)


async def test_an_end_of_a_suspension_that_was_slept_through_comes_once(dsn: str) -> None:
    async with towns(dsn) as harness:
        until = await harness.now() + timedelta(hours=1)
        await harness.apply(a_step(COMMAND, TOWN, Step.SUSPEND, officer_unit=DISTRICT, until=until))
        await harness.rows(
            "UPDATE command.timer SET due_at = due_at - interval '3 hours' WHERE kind = 'resume'"
        )
        await harness.rows(
            "UPDATE command.assignment SET suspended_until = suspended_until - interval '3 hours' "
            "WHERE state = 'suspended'"
        )
        await sweep_for(harness, 0.3)
        row = await harness.assignment(TOWN)
        assert (row["state"], row["version"]) == ("signed", 4)
        assert await sound(harness)
