"""Times come from the document in force for a unit at the moment, and decisions name it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.contracts.assignments import Step
from shared.contracts.fields import Level, ResponseMode
from shared.contracts.limits import TierTime
from shared.contracts.selections import Listed, Selection
from shared.contracts.topics import ASSIGNMENTS, COMMANDS
from shared.runtime.errors import Reject, Transient
from tests.component.command.harness import (
    DISTRICT,
    TOWN,
    VILLAGE,
    CommandHarness,
    a_harness,
    a_request,
    a_step,
    an_alert,
    catalogued,
    driven_command,
    some_times,
)
from tests.component.command.mode_acts import decide
from tests.component.command.second_attempt import reminder_of, second_attempt
from tests.component.command.test_timers import go_back, sweep_for
from tests.support.limits import a_document, assignment_limits, shipped


async def test_without_a_document_nothing_is_decided_until_one_is_read(dsn: str) -> None:
    async with driven_command(dsn, None, catalogued()) as harness:
        with pytest.raises(Transient, match="no document of limits"):
            await harness.apply(an_alert())
        assert await harness.value("SELECT count(*) FROM command.command") == 0
        assert await harness.value("SELECT count(*) FROM command.inbox") == 0
        problems = harness.driver.platform.health.problems
        assert "run the set-up" in problems()["limits"]
        documents = harness.context.limits.documents
        documents.put(a_document(unit=DISTRICT, limits_id="district"))
        with pytest.raises(Transient):
            await harness.apply(an_alert())
        documents.put(some_times())
        assert "(reports)" in problems()["limits"]
        documents.put(shipped("reports-standard"))
        assert "limits" not in problems()
        await harness.apply(an_alert())
        assert len(await harness.published(COMMANDS.name)) == 1


async def test_a_missing_document_lets_timers_wait(dsn: str) -> None:
    async with a_harness(dsn, some_times(600, 1200, 60)) as harness:
        await harness.apply(an_alert(Level.YELLOW))
        await go_back(harness, 601)
        armed = await harness.armed()
        harness.context.limits.documents.drop("test:1")
        with pytest.raises(Transient):
            await sweep_for(harness, 0.2)
        assert not await harness.supervision()
        assert await harness.armed() == armed
        harness.context.limits.documents.put(some_times(600, 1200, 60))
        await sweep_for(harness, 0.2)
        assert await harness.supervision()


async def test_each_recipient_has_the_times_of_the_nearest_unit_and_names_the_document(
    dsn: str,
) -> None:
    async with a_harness(dsn, some_times(600, 1200)) as harness:
        documents = harness.context.limits.documents
        documents.put(
            a_document(assignment_limits(90, 180), limits_id="village", version=4, unit=VILLAGE)
        )
        await harness.apply(an_alert(Level.YELLOW))
        (command,) = await harness.published(COMMANDS.name)
        assert (command.limits_id, command.limits_version) == ("test", 1)
        events = await harness.published(ASSIGNMENTS.name)
        assert {event.unit for event in events} > {VILLAGE}
        for event in events:
            own = event.unit == VILLAGE
            assert (event.limits_id, event.limits_version) == (
                ("village", 4) if own else ("test", 1)
            )
            seconds = (event.sign_by - event.sent_at).total_seconds()
            assert seconds == (90 if own else 600)
            assert (event.finish_by - event.sent_at).total_seconds() == 2 * seconds
        stored = await harness.rows(
            "SELECT unit, limits_id, limits_version FROM command.assignment"
        )
        assert {tuple(row) for row in stored} == {
            (event.unit, event.limits_id, event.limits_version) for event in events
        }


async def test_a_later_version_moves_no_given_deadline_and_a_new_attempt_takes_it(
    dsn: str,
) -> None:
    async with a_harness(dsn, some_times(600, 1200, 60)) as harness:

        async def publish_versions() -> None:
            now = await harness.now()
            later = now + timedelta(hours=1)
            documents = harness.context.limits.documents
            documents.put(a_document(assignment_limits(200, 400, 20), version=2, in_force_from=now))
            documents.put(a_document(assignment_limits(50, 60, 5), version=3, in_force_from=later))

        attempt = await second_attempt(harness, publish_versions)
        assert (attempt.limits_id, attempt.limits_version) == ("test", 2)
        assert (attempt.sign_by - attempt.sent_at).total_seconds() == 200
        call, pause = await reminder_of(harness, attempt)
        assert (call.limits_id, call.limits_version, pause) == ("test", 2, 20)


async def test_a_row_that_names_the_mode_holds_in_it(dsn: str) -> None:
    row = TierTime(
        levels=tuple(Level), modes=(ResponseMode.EMERGENCY,), within_s=77.0, source="test"
    )
    async with a_harness(dsn, a_document(assignment_limits(600, 1200, sign=(row,)))) as harness:
        await decide(harness, ResponseMode.EMERGENCY)
        await harness.apply(an_alert(Level.YELLOW))
        for event in await harness.published(ASSIGNMENTS.name):
            assert (event.sign_by - event.sent_at).total_seconds() == 77
            assert (event.finish_by - event.sent_at).total_seconds() == 600


@pytest.mark.parametrize(("days", "agreed"), [(1, True), (3, False)])
async def test_consent_goes_by_the_document_of_the_unit(dsn: str, days: int, agreed: bool) -> None:
    short = assignment_limits(600, 1200)
    short = short.model_copy(
        update={"consent": short.consent.model_copy(update={"within_s": 2 * 86_400.0})}
    )
    async with a_harness(dsn) as harness:
        documents = harness.context.limits.documents
        documents.put(a_document(short, limits_id="town", unit=TOWN))
        command = await issued_to(harness, TOWN)
        await harness.apply(a_step(command, TOWN))
        until = await harness.now() + timedelta(days=days)
        step = a_step(
            command,
            TOWN,
            Step.EXTEND,
            officer_unit=DISTRICT,
            text="道路中断",
            until=until,
            number=1,
        )
        if agreed:
            await harness.apply(step)
            assert (await harness.assignment(TOWN))["finish_by"] == until
        else:
            with pytest.raises(Reject, match="further ahead"):
                await harness.apply(step)


async def issued_to(harness: CommandHarness, unit: str) -> str:
    """Issue a command of the district to one unit; return its id."""
    await harness.apply(
        a_request(
            "issue",
            "cmd-1",
            DISTRICT,
            selection=Selection(include=(Listed(units=(unit,)),)),
            event_type="11A01",
            level=Level.RED,
            title="全员避险",
        )
    )
    return "cmd-1"
