"""Splitting, reassigning, waiving and recalling on a real Postgres."""

from __future__ import annotations

import random
from typing import Any

import pytest

from shared.contracts.assignments import AssignmentState, Step
from shared.contracts.commands import CommandState
from shared.contracts.dead_letter import Reason
from shared.contracts.topics import ASSIGNMENTS, COMMANDS
from shared.runtime.errors import Reject
from tests.component.command.harness import (
    CITY,
    DISTRICT,
    TOWN,
    VILLAGE,
    CommandHarness,
    a_request,
    a_step,
)
from tests.component.command.scenes import COMMAND, VILLAGES, finish, sound, towns

OTHER_TOWN = "500118001000"


async def split(harness: CommandHarness, *units: str, parent: str = TOWN, **more: Any) -> None:
    await harness.apply(a_step(COMMAND, parent, Step.SPLIT, units=units, **more))


async def state(harness: CommandHarness, unit: str) -> str:
    return str((await harness.assignment(unit))["state"])


async def test_a_whole_is_reported_when_its_last_mandatory_part_is_done(dsn: str) -> None:
    async with towns(dsn) as harness:
        await split(harness, *VILLAGES[:3])
        part = await harness.assignment(VILLAGE)
        parent = await harness.assignment(TOWN)
        assert part["splitting_unit"] == TOWN
        assert part["finish_by"] <= parent["finish_by"]
        assert part["sign_by"] < part["finish_by"]
        assert parent["state"] == "signed"
        await harness.apply(a_step(COMMAND, TOWN, Step.REPORT, text="全镇已转移"))
        assert await state(harness, TOWN) == "signed"  # it waits
        await finish(harness, *VILLAGES[:2])
        assert await state(harness, TOWN) == "signed"
        await finish(harness, VILLAGES[2])
        assert await state(harness, TOWN) == "reported"
        events = [
            event for event in await harness.published(ASSIGNMENTS.name) if event.unit == TOWN
        ]
        assert events[-1].reason == "全镇已转移"
        assert (events[-1].children.done, events[-1].children.total) == (3, 3)
        command = (await harness.published(COMMANDS.name))[-1]
        assert (command.recipients, command.given_on) == (23, 3)
        assert await sound(harness)


async def test_the_whole_s_signature_never_counts_for_its_parts(dsn: str) -> None:
    async with towns(dsn) as harness:
        await split(harness, VILLAGE)
        (row,) = await harness.rows("SELECT * FROM command.tier_count WHERE tier = 'village'")
        assert (row["total"], row["signed"], row["status"]) == (1, 0, "Actual")
        assert await sound(harness)


async def test_any_order_and_repetition_below_a_split_gives_the_same_rows(dsn: str) -> None:
    chain = (Step.SIGN, Step.ACCEPT, Step.HANDLE, Step.REPORT)
    async with towns(dsn) as harness:
        await split(harness, *VILLAGES)
        sent = [a_step(COMMAND, unit, step) for unit in (TOWN, *VILLAGES) for step in chain]
        sent += [a_step(COMMAND, unit, Step.SIGN, officer="second") for unit in VILLAGES]
        random.Random(11).shuffle(sent)
        while sent:
            await harness.apply(*sent[:5])
            sent = sent[5:]
        assert {await state(harness, unit) for unit in VILLAGES} == {"reported"}
        assert await state(harness, TOWN) == "handling"
        for step in (Step.CHECK, Step.CLOSE):
            await harness.apply(*(a_step(COMMAND, v, step, officer_unit=TOWN) for v in VILLAGES))
        assert await state(harness, TOWN) == "reported"
        assert await sound(harness)


async def test_a_split_in_one_batch_with_its_parts_steps(dsn: str) -> None:
    async with towns(dsn) as harness:
        await harness.apply(
            a_step(COMMAND, TOWN, Step.SPLIT, units=VILLAGES[:1]),
            a_step(COMMAND, TOWN, Step.REPORT),
            a_step(COMMAND, VILLAGE, Step.REPORT),
            a_step(COMMAND, VILLAGE, Step.SIGN),
            a_step(COMMAND, VILLAGE, Step.CHECK, officer_unit=TOWN),
            a_step(COMMAND, VILLAGE, Step.CLOSE, officer_unit=TOWN),
        )
        assert (await state(harness, VILLAGE), await state(harness, TOWN)) == ("done", "reported")
        assert await sound(harness)


