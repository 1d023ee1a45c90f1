"""A preview and the command behind it have the same recipients, on a real Postgres.

Plans reach rows and records with roles, axes, words and deadlines by line. Completeness is proved
from the log alone, up to a whole city in one action.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.example.departments import departments
from shared.contracts.assignments import AssignmentAxis, AssignmentRole, Step
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Level, ResponseMode, Tier
from shared.contracts.selections import MOST_LISTED, Selection
from shared.contracts.topics import ASSIGNMENTS, COMMAND_REQUESTS, COMMANDS
from shared.domain.selection.reach import digest_of
from shared.domain.selection.tree import UnitTree
from shared.runtime.errors import Reject
from shared.runtime.outbound_records import encode
from tests.bench.command.units import city
from tests.component.command.harness import (
    CITY,
    DISTRICT,
    GRID,
    TOWN,
    VILLAGE,
    CommandHarness,
    a_harness,
    a_request,
    a_step,
    an_alert,
    below,
    units,
)
from tests.component.command.mode_acts import EMERGENCY, decide
from tests.support.console_harness import ConsoleHarness, running_console

OFFICERS = {CITY: "o-city-b", DISTRICT: "o-district-b", TOWN: "o-town-b"}
OTHER_TOWN = "500118107000"
ORDER: dict[str, Any] = {
    "event_type": "11A01",
    "level": "yellow",
    "title": "检查",
    "instruction": "",
}
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "a subtree": (
        TOWN,
        {"include": [{"kind": "subtree", "of": TOWN, "tiers": ["village", "grid", "microgrid"]}]},
    ),
    "the issuer named too": (
        DISTRICT,
        {"include": [{"kind": "subtree", "of": DISTRICT, "tiers": ["district", "town"]}]},
    ),
    "departments": (
        DISTRICT,
        {
            "include": [
                {
                    "kind": "departments",
                    "of": DISTRICT,
                    "tiers": ["district"],
                    "departments": ["water", "police"],
                },
                {"kind": "departments", "of": TOWN, "tiers": ["town"], "departments": ["safety"]},
            ]
        },
    ),
    "a role": (CITY, {"include": [{"kind": "role", "of": CITY, "roles": ["riverside"]}]}),
    "a group": (DISTRICT, {"include": [{"kind": "group", "group": "flood_task_force"}]}),
    "a list": (TOWN, {"include": [{"kind": "units", "units": [GRID, VILLAGE, f"{TOWN}/safety"]}]}),
    "a union less another": (
        DISTRICT,
        {
            "include": [
                {"kind": "subtree", "of": DISTRICT, "tiers": ["town"]},
                {"kind": "group", "group": "flood_task_force"},
            ],
            "exclude": [{"kind": "units", "units": [TOWN, f"{DISTRICT}/urban"]}],
        },
    ),
}


@asynccontextmanager
async def two_services(dsn: str) -> AsyncIterator[tuple[ConsoleHarness, CommandHarness]]:
    """A console and a command service that have read the same catalogue."""
    async with (
        running_console(dsn) as console,
        a_harness(dsn, tree=console.deps.names.tree) as harness,
    ):
        yield console, harness


async def preview(console: ConsoleHarness, issuer: str, selection: Any) -> tuple[list[str], Any]:
    """Every unit the officer is shown, page by page, and the last page."""
    previewed: list[str] = []
    body = {"selection": selection, "limit": 25}
    async with console.client(OFFICERS[issuer]) as client:
        while True:
            page = (await client.post("/api/commands/preview", json=body)).json()
            previewed += [event["unit"] for event in page["units"]]
            if page["next"] is None:
                return previewed, page
            body["after"] = page["next"]


async def ordered(console: ConsoleHarness, issuer: str, selection: Any, digest: str) -> Any:
    """The request record that the officer's order becomes."""
    body = {**ORDER, "selection": selection, "seen_digest": digest}
    async with console.client(OFFICERS[issuer]) as client:
        answer = await client.post("/api/commands", json=body)
    assert answer.status_code == 202, answer.text
    return COMMAND_REQUESTS.model.validate_json(console.kafka.sent[-1].body)


