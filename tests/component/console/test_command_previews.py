"""The page of a command, shown before it is issued: what notify sends to the unit afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.contracts.assignments import AssignmentEvent, AssignmentState
from shared.contracts.commands import CommandRequest
from shared.contracts.fields import Language
from shared.contracts.ids import assignment_id
from shared.contracts.pages import Channel
from shared.contracts.topics import COMMAND_REQUESTS, TOPICS
from shared.contracts.units import tier_of
from shared.domain.bilingual import in_language
from shared.domain.roster.post_holders import Roster
from tests.component.console.test_alert_acts import post
from tests.component.console.test_alert_previews import as_shown, sent, slots
from tests.support.console_events import SONGJI, VILLAGE
from tests.support.console_harness import ConsoleHarness, hours_ahead
from tests.unit.notify.core_harness import a_core, a_working_set

PATH = "/api/commands/page-preview"


def a_form(unit: str = VILLAGE, **more: Any) -> dict[str, Any]:
    """Return the form of a command to one unit."""
    return {
        "selection": {"include": [{"kind": "units", "units": [unit]}]},
        "event_type": "11A01",
        "level": "orange",
        "title": "沿江巡查",
        "instruction": "每小时报告一次水位。",
        "status": "Actual",
        **more,
    }


def on_duty(console: ConsoleHarness) -> None:
    for slot in slots():
        console.deps.directory.apply(slot)


def delivered(console: ConsoleHarness, unit: str) -> AssignmentEvent:
    """Return the assignment of a unit under the command which the console has recorded."""
    record = console.kafka.sent[-1]
    assert record.topic == COMMAND_REQUESTS.name
    request = TOPICS[record.topic].model.validate_json(record.body)
    assert isinstance(request, CommandRequest)
    assert request.level is not None
    assert request.event_type is not None
    assert request.title is not None
    assert request.sign_by is not None
    assert request.finish_by is not None
    return AssignmentEvent(
        id=request.id,
        status=request.status,
        occurred_at=request.occurred_at,
        sent_at=request.sent_at,
        origin_unit=request.origin_unit,
        tier=request.tier,
        assignment_id=assignment_id(request.command_id, unit),
        command_id=request.command_id,
        version=1,
        unit=unit,
        unit_tier=tier_of(unit),
        state=AssignmentState.DELIVERED,
        level=request.level,
        event_type=request.event_type,
        title=request.title,
        instruction=request.instruction,
        issuer_unit=request.origin_unit,
        sign_by=request.sign_by,
        finish_by=request.finish_by,
    )


@pytest.mark.parametrize("status", ["Actual", "Exercise"])
async def test_the_preview_of_a_command_is_what_notify_sends(
    console: ConsoleHarness, status: str
) -> None:
    on_duty(console)
    form = a_form(sign_by=hours_ahead(1), finish_by=hours_ahead(5), status=status)
    answer = await post(console, "o-town-b", PATH, form)
    assert answer.status_code == 200, answer.text
    assert not console.kafka.sent, "a preview sends nothing"
    view = answer.json()
    assert view["deadlines_given"]
    issued = await post(console, "o-town-b", "/api/commands", form)
    assert issued.status_code == 202, issued.text
    working_set = a_working_set(datetime.fromisoformat(view["answer_by"]) - timedelta(minutes=10))
    core = a_core(Roster(slots()), working_set, tree=console.deps.names.tree)
    core.on_assignment(delivered(console, VILLAGE))
    page = working_set.events[0]
    assert (view["unit"], view["post"]) == (page.unit, page.post)
    page = as_shown(page, view)
    texts = {entry["channel"]: entry for entry in view["channels"]}
    for (channel, language), text in (await sent(page, console.deps.settings.console_url)).items():
        assert texts[channel][language]["text"] == text, (channel, language)
    for language in Language:
        assert texts[Channel.CONSOLE][language]["text"] == in_language(page.text, language)


async def test_open_deadlines_are_named_as_examples(console: ConsoleHarness) -> None:
    on_duty(console)
    for more in ({}, {"sign_by": hours_ahead(9)}, {"finish_by": hours_ahead(0.2)}):
        view = (await post(console, "o-town-b", PATH, a_form(**more))).json()
        assert not view["deadlines_given"], more


@pytest.mark.parametrize(
    ("officer", "form", "status"),
    [
        ("o-town-b", a_form(), 200),
        ("o-town-b", a_form(SONGJI), 403),
        ("o-town-b", a_form(f"{VILLAGE}/grid/001"), 422),
        ("o-town-b", a_form(level=None), 422),
        ("o-town-b", a_form("500118999999"), 422),
        (None, a_form(), 401),
    ],
)
async def test_only_who_may_command_sees_it(
    console: ConsoleHarness, officer: str | None, form: dict[str, Any], status: int
) -> None:
    on_duty(console)
    async with console.client(officer) as client:
        answer = await client.post(PATH, json=form)
    assert answer.status_code == status, answer.text


async def test_a_unit_without_anybody_on_duty_is_shown_too(console: ConsoleHarness) -> None:
    view = (await post(console, "o-town-b", PATH, a_form())).json()
    assert (view["unit"], view["post"]) == (VILLAGE, "B")
