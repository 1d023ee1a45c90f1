"""Durable timers on a real Postgres: once, never early, one winner against an acknowledgement."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from datetime import timedelta

from shared.contracts.commands import Step, SupervisionKind
from shared.contracts.fields import Level
from shared.runtime.inbound_messages import InboundMessage
from tests.component.command.harness import (
    CITY,
    DISTRICT,
    TOWN,
    VILLAGE,
    Office,
    a_step,
    an_alert,
    an_office,
    profile,
)


async def sweep_for(office: Office, seconds: float, sweepers: int = 2) -> None:
    """Sweep with several sweepers at once, as two processes would."""
    ends = time.monotonic() + seconds

    async def one() -> None:
        sweeper = office.sweeper()
        while time.monotonic() < ends:
            await sweeper.sweep()
            await asyncio.sleep(0.01)

    await asyncio.gather(*(one() for _ in range(sweepers)))


async def go_back(office: Office, seconds: float) -> None:
    """Let everything have happened `seconds` earlier, as an outage of that length would look."""
    by = timedelta(seconds=seconds)
    await office.rows("UPDATE command.timer SET due_at = due_at - $1::interval", by)
    await office.rows(
        "UPDATE command.assignment SET sign_by = sign_by - $1::interval, "
        "finish_by = finish_by - $1::interval, changed_at = changed_at - $1::interval",
        by,
    )


async def test_timers_fire_once_and_never_early_with_two_sweepers(dsn: str) -> None:
    async with an_office(dsn, profile(0.5, 1.1, 0.3)) as office:
        await office.apply(an_alert(Level.YELLOW))  # a town and 20 villages
        await sweep_for(office, 2.2)
        told = await office.supervision()
        assert len({one.id for one in told}) == len(told)
        assert all(one.sent_at >= one.due_at for one in told)
        counted = Counter((one.kind, one.clock) for one in told)
        assert counted[SupervisionKind.DUE_SOON, "sign"] == 21
        assert counted[SupervisionKind.OVERDUE, "sign"] == 21
        assert counted[SupervisionKind.REMINDED, "sign"] == 21
        assert counted[SupervisionKind.DUE_SOON, "finish"] == 21
        assert counted[SupervisionKind.OVERDUE, "finish"] == 21
        village = [one for one in told if one.unit == VILLAGE and one.clock == "sign"]
        rungs = [(one.rung, one.target_unit) for one in village if one.kind == "escalated"]
        assert rungs[:3] == [(1, TOWN), (2, DISTRICT), (3, CITY)]
        assert await office.wrongly_armed() == await office.wrongly_counted() == 0


async def test_nothing_fires_before_it_is_due_or_after_signing(dsn: str) -> None:
    async with an_office(dsn, profile(60, 3000)) as office:
        await office.apply(an_alert(Level.YELLOW))
        command = await office.the_command()
        units = await office.rows("SELECT unit FROM command.assignment")
        await go_back(office, 30)
        await sweep_for(office, 0.2)
        await office.apply(*(a_step(command, row["unit"]) for row in units))
        await go_back(office, 60)
        await sweep_for(office, 0.2)
        assert {one.kind for one in await office.supervision()} <= {SupervisionKind.DUE_SOON}
        assert await office.wrongly_armed() == 0


async def test_whoever_signed_and_does_not_report_is_called_up_the_ladder_until_he_does(
    dsn: str,
) -> None:
    async with an_office(dsn, profile(60, 600, 60)) as office:
        await office.apply(an_alert(Level.YELLOW))
        command = await office.the_command()
        others = [row["unit"] for row in await office.rows("SELECT unit FROM command.assignment")]
        others.remove(VILLAGE)
        await office.apply(*(a_step(command, unit, Step.SIGN) for unit in (TOWN, VILLAGE)))
        await office.apply(*(a_step(command, unit, Step.REPORT) for unit in (TOWN,)))
        await go_back(office, 600)
        for _ in range(3):
            await sweep_for(office, 0.1)
            assert await office.wrongly_armed() == await office.wrongly_counted() == 0
            await go_back(office, 60)

        async def told(unit: str, clock: str) -> list[tuple[str, int, str]]:
            results = [one for one in await office.supervision() if one.unit == unit]
            return [
                (result.kind, result.rung, result.target_unit)
                for result in results
                if result.clock == clock
            ]

        assert await told(VILLAGE, "finish") == [
            ("overdue", 0, VILLAGE),
            ("reminded", 0, VILLAGE),
            ("escalated", 1, TOWN),
            ("escalated", 2, DISTRICT),
        ]
        assert not await told(TOWN, "finish")
        unsigned = next(one for one in others if one != TOWN)
        assert await told(unsigned, "finish") == [("overdue", 0, unsigned)], "called to sign only"
        await office.apply(a_step(command, unsigned, Step.SIGN))
        await office.apply(a_step(command, VILLAGE, Step.REPORT))
        assert await office.wrongly_armed() == await office.wrongly_counted() == 0
        await sweep_for(office, 0.1)
        assert (await told(unsigned, "finish"))[1:] == [("reminded", 0, unsigned)]
        await go_back(office, 60)
        await sweep_for(office, 0.1)
        assert (await told(unsigned, "finish"))[2:] == [("escalated", 1, TOWN)]
        assert len(await told(VILLAGE, "finish")) == 4
        assert await office.wrongly_armed() == await office.wrongly_counted() == 0


async def test_after_an_outage_one_call_per_subject_at_the_present_rung(dsn: str) -> None:
    async with an_office(dsn, profile(600, 6000, 60)) as office:
        await office.apply(an_alert(Level.YELLOW))
        await go_back(office, 600 + 130)
        await sweep_for(office, 0.3)
        told = await office.supervision()
        calls = [one for one in told if one.kind is not SupervisionKind.OVERDUE]
        assert len(calls) == 21
        assert {call.kind for call in calls} == {SupervisionKind.ESCALATED}
        assert {call.rung for call in calls} == {2}
        assert all(130 <= call.late_by_s < 140 for call in calls)
        assert all("skipped-rung:1" in call.references for call in calls)
        assert await office.wrongly_armed() == 0
        next_due = await office.rows(
            "SELECT DISTINCT rung FROM command.timer WHERE state = 'armed' "
            "AND kind = 'sign_escalate'"
        )
        assert [row["rung"] for row in next_due] in ([2, 3], [3, 2], [3])


async def test_a_race_at_the_deadline_has_one_winner(dsn: str) -> None:
    async with an_office(dsn, profile(1.2, 60, 0.2)) as office:
        await office.apply(an_alert(Level.RED))  # district and one town: some hundred units
        command = await office.the_command()
        rows = await office.rows("SELECT unit, sign_by FROM command.assignment")
        units = [row["unit"] for row in rows]
        random.Random(3).shuffle(units)
        deadline = rows[0]["sign_by"]

        async def acknowledge(share: list[str]) -> None:
            now = await office.value("SELECT clock_timestamp()")
            await asyncio.sleep((deadline - now).total_seconds() - 0.5)
            for at in range(0, len(share), 8):
                await office.apply(*(a_step(command, unit) for unit in share[at : at + 8]))
                await asyncio.sleep(0.01)

        await asyncio.gather(
            sweep_for(office, 2.0), acknowledge(units[::2]), acknowledge(units[1::2])
        )
        results = {
            row["assignment_id"]: row
            for row in await office.rows("SELECT * FROM command.assignment")
        }
        overdue = {
            one.subject_id
            for one in await office.supervision()
            if one.clock == "sign" and one.kind is not SupervisionKind.DUE_SOON
        }
        in_time = {key for key, row in results.items() if not row["late"]}
        assert {row["state"] for row in results.values()} == {"signed"}
        assert not in_time & overdue
        assert all(results[key]["signed_at"] < results[key]["sign_by"] for key in in_time)
        assert all(row["signed_at"] >= row["sign_by"] for row in results.values() if row["late"])
        assert in_time, "the race was decided before it began"
        assert len(in_time) < len(results), "the race was decided before it began"
        assert await office.wrongly_armed() == await office.wrongly_counted() == 0


async def test_an_acknowledgement_that_began_in_time_but_lost_the_lock_is_late(dsn: str) -> None:
    async with an_office(dsn, profile(0.3, 60)) as office:
        await office.apply(an_alert(Level.YELLOW))
        step = a_step(await office.the_command(), VILLAGE, Step.SIGN)
        async with office.database.transaction() as work:  # its `now` is before the deadline
            await sweep_for(office, 0.6, sweepers=1)
            await office.consumer.apply(work, [InboundMessage(step, "", 0, 0, 0)])
        row = (await office.rows("SELECT * FROM command.assignment WHERE unit = $1", VILLAGE))[0]
        assert row["state"] == "signed"
        assert row["late"]
        assert row["signed_at"] >= row["sign_by"]
        assert await office.wrongly_armed() == await office.wrongly_counted() == 0


async def test_nine_thousand_overdue_at_once_are_told_within_seconds(dsn: str) -> None:
    async with an_office(dsn, profile(600, 6000, 60)) as office:
        await office.apply(an_alert(Level.RED, areas=(DISTRICT,)))
        await go_back(office, 601)
        sweeper, started = office.sweeper(), time.perf_counter()
        while await sweeper.sweep():
            pass
        took = time.perf_counter() - started
        print(f"9,105 overdue at once told in {took:.2f} s")
        assert took < 15
        kinds = Counter(one.kind for one in await office.supervision())
        assert kinds == {SupervisionKind.OVERDUE: 9105, SupervisionKind.REMINDED: 9105}
        assert await office.wrongly_armed() == await office.wrongly_counted() == 0