@pytest.mark.parametrize("kind", KINDS)
async def test_who_is_shown_is_who_gets_it(dsn: str, kind: str) -> None:
    issuer, selection = KINDS[kind]
    async with two_services(dsn) as (console, harness):
        previewed, page = await preview(console, issuer, selection)
        assert previewed
        assert issuer not in previewed
        await harness.apply(await ordered(console, issuer, selection, page["digest"]))
        events = await harness.published(ASSIGNMENTS.name)
        assert [event.unit for event in events] == previewed
        (command,) = await harness.published(COMMANDS.name)
        assert (command.recipients, command.recipients_digest) == (len(previewed), page["digest"])
        assert command.root == page["root"]
        assert Counter(event.unit_tier for event in events) == page["by_tier"]


async def test_a_joint_command_names_who_leads_who_assists_and_until_when(dsn: str) -> None:
    leads = {"include": [{"kind": "units", "units": [TOWN]}]}
    assist = KINDS["departments"][1]
    until = datetime.now(UTC) + timedelta(hours=2)
    async with two_services(dsn) as (console, harness):
        joint = {"selection": leads, "assist": assist}
        async with console.client(OFFICERS[DISTRICT]) as client:
            page = (await client.post("/api/commands/preview", json=joint)).json()
            assert [unit["unit"] for unit in page["units"] if not unit["assists"]] == [TOWN]
            body = {**ORDER, **joint, "seen_digest": page["digest"]}
            body |= {"sign_by": until.isoformat(), "finish_by": until.isoformat()}
            answer = await client.post("/api/commands", json=body)
            assert answer.status_code == 202, answer.text
            late = {**body, "sign_by": (until + timedelta(hours=1)).isoformat()}
            past = {**body, "finish_by": "2020-01-01T00:00:00Z"}
            for wrong in (late, past):
                assert (await client.post("/api/commands", json=wrong)).status_code == 422
        await harness.apply(COMMAND_REQUESTS.model.validate_json(console.kafka.sent[-1].body))
        events = await harness.published(ASSIGNMENTS.name)
        roles = {event.unit: event.role for event in events}
        assert roles.pop(TOWN) is AssignmentRole.LEAD
        assert len(roles) == page["assisting"] > 1
        assert set(roles.values()) == {AssignmentRole.ASSIST}
        for event in events:
            assert abs(event.sign_by - until) < timedelta(minutes=5)
            assert event.sign_by == event.finish_by


async def test_recipients_that_are_no_longer_those_shown_are_refused(dsn: str) -> None:
    issuer, selection = KINDS["departments"]
    async with two_services(dsn) as (console, harness):
        previewed, page = await preview(console, issuer, selection)
        request = await ordered(console, issuer, selection, page["digest"])
        (unit_entry,) = [
            department for department in departments() if department.unit == previewed[0]
        ]
        harness.context.tree.put(unit_entry.model_copy(update={"parent": OTHER_TOWN}))
        with pytest.raises(Reject, match=f"now {len(previewed) - 1}") as refused:
            await harness.apply(request)
        assert refused.value.reason is Reason.STALE
        assert await harness.value("SELECT count(*) FROM command.command") == 0
        # Without a digest the officer has asked for whoever it is.
        await harness.apply(request.model_copy(update={"seen_digest": None}))
        assert len(await harness.published(ASSIGNMENTS.name)) == len(previewed) - 1