async def test_the_unit_that_split_checks_and_the_handler_cannot(dsn: str) -> None:
    async with towns(dsn) as harness:
        await split(harness, VILLAGE)
        await harness.apply(a_step(COMMAND, VILLAGE), a_step(COMMAND, VILLAGE, Step.REPORT))
        with pytest.raises(Reject):
            await harness.apply(a_step(COMMAND, VILLAGE, Step.CHECK))
        await harness.apply(a_step(COMMAND, VILLAGE, Step.CHECK, officer_unit=TOWN))
        assert await state(harness, VILLAGE) == "checked"


async def test_only_above_the_unit_that_split_may_drop_a_mandatory_part(dsn: str) -> None:
    async with towns(dsn) as harness:
        await split(harness, *VILLAGES[:2])
        await harness.apply(a_step(COMMAND, TOWN, Step.REPORT))
        for step in (Step.WAIVE, Step.RECALL):
            with pytest.raises(Reject) as refused:
                await harness.apply(
                    a_step(COMMAND, VILLAGE, step, officer_unit=TOWN, text="不必了")
                )
            assert refused.value.reason is Reason.NOT_ALLOWED
        await finish(harness, VILLAGES[1])
        await harness.apply(
            a_step(COMMAND, VILLAGE, Step.WAIVE, officer_unit=DISTRICT, text="道路中断")
        )
        assert (await state(harness, VILLAGE), await state(harness, TOWN)) == ("waived", "reported")
        late = a_step(COMMAND, VILLAGE)
        await harness.apply(late)
        late_rows = await harness.rows(
            "SELECT acknowledgement_id FROM command.late_acknowledgement"
        )
        assert [row["acknowledgement_id"] for row in late_rows] == [late.id]
        assert await sound(harness)


async def test_an_optional_part_holds_nothing_up_and_ends_with_its_whole(dsn: str) -> None:
    async with towns(dsn) as harness:
        await split(harness, VILLAGE, mandatory=False)
        await harness.apply(a_step(COMMAND, VILLAGE), a_step(COMMAND, TOWN, Step.REPORT))
        assert await state(harness, TOWN) == "reported"
        for step in (Step.CHECK, Step.CLOSE):
            await harness.apply(a_step(COMMAND, TOWN, step, officer_unit=DISTRICT))
        assert (await state(harness, TOWN), await state(harness, VILLAGE)) == ("done", "waived")
        assert await sound(harness)


async def test_a_returned_part_is_given_to_another_unit_and_its_whole_waits_for_that(
    dsn: str,
) -> None:
    first, second = VILLAGES[:2]
    async with towns(dsn) as harness:
        await split(harness, first)
        await harness.apply(
            a_step(COMMAND, TOWN, Step.REPORT),
            a_step(COMMAND, first, Step.RETURN, text="不属本村"),
        )
        give = a_step(
            COMMAND, first, Step.REASSIGN, officer_unit=TOWN, units=(second,), text="请邻村办理"
        )
        await harness.apply(give)
        row = await harness.assignment(second)
        assert (row["state"], row["attempt"], row["splitting_unit"]) == ("delivered", 1, TOWN)
        assert row["reassigned_from"] == (await harness.assignment(first))["assignment_id"]
        assert (await state(harness, first), await state(harness, TOWN)) == ("reassigned", "signed")
        # decided once: who comes second is kept as late
        repeat = a_step(
            COMMAND, first, Step.REASSIGN, officer_unit=CITY, units=(VILLAGES[2],), text="给别村"
        )
        await harness.apply(repeat)
        assert await harness.value("SELECT count(*) FROM command.late_acknowledgement") == 1
        assert await harness.value("SELECT count(*) FROM command.assignment") == 23 + 2
        await finish(harness, second)
        assert await state(harness, TOWN) == "reported"
        assert await sound(harness)


