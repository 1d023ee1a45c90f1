"""A change of one town's mode in mid-stream changes no byte at the town beside it."""

from __future__ import annotations

from shared.contracts.assignments import Step
from shared.contracts.fields import Level, Tier
from shared.contracts.topics import ASSIGNMENTS, COMMANDS
from shared.contracts.units import is_within
from tests.component.command.harness import (
    DISTRICT,
    EVENT_TIME,
    TOWN,
    CommandHarness,
    a_harness,
    a_request,
    a_step,
    below,
    some_times,
)
from tests.component.command.mode_acts import EMERGENCY, decide
from tests.component.command.test_timers import go_back, sweep_for
from tests.support.postgres import fresh_database

SECOND_TOWN = "500118117000"


async def lines_at_second_town(flip: bool) -> list[str]:
    """Two towns with two commands each; between them the mode of TOWN flips or does not. What OTHER
    saw, byte by byte, with times relative to the issue."""
    with fresh_database() as dsn:
        async with a_harness(dsn, some_times(600, 1200, 60)) as harness:

            async def command(name: str, root: str) -> None:
                await harness.apply(
                    a_request(
                        "issue",
                        name,
                        DISTRICT,
                        id=f"request-{name}",
                        selection=below(root, Tier.TOWN, Tier.VILLAGE),
                        event_type="11A01",
                        level=Level.ORANGE,
                        title="值守检查",
                    )
                )

            for name, root in (("cmd-1", TOWN), ("cmd-2", SECOND_TOWN)):
                await command(name, root)
            if flip:
                await decide(harness, EMERGENCY)
            for name, root in (("cmd-3", TOWN), ("cmd-4", SECOND_TOWN)):
                await command(name, root)
            village = f"{SECOND_TOWN[:9]}200"
            for name in ("cmd-2", "cmd-4"):
                await harness.apply(a_step(name, village), a_step(name, village, Step.REPORT))
                await harness.apply(a_step(name, village, Step.SEND_BACK, officer_unit=DISTRICT))
            await go_back(harness, 601)
            await sweep_for(harness, 0.5)
            assert await harness.wrongly_armed() == await harness.wrongly_counted() == 0
            return await _lines_of(harness, {"cmd-2", "cmd-4"})


async def _lines_of(harness: CommandHarness, commands: set[str]) -> list[str]:
    issued = {
        event.command_id: event.sent_at
        for event in reversed(await harness.published(COMMANDS.name))
        if event.version == 1
    }
    lines: list[str] = []
    for event in await harness.published(COMMANDS.name):
        if event.command_id in commands:
            body = event.model_copy(
                update={"sent_at": EVENT_TIME, "sign_by": EVENT_TIME, "finish_by": EVENT_TIME}
            )
            clocks = (
                event.sign_by - issued[event.command_id],
                event.finish_by - issued[event.command_id],
            )
            lines.append(f"{clocks} {body.model_dump_json()}")
    for event in await harness.published(ASSIGNMENTS.name):
        if event.command_id in commands:
            began = event.sent_at if event.state == "delivered" else None
            limits = began and (event.sign_by - began, event.finish_by - began)
            moments_hidden = dict.fromkeys(
                ("occurred_at", "sent_at", "sign_by", "finish_by", "signed_at", "reported_at"),
                EVENT_TIME,
            )
            lines.append(f"{limits} {event.model_copy(update=moments_hidden).model_dump_json()}")
    calls = [event for event in await harness.supervision() if is_within(event.unit, SECOND_TOWN)]
    moments = dict.fromkeys(("occurred_at", "sent_at", "due_at"), EVENT_TIME)
    for event in calls:  # how late depends on when this test swept, to the microsecond
        alike = {**moments, "late_by_s": float(round(event.late_by_s / 10))}
        lines.append(event.model_copy(update=alike).model_dump_json())
    counts = await harness.rows(
        "SELECT * FROM command.tier_count WHERE command_id = ANY($1::text[]) ORDER BY 1, 2",
        list(commands),
    )
    next_calls = await harness.rows(
        "SELECT t.subject_id, t.kind, t.rung, t.state, t.due_at - t.fired_at AS early "
        "FROM command.timer t JOIN command.assignment a ON a.assignment_id = t.subject_id "
        "WHERE a.command_id = ANY($1::text[]) AND t.state <> 'fired' ORDER BY 1, 2, 3",
        list(commands),
    )
    return lines + [repr(tuple(row)) for row in (*counts, *next_calls)]


async def test_a_flip_in_mid_stream_changes_nothing_outside_the_subtree() -> None:
    without, with_flip = [await lines_at_second_town(flip) for flip in (False, True)]
    assert len(without) > 100
    assert with_flip == without