@pytest.mark.parametrize(
    ("issuer", "selection", "names"),
    [
        (TOWN, KINDS["a group"][1], f"{DISTRICT}/emergency"),
        (TOWN, {"include": [{"kind": "units", "units": [VILLAGE, OTHER_TOWN]}]}, OTHER_TOWN),
        (f"{DISTRICT}/water", {"include": [{"kind": "units", "units": [TOWN]}]}, TOWN),
        (
            TOWN,
            {
                "include": [
                    {
                        "kind": "departments",
                        "of": DISTRICT,
                        "tiers": ["district"],
                        "departments": ["water"],
                    }
                ]
            },
            f"{DISTRICT}/water",
        ),
    ],
)
async def test_units_outside_the_issuer_s_subtree_are_refused_by_name(
    dsn: str, issuer: str, selection: dict[str, Any], names: str
) -> None:
    async with two_services(dsn) as (_, harness):
        selected = Selection.model_validate_json(json.dumps(selection))
        request = a_request(
            "issue",
            "cmd-1",
            issuer,
            selection=selected,
            event_type="11A01",
            level=Level.BLUE,
            title="检查",
        )
        with pytest.raises(Reject, match=names) as refused:
            await harness.apply(request)
        assert refused.value.reason is Reason.NOT_ALLOWED
        assert await harness.value("SELECT count(*) FROM command.command") == 0


async def test_the_lines_of_a_plan_reach_rows_records_and_the_next_attempt(dsn: str) -> None:
    async with a_harness(dsn) as harness:
        for entry in departments():
            harness.context.tree.put(entry)
        await harness.apply(an_alert(Level.YELLOW, place=VILLAGE, event_type="12:burst_main"))
        events = {event.unit: event for event in await harness.published(ASSIGNMENTS.name)}
        departments_called = {
            f"{DISTRICT}/{name}" for name in ("water", "transport", "emergency", "housing")
        }
        assert set(events) == departments_called | {TOWN, VILLAGE}
        water, roads, town = (
            events[f"{DISTRICT}/water"],
            events[f"{DISTRICT}/transport"],
            events[TOWN],
        )
        assert (water.role, water.axis, water.line) == (
            AssignmentRole.LEAD,
            AssignmentAxis.HORIZONTAL,
            "repair",
        )
        assert (roads.role, town.role) == (AssignmentRole.ASSIST, AssignmentRole.ASSIST)
        assert (roads.axis, town.axis) == (AssignmentAxis.HORIZONTAL, AssignmentAxis.VERTICAL)
        assert "封闭受淹路段" in roads.instruction
        assert "抢修" in water.title
        assert (water.unit_tier, water.parent_unit) == (Tier.DISTRICT, DISTRICT)
        # The profile of these tests gives 20 minutes; the plan gives the departments three hours.
        assert water.finish_by - water.sent_at == timedelta(hours=3)
        assert town.finish_by - town.sent_at == timedelta(minutes=20)
        (command,) = await harness.published(COMMANDS.name)
        assert (command.plan_id, command.plan_version) == ("burst-main", 1)
        assert command.recipients_digest == digest_of(events)
        assert command.title == water.title
        # Read back from the database, an assignment is still told by its own line.
        command_id = command.command_id
        await harness.apply(a_step(command_id, roads.unit))
        await harness.apply(a_step(command_id, roads.unit, Step.REPORT))
        await harness.apply(
            a_step(command_id, roads.unit, Step.SEND_BACK, officer_unit=DISTRICT, text="重新封路")
        )
        reopened = (await harness.published(ASSIGNMENTS.name))[-1]
        assert (reopened.unit, reopened.attempt) == (roads.unit, 2)
        assert (reopened.title, reopened.instruction, reopened.role) == (
            roads.title,
            roads.instruction,
            roads.role,
        )
        assert reopened.finish_by - reopened.sent_at == timedelta(hours=3)
        assert await harness.wrongly_armed() == await harness.wrongly_counted() == 0


