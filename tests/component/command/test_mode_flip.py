"""Flipping one town's mode in mid-stream: what the town beside it sees is the same, byte by byte."""

from __future__ import annotations

from shared.contracts.commands import Step
from shared.contracts.fields import Level, Tier
from shared.contracts.topics import ASSIGNMENTS, COMMANDS
from shared.contracts.units import is_within
from tests.component.command.harness import (
    DISTRICT,
    EVENT_TIME,
    TOWN,
    Office,
    a_request,
    a_step,
    an_office,
    below,
    profile,
)
from tests.component.command.mode_acts import EMERGENCY, decide
from tests.component.command.test_timers import go_back, sweep_for
from tests.support.postgres import fresh_database

OTHER = "500118117000"


async def what_happened_at_other(flip: bool) -> list[str]:
    """Two towns with two commands each; between them the mode of TOWN flips or does not. What OTHER
    saw, byte by byte, with times relative to the issue."""
    with fresh_database() as dsn:
        async with an_office(dsn, profile(600, 1200, 60)) as office:

            async def command(name: str, root: str) -> None:
                await office.apply(
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

            for name, root in (("cmd-1", TOWN), ("cmd-2", OTHER)):
                await command(name, root)
            if flip:
                await decide(office, EMERGENCY)
            for name, root in (("cmd-3", TOWN), ("cmd-4", OTHER)):
                await command(name, root)
            village = f"{OTHER[:9]}200"
            for name in ("cmd-2", "cmd-4"):
                await office.apply(a_step(name, village), a_step(name, village, Step.REPORT))
                await office.apply(a_step(name, village, Step.SEND_BACK, officer_unit=DISTRICT))
            await go_back(office, 601)
            await sweep_for(office, 0.5)
            assert await office.wrongly_armed() == await office.wrongly_counted() == 0
            return await _seen(office, {"cmd-2", "cmd-4"})


async def _seen(office: Office, commands: set[str]) -> list[str]:
    issued = {
        one.command_id: one.sent_at
        for one in reversed(await office.published(COMMANDS.name))
        if one.version == 1
    }
    seen: list[str] = []
    for one in await office.published(COMMANDS.name):
        if one.command_id in commands:
            body = one.model_copy(
                update={"sent_at": EVENT_TIME, "sign_by": EVENT_TIME, "finish_by": EVENT_TIME}
            )
            clocks = (one.sign_by - issued[one.command_id], one.finish_by - issued[one.command_id])
            seen.append(f"{clocks} {body.model_dump_json()}")
    for one in await office.published(ASSIGNMENTS.name):
        if one.command_id in commands:
            began = one.sent_at if one.state == "delivered" else None
            given = began and (one.sign_by - began, one.finish_by - began)
            gone = dict.fromkeys(
                ("occurred_at", "sent_at", "sign_by", "finish_by", "signed_at", "reported_at"),
                EVENT_TIME,
            )
            seen.append(f"{given} {one.model_copy(update=gone).model_dump_json()}")
    told = [one for one in await office.supervision() if is_within(one.unit, OTHER)]
    moments = dict.fromkeys(("occurred_at", "sent_at", "due_at"), EVENT_TIME)
    for one in told:  # how late depends on when this test swept, to the microsecond
        alike = {**moments, "late_by_s": float(round(one.late_by_s / 10))}
        seen.append(one.model_copy(update=alike).model_dump_json())
    counts = await office.rows(
        "SELECT * FROM command.tier_count WHERE command_id = ANY($1::text[]) ORDER BY 1, 2",
        list(commands),
    )
    next_calls = await office.rows(
        "SELECT t.subject_id, t.kind, t.rung, t.state, t.due_at - t.fired_at AS early "
        "FROM command.timer t JOIN command.assignment a ON a.assignment_id = t.subject_id "
        "WHERE a.command_id = ANY($1::text[]) AND t.state <> 'fired' ORDER BY 1, 2, 3",
        list(commands),
    )
    return seen + [repr(tuple(row)) for row in (*counts, *next_calls)]


async def test_a_flip_in_mid_stream_changes_nothing_outside_the_subtree() -> None:
    without, with_flip = [await what_happened_at_other(flip) for flip in (False, True)]
    assert len(without) > 100
    assert with_flip == without