async def test_an_undone_assignment_of_the_command_itself_is_reassigned(dsn: str) -> None:
    async with towns(dsn) as harness:
        await split(harness, VILLAGE)
        give = a_step(
            COMMAND, TOWN, Step.REASSIGN, officer_unit=CITY, units=(VILLAGES[3],), text="镇里断电"
        )
        await harness.apply(give)
        # its parts went with it; the successor answers to the command's issuer
        assert (await state(harness, TOWN), await state(harness, VILLAGE)) == (
            "reassigned",
            "recalled",
        )
        row = await harness.assignment(VILLAGES[3])
        assert (row["parent_assignment_id"], row["splitting_unit"]) == (None, None)
        assert await sound(harness)


async def test_an_assignment_is_not_given_to_the_unit_that_checks_it(dsn: str) -> None:
    async with towns(dsn) as harness:
        give = a_step(
            COMMAND, TOWN, Step.REASSIGN, officer_unit=CITY, units=(DISTRICT,), text="区里自己办"
        )
        with pytest.raises(Reject, match="checks it") as refused:
            await harness.apply(give)
        assert refused.value.reason is Reason.NOT_ALLOWED
        assert await state(harness, TOWN) == "signed"
        assert await sound(harness)


async def test_a_part_that_was_done_is_asked_for_again_by_a_second_split(dsn: str) -> None:
    async with towns(dsn) as harness:
        await split(harness, VILLAGE)
        await finish(harness, VILLAGE)
        await harness.apply(a_step(COMMAND, TOWN, Step.REPORT))
        await harness.apply(a_step(COMMAND, TOWN, Step.SEND_BACK, officer_unit=DISTRICT))
        await harness.apply(a_step(COMMAND, TOWN, attempt=2))
        await split(harness, VILLAGE, attempt=2, number=9)
        await split(harness, VILLAGE, attempt=2, number=9, officer="double-click")
        row = await harness.assignment(VILLAGE)
        assert (row["state"], row["attempt"]) == ("delivered", 2)
        await harness.apply(a_step(COMMAND, TOWN, Step.REPORT, attempt=2))
        assert await state(harness, TOWN) == "signed"
        await finish(harness, VILLAGE, attempt=2)
        assert await state(harness, TOWN) == "reported"
        assert await sound(harness)


async def test_two_levels_of_splitting_pass_up(dsn: str) -> None:
    grid = f"{VILLAGE}/grid/001"
    async with towns(dsn) as harness:
        await split(harness, VILLAGE)
        await harness.apply(a_step(COMMAND, VILLAGE))
        await split(harness, grid, parent=VILLAGE)
        await harness.apply(
            a_step(COMMAND, TOWN, Step.REPORT), a_step(COMMAND, VILLAGE, Step.REPORT)
        )
        await finish(harness, grid, issuer=VILLAGE)
        assert (await state(harness, VILLAGE), await state(harness, TOWN)) == ("reported", "signed")
        await harness.apply(
            a_step(COMMAND, VILLAGE, Step.CHECK, officer_unit=TOWN),
            a_step(COMMAND, VILLAGE, Step.CLOSE, officer_unit=TOWN),
        )
        assert await state(harness, TOWN) == "reported"
        assert await sound(harness)


async def test_recalling_one_assignment_takes_its_parts_and_what_waited_is_kept(dsn: str) -> None:
    async with towns(dsn) as harness:
        await split(harness, *VILLAGES[:2])
        acknowledgement = a_step(COMMAND, VILLAGE, Step.REPORT)
        await harness.apply(acknowledgement)
        await harness.apply(a_step(COMMAND, TOWN, Step.RECALL, officer_unit=DISTRICT, text="误派"))
        states = {await state(harness, unit) for unit in (TOWN, *VILLAGES[:2])}
        assert states == {"recalled"}
        late_rows = await harness.rows(
            "SELECT acknowledgement_id FROM command.late_acknowledgement"
        )
        assert [row["acknowledgement_id"] for row in late_rows] == [acknowledgement.id]
        (row,) = await harness.rows("SELECT * FROM command.tier_count WHERE tier = 'village'")
        assert (row["total"], row["released"]) == (2, 2)
        assert await sound(harness)