async def test_a_plan_of_the_topic_takes_the_place_of_the_one_before(dsn: str) -> None:
    async with a_harness(dsn) as harness:
        plan = harness.context.plans.choose("11A01", Level.BLUE, ResponseMode.NORMAL)
        assert plan is not None
        wider = plan.orders[0].model_copy(update={"who": below("@district", Tier.TOWN)})
        harness.context.plans.put(plan.model_copy(update={"version": 2, "orders": (wider,)}))
        await harness.apply(an_alert(Level.BLUE))
        (command,) = await harness.published(COMMANDS.name)
        assert (command.plan_version, command.recipients) == (2, 23)
        harness.context.plans.drop(plan.plan_id)
        await harness.apply(an_alert(Level.BLUE, key="second"))
        assert (await harness.published(COMMANDS.name))[-1].plan_id == "other"
        harness.context.plans.drop("other")
        await harness.apply(an_alert(Level.BLUE, key="third"))
        assert len(await harness.published(COMMANDS.name)) == 2
        assert harness.metric("fenghuo_alerts_without_plan_total", status="Actual") == 1


async def test_the_mode_of_the_place_chooses_the_plan(dsn: str) -> None:
    async with a_harness(dsn) as harness:
        plan = harness.context.plans.choose("11A01", Level.BLUE, ResponseMode.NORMAL)
        assert plan is not None
        peace = [mode for mode in ResponseMode if mode is not ResponseMode.EMERGENCY]
        harness.context.plans.put(plan.model_copy(update={"version": 2, "modes": tuple(peace)}))
        strict = {"plan_id": "flood-blue-emergency", "modes": (ResponseMode.EMERGENCY,)}
        harness.context.plans.put(plan.model_copy(update=strict))
        await harness.apply(an_alert(Level.BLUE))
        await decide(harness, EMERGENCY)
        await harness.apply(an_alert(Level.BLUE, key="second"))
        await harness.apply(an_alert(Level.BLUE, key="elsewhere", place=OTHER_TOWN))
        plan_ids = [event.plan_id for event in await harness.published(COMMANDS.name)]
        assert plan_ids == ["flood-blue", "flood-blue-emergency", "flood-blue"]


async def test_a_whole_city_is_one_action_and_the_log_proves_it_complete(dsn: str) -> None:
    tree = UnitTree()
    for entry in city():
        tree.put(entry)
    async with a_harness(dsn, tree=tree) as harness:
        all_units = below(CITY, *Tier)
        request = a_request(
            "issue",
            "cmd-city",
            CITY,
            selection=all_units,
            event_type="11A01",
            level=Level.RED,
            title="全市",
        )
        started = time.perf_counter()
        await harness.apply(request)
        print(
            f"fan-out to {len(harness.context.tree) - 1} recipients: "
            f"{time.perf_counter() - started:.1f} s"
        )
        (command,) = await harness.published(COMMANDS.name)
        assert command.recipients == len(harness.context.tree) - 1 == 75_000
        keys = [
            row["key"]
            for row in await harness.rows(
                "SELECT key FROM command.outbox WHERE topic = $1", ASSIGNMENTS.name
            )
        ]
        # From the log alone: as many as resolved, each once, and exactly those.
        assert len(keys) == len(set(keys)) == command.recipients
        assert digest_of(keys) == command.recipients_digest
        # One missing or one too many is seen.
        assert digest_of(keys[1:]) != command.recipients_digest
        assert sum(tier.total for tier in command.rollup) == command.recipients


def test_the_longest_list_is_a_small_record() -> None:
    longest = [unit_entry.unit for unit_entry in units() if unit_entry.tier is Tier.MICROGRID][
        :MOST_LISTED
    ]
    selected = Selection.model_validate_json(
        json.dumps({"include": [{"kind": "units", "units": longest}]})
    )
    request = a_request("issue", "cmd-1", DISTRICT, selection=selected)
    assert len(longest) == MOST_LISTED
    assert len(encode(request)) < 65_536 < COMMAND_REQUESTS.max_bytes
