"""What several test files of the command service begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.command.core.profiles import Profile
from shared.contracts.commands import Step
from shared.contracts.fields import Level, Tier
from tests.component.command.harness import (
    DISTRICT,
    TOWN,
    Office,
    a_request,
    a_step,
    an_office,
    below,
)

COMMAND = "cmd-towns"
VILLAGES = tuple(f"500118118{200 + n}" for n in range(4))


@asynccontextmanager
async def towns(dsn: str, chosen: Profile | None = None) -> AsyncIterator[Office]:
    """An office with one command of the district to all its towns; Zhutuo has signed."""
    async with an_office(dsn, chosen) as office:
        await office.apply(
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
        await office.apply(a_step(COMMAND, TOWN))
        yield office


async def finish(office: Office, *units: str, issuer: str = TOWN, attempt: int = 1) -> None:
    """The units sign and report, the issuer checks and closes."""
    for step in (Step.SIGN, Step.REPORT):
        await office.apply(*(a_step(COMMAND, unit, step, attempt=attempt) for unit in units))
    for step in (Step.CHECK, Step.CLOSE):
        await office.apply(
            *(a_step(COMMAND, unit, step, officer_unit=issuer, attempt=attempt) for unit in units)
        )


async def sound(office: Office) -> bool:
    """Counters, progress and timers are what the rows call for; records have every version once."""
    wrong = (
        await office.wrongly_armed(),
        await office.wrongly_counted(),
        await office.wrongly_added_up(),
    )
    assert wrong == (0, 0, 0), "armed, counted, added up"
    versions = await office.rows(
        "SELECT assignment_id, version FROM command.assignment ORDER BY assignment_id"
    )
    told: dict[str, list[int]] = {}
    for one in await office.published("command.assignments.v1"):
        told.setdefault(one.assignment_id, []).append(one.version)
    assert {key: list(range(1, n + 1)) for key, n in versions} == told
    return True
