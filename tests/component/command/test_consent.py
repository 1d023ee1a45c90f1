"""Suspending and extending on a real Postgres: clocks that stand still, run on, and are told."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from shared.contracts.commands import Acknowledgement, AssignmentState, Step
from shared.contracts.topics import ASSIGNMENTS
from shared.runtime.errors import Reject
from tests.component.command.harness import DISTRICT, TOWN, a_step, profile
from tests.component.command.scenes import COMMAND, sound, towns
from tests.component.command.test_timers import sweep_for

OTHER = "500118001000"


async def test_both_clocks_stand_still_while_it_is_suspended_and_run_on_after(dsn: str) -> None:
    async with towns(dsn, profile(1.0, 60, 30)) as office:
        until = await office.now() + timedelta(hours=1)
        before = await office.assignment(OTHER)
        await office.apply(a_step(COMMAND, OTHER, Step.SUSPEND, officer_unit=DISTRICT, until=until))
        assert await office.wrongly_armed() == 0
        await sweep_for(office, 1.5)
        assert OTHER not in {one.unit for one in await office.supervision()}
        await office.apply(a_step(COMMAND, OTHER, Step.RESUME))
        after = await office.assignment(OTHER)
        assert after["state"] == "delivered"
        pause = timedelta(seconds=after["suspended_s"])
        assert pause >= timedelta(seconds=1.5)
        assert after["sign_by"] - before["sign_by"] == pause
        assert after["finish_by"] - before["finish_by"] == pause
        due = await office.value(
            "SELECT due_at FROM command.timer WHERE subject_id = $1 AND kind = 'sign_escalate' "
            "AND state = 'armed'",
            after["assignment_id"],
        )
        assert due == after["sign_by"]
        await asyncio.sleep(max(0, (after["sign_by"] - await office.now()).total_seconds()))
        await sweep_for(office, 0.6)
        told = [one for one in await office.supervision() if one.unit == OTHER]
        assert [one.kind for one in told][-2:] == ["overdue", "reminded"]
        assert all(one.sent_at >= one.due_at for one in told)
        assert await sound(office)


async def test_a_suspension_ends_by_itself_and_what_waited_follows(dsn: str) -> None:
    async with towns(dsn) as office:
        until = await office.now() + timedelta(seconds=0.4)
        await office.apply(a_step(COMMAND, TOWN, Step.SUSPEND, officer_unit=DISTRICT, until=until))
        await office.apply(a_step(COMMAND, TOWN, Step.REPORT, text="已办"))
        assert (await office.assignment(TOWN))["state"] == "suspended"
        await sweep_for(office, 0.8)
        assert (await office.assignment(TOWN))["state"] == "reported"
        told = [one for one in await office.published(ASSIGNMENTS.name) if one.unit == TOWN]
        assert [(one.state, one.actor is None) for one in told[-3:]] == [
            (AssignmentState.SUSPENDED, False),
            (AssignmentState.SIGNED, True),
            (AssignmentState.REPORTED, False),
        ]
        assert await sound(office)


async def test_a_suspension_that_follows_another_in_one_batch_ends_at_its_own_time(
    dsn: str,
) -> None:
    """Only what they have changed together is written: the timer of the first must not end the second."""
    async with towns(dsn) as office:
        start = await office.now()
        first, second = start + timedelta(hours=1), start + timedelta(hours=2)

        def suspend(number: int, until: datetime) -> Acknowledgement:
            return a_step(
                COMMAND, TOWN, Step.SUSPEND, officer_unit=DISTRICT, until=until, number=number
            )

        await office.apply(suspend(1, first))
        await office.apply(a_step(COMMAND, TOWN, Step.RESUME, number=1), suspend(2, second))
        row = await office.assignment(TOWN)
        assert (row["state"], row["suspended_until"]) == ("suspended", second)
        armed = await office.rows(
            "SELECT kind, due_at FROM command.timer WHERE subject_id = $1 AND state = 'armed'",
            row["assignment_id"],
        )
        assert [tuple(one) for one in armed] == [("resume", second)]
        assert await sound(office)


async def test_asking_and_answering_leave_their_traces(dsn: str) -> None:
    async with towns(dsn) as office:
        until = await office.now() + timedelta(hours=9)
        first = (await office.assignment(TOWN))["finish_by"]
        ask = a_step(COMMAND, TOWN, Step.ASK_EXTEND, text="船未到", until=until, number=2)
        await office.apply(ask)
        await office.apply(ask.model_copy(update={"id": "ack-double-click"}))
        told = [one for one in await office.published(ASSIGNMENTS.name) if one.unit == TOWN]
        assert (told[-1].asked.step, told[-1].asked.until) == (Step.ASK_EXTEND, until)
        with pytest.raises(Reject):
            await office.apply(a_step(COMMAND, TOWN, Step.EXTEND))  # not by the unit itself
        await office.apply(a_step(COMMAND, TOWN, Step.EXTEND, officer_unit=DISTRICT, number=3))
        told = [one for one in await office.published(ASSIGNMENTS.name) if one.unit == TOWN]
        assert (told[-1].finish_by, told[-1].asked) == (until, None)
        assert told[-1].extension is not None
        assert (told[-1].extension.times, told[-1].extension.original_finish_by) == (1, first)
        assert await sound(office)


async def test_an_end_of_a_suspension_that_was_slept_through_comes_once(dsn: str) -> None:
    async with towns(dsn) as office:
        until = await office.now() + timedelta(hours=1)
        await office.apply(a_step(COMMAND, TOWN, Step.SUSPEND, officer_unit=DISTRICT, until=until))
        await office.rows(
            "UPDATE command.timer SET due_at = due_at - interval '3 hours' WHERE kind = 'resume'"
        )
        await office.rows(
            "UPDATE command.assignment SET suspended_until = suspended_until - interval '3 hours' "
            "WHERE state = 'suspended'"
        )
        await sweep_for(office, 0.3)
        row = await office.assignment(TOWN)
        assert (row["state"], row["version"]) == ("signed", 4)
        assert await sound(office)