async def test_revoking_a_split_command_recalls_wholes_and_parts(dsn: str) -> None:
    async with towns(dsn) as harness:
        await split(harness, *VILLAGES)
        await harness.apply(a_step(COMMAND, TOWN, Step.REPORT))
        await harness.apply(a_request("revoke", COMMAND, DISTRICT))
        events = await harness.published(ASSIGNMENTS.name)
        assert {event.state for event in events[-27:]} == {AssignmentState.RECALLED}
        assert (await harness.published(COMMANDS.name))[-1].state is CommandState.REVOKED
        assert await harness.value("SELECT count(*) FROM command.timer WHERE state = 'armed'") == 0
        assert await sound(harness)


async def test_a_command_closes_in_bulk_with_its_parts(dsn: str) -> None:
    async with towns(dsn) as harness:
        rows = await harness.rows("SELECT unit FROM command.assignment WHERE unit <> $1", TOWN)
        other_units = [row["unit"] for row in rows]
        await split(harness, VILLAGE)
        await split(harness, VILLAGES[1], mandatory=False, number=2)
        await harness.apply(*(a_step(COMMAND, unit) for unit in (*other_units, *VILLAGES[:2])))
        await harness.apply(
            *(a_step(COMMAND, unit, Step.REPORT) for unit in (*other_units, TOWN, *VILLAGES[:2]))
        )
        for _ in range(2):  # the parts first; the town's report follows, then that one
            await harness.apply(a_request("check", COMMAND, DISTRICT))
            await harness.apply(a_request("close", COMMAND, DISTRICT))
        assert (await harness.published(COMMANDS.name))[-1].state is CommandState.CLOSED
        assert {await state(harness, unit) for unit in (TOWN, *VILLAGES[:2])} == {"done"}
        assert await sound(harness)


REFUSED: list[tuple[str, dict[str, Any], Reason]] = [
    (TOWN, {"units": ()}, Reason.NOT_ALLOWED),
    (TOWN, {"units": (VILLAGE, VILLAGE)}, Reason.NOT_ALLOWED),
    (TOWN, {"units": (TOWN,)}, Reason.NOT_ALLOWED),
    (TOWN, {"units": ("500118001200",)}, Reason.NOT_ALLOWED),
    (TOWN, {"units": ("500118118999",)}, Reason.UNKNOWN_SUBJECT),
    (TOWN, {"units": (VILLAGES[3],), "officer_unit": DISTRICT}, Reason.NOT_ALLOWED),
    (TOWN, {"units": (VILLAGES[2],), "number": 2}, Reason.NOT_ALLOWED),
    (OTHER_TOWN, {"units": ("500118001200",)}, Reason.NOT_ALLOWED),
    (TOWN, {"step": Step.RETURN, "text": "太多"}, Reason.NOT_ALLOWED),
    (TOWN, {"step": Step.REASSIGN, "units": (VILLAGE,), "text": "转办"}, Reason.NOT_ALLOWED),
    (
        TOWN,
        {
            "step": Step.REASSIGN,
            "units": (OTHER_TOWN,),
            "text": "转办",
            "officer_unit": DISTRICT,
        },
        Reason.NOT_ALLOWED,
    ),
    (
        VILLAGES[2],
        {
            "step": Step.REASSIGN,
            "units": ("500118001200",),
            "text": "转办",
            "officer_unit": DISTRICT,
        },
        Reason.NOT_ALLOWED,
    ),
    (VILLAGES[2], {"step": Step.RECALL, "officer_unit": DISTRICT}, Reason.NOT_ALLOWED),
]


@pytest.mark.parametrize(("unit", "change", "reason"), REFUSED)
async def test_what_is_refused_changes_nothing(
    dsn: str, unit: str, change: dict[str, Any], reason: Reason
) -> None:
    async with towns(dsn) as harness:
        await split(harness, VILLAGES[2])
        before = await harness.rows("SELECT * FROM command.assignment ORDER BY assignment_id")
        with pytest.raises(Reject) as refused:
            await harness.apply(
                a_step(COMMAND, unit, **{"step": Step.SPLIT, "number": 7, **change})
            )
        assert refused.value.reason is reason
        after = await harness.rows("SELECT * FROM command.assignment ORDER BY assignment_id")
        assert before == after
        assert await sound(harness)
