"""A command to towns, with which several test files begin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.contracts.assignments import Step
from shared.contracts.fields import Level, Tier
from shared.contracts.limits import LimitsDocument
from tests.component.command.harness import (
    DISTRICT,
    TOWN,
    CommandHarness,
    a_harness,
    a_request,
    a_step,
    below,
)

COMMAND = "cmd-towns"
VILLAGES = tuple(f"500118118{200 + n}" for n in range(4))


@asynccontextmanager
async def towns(dsn: str, times: LimitsDocument | None = None) -> AsyncIterator[CommandHarness]:
    """An harness with one command of the district to all its towns; Zhutuo has signed."""
    async with a_harness(dsn, times) as harness:
        await harness.apply(
            a_request(
                "issue",
                COMMAND,
                DISTRICT,
                selection=below(DISTRICT, Tier.TOWN),
                event_type="11A01",
                level=Level.RED,
                title="全员避险",
            )
        )
        await harness.apply(a_step(COMMAND, TOWN))
        yield harness


async def finish(
    harness: CommandHarness, *units: str, issuer: str = TOWN, attempt: int = 1
) -> None:
    """The units sign and report, the issuer checks and closes."""
    for step in (Step.SIGN, Step.REPORT):
        await harness.apply(*(a_step(COMMAND, unit, step, attempt=attempt) for unit in units))
    for step in (Step.CHECK, Step.CLOSE):
        await harness.apply(
            *(a_step(COMMAND, unit, step, officer_unit=issuer, attempt=attempt) for unit in units)
        )


async def sound(harness: CommandHarness) -> bool:
    """Counters, progress and timers are what the rows call for; records have every version once."""
    wrong = (
        await harness.wrongly_armed(),
        await harness.wrongly_counted(),
        await harness.wrongly_added_up(),
    )
    assert wrong == (0, 0, 0), "armed, counted, added up"
    versions = await harness.rows(
        "SELECT assignment_id, version FROM command.assignment ORDER BY assignment_id"
    )
    versions_published: dict[str, list[int]] = {}
    for event in await harness.published("command.assignments.v1"):
        versions_published.setdefault(event.assignment_id, []).append(event.version)
    assert {key: list(range(1, n + 1)) for key, n in versions} == versions_published
    return True
