"""Durable timers on a real Postgres: once, never early, one winner against an acknowledgement."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from datetime import timedelta

from shared.contracts.assignments import Step
from shared.contracts.fields import Level
from shared.contracts.supervision import SupervisionKind
from tests.component.command.harness import (
    CITY,
    DISTRICT,
    TOWN,
    VILLAGE,
    CommandHarness,
    a_harness,
    a_step,
    an_alert,
    some_times,
)


async def sweep_for(harness: CommandHarness, seconds: float, sweepers: int = 2) -> None:
    """Sweep with several sweepers at once, as two processes would."""
    ends = time.monotonic() + seconds

    async def event() -> None:
        sweeper = harness.sweeper()
        while time.monotonic() < ends:
            await sweeper.sweep()
            await asyncio.sleep(0.01)

    await asyncio.gather(*(event() for _ in range(sweepers)))


async def go_back(harness: CommandHarness, seconds: float) -> None:
    """Let everything have happened `seconds` earlier, as an outage of that length would look."""
    by = timedelta(seconds=seconds)
    await harness.rows("UPDATE command.timer SET due_at = due_at - $1::interval", by)
    await harness.rows(
        "UPDATE command.assignment SET sign_by = sign_by - $1::interval, "
        "finish_by = finish_by - $1::interval, changed_at = changed_at - $1::interval",
        by,
    )


async def test_timers_fire_once_and_never_early_with_two_sweepers(dsn: str) -> None:
    async with a_harness(dsn, some_times(0.5, 1.1, 0.3)) as harness:
        await harness.apply(an_alert(Level.YELLOW))  # a town and 20 villages
        await sweep_for(harness, 2.2)
        events = await harness.supervision()
        assert len({event.id for event in events}) == len(events)
        assert all(event.sent_at >= event.due_at for event in events)
        counted = Counter((event.kind, event.clock) for event in events)
        assert counted[SupervisionKind.DUE_SOON, "sign"] == 21
        assert counted[SupervisionKind.OVERDUE, "sign"] == 21
        assert counted[SupervisionKind.REMINDED, "sign"] == 21
        assert counted[SupervisionKind.DUE_SOON, "finish"] == 21
        assert counted[SupervisionKind.OVERDUE, "finish"] == 21
        village = [event for event in events if event.unit == VILLAGE and event.clock == "sign"]
        rungs = [(event.rung, event.target_unit) for event in village if event.kind == "escalated"]
        assert rungs[:3] == [(1, TOWN), (2, DISTRICT), (3, CITY)]
        assert await harness.wrongly_armed() == await harness.wrongly_counted() == 0


async def test_nothing_fires_before_it_is_due_or_after_signing(dsn: str) -> None:
    async with a_harness(dsn, some_times(60, 3000)) as harness:
        await harness.apply(an_alert(Level.YELLOW))
        command = await harness.the_command()
        units = await harness.rows("SELECT unit FROM command.assignment")
        await go_back(harness, 30)
        await sweep_for(harness, 0.2)
        await harness.apply(*(a_step(command, row["unit"]) for row in units))
        await go_back(harness, 60)
        await sweep_for(harness, 0.2)
        assert {event.kind for event in await harness.supervision()} <= {SupervisionKind.DUE_SOON}
        assert await harness.wrongly_armed() == 0


async def test_whoever_signed_and_does_not_report_is_called_up_the_ladder_until_he_does(
    dsn: str,
) -> None:
    async with a_harness(dsn, some_times(60, 600, 60)) as harness:
        await harness.apply(an_alert(Level.YELLOW))
        command = await harness.the_command()
        units = [row["unit"] for row in await harness.rows("SELECT unit FROM command.assignment")]
        units.remove(VILLAGE)
        await harness.apply(*(a_step(command, unit, Step.SIGN) for unit in (TOWN, VILLAGE)))
        await harness.apply(*(a_step(command, unit, Step.REPORT) for unit in (TOWN,)))
        await go_back(harness, 600)
        for _ in range(3):
            await sweep_for(harness, 0.1)
            assert await harness.wrongly_armed() == await harness.wrongly_counted() == 0
            await go_back(harness, 60)

        async def events(unit: str, clock: str) -> list[tuple[str, int, str]]:
            results = [event for event in await harness.supervision() if event.unit == unit]
            return [
                (result.kind, result.rung, result.target_unit)
                for result in results
                if result.clock == clock
            ]

        assert await events(VILLAGE, "finish") == [
            ("overdue", 0, VILLAGE),
            ("reminded", 0, VILLAGE),
            ("escalated", 1, TOWN),
            ("escalated", 2, DISTRICT),
        ]
        assert not await events(TOWN, "finish")
        unsigned = next(event for event in units if event != TOWN)
        assert await events(unsigned, "finish") == [("overdue", 0, unsigned)], "called to sign only"
        await harness.apply(a_step(command, unsigned, Step.SIGN))
        await harness.apply(a_step(command, VILLAGE, Step.REPORT))
        assert await harness.wrongly_armed() == await harness.wrongly_counted() == 0
        await sweep_for(harness, 0.1)
        assert (await events(unsigned, "finish"))[1:] == [("reminded", 0, unsigned)]
        await go_back(harness, 60)
        await sweep_for(harness, 0.1)
        assert (await events(unsigned, "finish"))[2:] == [("escalated", 1, TOWN)]
        assert len(await events(VILLAGE, "finish")) == 4
        assert await harness.wrongly_armed() == await harness.wrongly_counted() == 0


async def test_after_an_outage_one_call_per_subject_at_the_present_rung(dsn: str) -> None:
    async with a_harness(dsn, some_times(600, 6000, 60)) as harness:
        await harness.apply(an_alert(Level.YELLOW))
        await go_back(harness, 600 + 130)
        await sweep_for(harness, 0.3)
        events = await harness.supervision()
        calls = [event for event in events if event.kind is not SupervisionKind.OVERDUE]
        assert len(calls) == 21
        assert {call.kind for call in calls} == {SupervisionKind.ESCALATED}
        assert {call.rung for call in calls} == {2}
        assert all(130 <= call.late_by_s < 140 for call in calls)
        assert all("skipped-rung:1" in call.references for call in calls)
        assert await harness.wrongly_armed() == 0
        next_due = await harness.rows(
            "SELECT DISTINCT rung FROM command.timer WHERE state = 'armed' "
            "AND kind = 'sign_escalate'"
        )
        assert [row["rung"] for row in next_due] in ([2, 3], [3, 2], [3])


async def test_a_race_at_the_deadline_has_one_winner(dsn: str) -> None:
    async with a_harness(dsn, some_times(1.2, 60, 0.2)) as harness:
        await harness.apply(an_alert(Level.RED))  # district and one town: some hundred units
        command = await harness.the_command()
        rows = await harness.rows("SELECT unit, sign_by FROM command.assignment")
        units = [row["unit"] for row in rows]
        random.Random(3).shuffle(units)
        deadline = rows[0]["sign_by"]

        async def acknowledge(share: list[str]) -> None:
            now = await harness.value("SELECT clock_timestamp()")
            await asyncio.sleep((deadline - now).total_seconds() - 0.5)
            for at in range(0, len(share), 8):
                await harness.apply(*(a_step(command, unit) for unit in share[at : at + 8]))
                await asyncio.sleep(0.01)

        await asyncio.gather(
            sweep_for(harness, 2.0), acknowledge(units[::2]), acknowledge(units[1::2])
        )
        results = {
            row["assignment_id"]: row
            for row in await harness.rows("SELECT * FROM command.assignment")
        }
        overdue = {
            event.subject_id
            for event in await harness.supervision()
            if event.clock == "sign" and event.kind is not SupervisionKind.DUE_SOON
        }
        in_time = {key for key, row in results.items() if not row["late"]}
        assert {row["state"] for row in results.values()} == {"signed"}
        assert not in_time & overdue
        assert all(results[key]["signed_at"] < results[key]["sign_by"] for key in in_time)
        assert all(row["signed_at"] >= row["sign_by"] for row in results.values() if row["late"])
        assert in_time, "the race was decided before it began"
        assert len(in_time) < len(results), "the race was decided before it began"
        assert await harness.wrongly_armed() == await harness.wrongly_counted() == 0


async def test_an_acknowledgement_that_began_in_time_but_lost_the_lock_is_late(dsn: str) -> None:
    async with a_harness(dsn, some_times(0.3, 60)) as harness:
        await harness.apply(an_alert(Level.YELLOW))
        step = a_step(await harness.the_command(), VILLAGE, Step.SIGN)
        async with harness.database.transaction() as work:  # its `now` is before the deadline
            await sweep_for(harness, 0.6, sweepers=1)
            await harness.handle(work, step)
        row = (await harness.rows("SELECT * FROM command.assignment WHERE unit = $1", VILLAGE))[0]
        assert row["state"] == "signed"
        assert row["late"]
        assert row["signed_at"] >= row["sign_by"]
        assert await harness.wrongly_armed() == await harness.wrongly_counted() == 0


async def test_nine_thousand_overdue_at_once_are_published_within_seconds(dsn: str) -> None:
    async with a_harness(dsn, some_times(600, 6000, 60)) as harness:
        await harness.apply(an_alert(Level.RED, areas=(DISTRICT,)))
        await go_back(harness, 601)
        sweeper, started = harness.sweeper(), time.perf_counter()
        while await sweeper.sweep():
            pass
        took = time.perf_counter() - started
        print(f"9,105 overdue at once told in {took:.2f} s")
        assert took < 15
        kinds = Counter(event.kind for event in await harness.supervision())
        assert kinds == {SupervisionKind.OVERDUE: 9105, SupervisionKind.REMINDED: 9105}
        assert await harness.wrongly_armed() == await harness.wrongly_counted() == 0
