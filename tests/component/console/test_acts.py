"""Acts of officers through the API: checked, recorded once, refused with a reason."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx2
import pytest

from shared.contracts.alerts import AlertState
from shared.contracts.assignments import AssignmentState
from shared.contracts.fields import Level, Post, Status
from shared.contracts.pages import Officer, RosterSlot
from shared.contracts.topics import (
    ACKNOWLEDGEMENTS,
    ALERT_DECISIONS,
    COMMAND_REQUESTS,
    PAGE_ANSWERS,
    TOPICS,
)
from shared.contracts.units import tier_of
from shared.domain.selection.reach import digest_of
from tests.support.console_events import (
    CITY,
    DISTRICT,
    GRID,
    NOW,
    SONGJI,
    VILLAGE,
    ZHUTUO,
    a_command,
    a_page,
    an_alert,
    an_assignment,
)
from tests.support.console_harness import ConsoleHarness


def a_slot(unit: str, post: Post, officer: str | None) -> RosterSlot:
    return RosterSlot(
        id=f"slot-{unit}-{officer}",
        occurred_at=NOW,
        sent_at=NOW,
        origin_unit=unit,
        tier=tier_of(unit),
        unit=unit,
        post=post,
        officer=Officer(officer_id=officer, name="某某") if officer else None,
    )


async def post(
    console: ConsoleHarness, officer: str | None, path: str, body: Any, **more: Any
) -> httpx2.Response:
    async with console.client(officer) as client:
        return await client.post(path, json=body, **more)


def decoded(console: ConsoleHarness) -> list[Any]:
    """Return the records that Kafka has, validated by the contract of the topic."""
    return [TOPICS[record.topic].model.validate_json(record.body) for record in console.kafka.sent]


async def test_a_decision_is_a_record_on_the_topic(console: ConsoleHarness) -> None:
    alert = an_alert("a")
    await console.project([alert])
    path = f"/api/alerts/{alert.alert_id}/decisions"
    answer = await post(
        console, "o-town-b", path, {"verb": "verify", "level": "orange", "reason": "现场"}
    )
    assert answer.status_code == 202
    (record,) = console.kafka.sent
    (decision,) = decoded(console)
    assert (record.topic, record.key) == (ALERT_DECISIONS.name, alert.alert_id.encode())
    assert (decision.id, decision.officer_id) == (answer.json()["id"], "o-town-b")
    assert (decision.origin_unit, decision.tier, decision.level) == (ZHUTUO, "town", "orange")
    assert decision.references == (alert.id,)


async def test_nobody_signs_what_he_did_not_see(console: ConsoleHarness) -> None:
    await console.project([an_alert("a", proposed=Level.RED)])
    path = f"/api/alerts/{an_alert('a').alert_id}/decisions"
    stale = await post(console, "o-city-b", path, {"verb": "approve", "level": "orange"})
    assert (stale.status_code, stale.json()["reason"]) == (409, "stale_proposal")
    blind = await post(console, "o-city-b", path, {"verb": "approve"})
    assert blind.status_code == 422
    assert blind.json()["errors"][0]["where"] == "body.level"
    assert console.kafka.sent == []


async def test_lifting_is_signed_as_none(console: ConsoleHarness) -> None:
    await console.project(
        [an_alert("a", state=AlertState.ISSUED, level=Level.ORANGE, proposed=None)]
    )
    path = f"/api/alerts/{an_alert('a').alert_id}/decisions"
    answer = await post(console, "o-city-b", path, {"verb": "approve", "level": None})
    assert answer.status_code == 202
    assert decoded(console)[0].level is None


@pytest.mark.parametrize(
    ("officer", "verb", "status", "reason"),
    [
        ("o-town-b", "approve", 403, "not_approver"),
        ("o-district-b", "reject", 403, "not_approver"),
        ("o-songji-b", "verify", 404, "unknown"),
        ("o-village-b", "dismiss", 404, "unknown"),
        ("o-city-b", "approve", 202, None),
        ("o-district-b", "assess", 202, None),
    ],
)
async def test_who_decides(
    console: ConsoleHarness, officer: str, verb: str, status: int, reason: str | None
) -> None:
    await console.project([an_alert("a")])
    path = f"/api/alerts/{an_alert('a').alert_id}/decisions"
    answer = await post(console, officer, path, {"verb": verb, "level": "orange"})
    assert (answer.status_code, answer.json().get("reason")) == (status, reason)


async def test_a_double_click_is_one_act_with_the_same_bytes(console: ConsoleHarness) -> None:
    command = a_command("c")
    assignment = an_assignment(command, VILLAGE)
    await console.project([command, assignment])
    path = f"/api/assignments/{assignment.assignment_id}/acknowledgements"
    answers = await asyncio.gather(
        *(post(console, "o-village-b", path, {"step": "sign"}) for _ in range(5))
    )
    repeated = await post(console, "o-village-b", path, {"step": "sign", "attempt": 1})
    assert {answer.status_code for answer in [*answers, repeated]} == {202}
    assert len({answer.json()["id"] for answer in [*answers, repeated]}) == 1
    assert repeated.json()["repeated"] is True
    assert len({record.value for record in console.kafka.sent}) == 1


async def test_another_report_under_the_same_act_is_a_conflict(console: ConsoleHarness) -> None:
    command = a_command("c")
    assignment = an_assignment(command, VILLAGE, AssignmentState.SIGNED)
    await console.project([command, assignment])
    path = f"/api/assignments/{assignment.assignment_id}/acknowledgements"
    first = await post(console, "o-village-b", path, {"step": "report", "text": "转移 35 人"})
    second = await post(console, "o-village-b", path, {"step": "report", "text": "转移 53 人"})
    retry = await post(
        console, "o-village-b", path, {"step": "report", "attempt": 2, "text": "转移 53 人"}
    )
    assert (first.status_code, second.status_code, retry.status_code) == (202, 409, 202)
    assert second.json()["reason"] == "act_conflict"


@pytest.mark.parametrize(
    ("officer", "unit", "step", "status"),
    [
        ("o-village-b", VILLAGE, "sign", 202),
        ("o-village-b", GRID, "sign", 202),
        ("o-town-b", VILLAGE, "sign", 403),
        ("o-town-b", GRID, "sign", 403),
        ("o-songji-b", VILLAGE, "sign", 404),
        ("o-village-b", ZHUTUO, "sign", 404),
        ("o-village-b", VILLAGE, "close", 403),
        ("o-city-b", VILLAGE, "close", 202),
        ("o-district-b", VILLAGE, "check", 403),
    ],
)
async def test_who_takes_which_step(
    console: ConsoleHarness, officer: str, unit: str, step: str, status: int
) -> None:
    command = a_command("c", issuer=CITY)
    assignment = an_assignment(command, unit)
    await console.project([command, assignment])
    path = f"/api/assignments/{assignment.assignment_id}/acknowledgements"
    answer = await post(console, officer, path, {"step": step})
    assert answer.status_code == status, answer.text
    if status == 202:
        (record,) = decoded(console)
        assert (record.unit, record.command_id) == (unit, command.command_id)
        assert console.kafka.sent[0].topic == ACKNOWLEDGEMENTS.name


async def test_returning_needs_a_reason(console: ConsoleHarness) -> None:
    command = a_command("c")
    assignment = an_assignment(command, VILLAGE)
    await console.project([command, assignment])
    path = f"/api/assignments/{assignment.assignment_id}/acknowledgements"
    bare = await post(console, "o-village-b", path, {"step": "return", "text": "  "})
    assert (bare.status_code, bare.json()["errors"][0]["where"]) == (422, "body.text")
    assert (
        await post(console, "o-village-b", path, {"step": "return", "text": "路断"})
    ).status_code == 202


async def test_answers_are_the_paged_officers_own(console: ConsoleHarness) -> None:
    page = a_page("o-town-b", ZHUTUO, status=Status.EXERCISE)
    await console.project([page])
    path = f"/api/pages/{page.page_id}/answers"
    assert (await post(console, "o-city-b", path, {"verb": "coming"})).status_code == 404
    for verb in ("delivered", "read", "coming"):
        assert (await post(console, "o-town-b", path, {"verb": verb})).status_code == 202
    result = decoded(console)
    assert [entry.verb for entry in result] == ["delivered", "read", "coming"]
    assert {item.status for item in result} == {Status.EXERCISE}
    assert {(record.topic, record.key) for record in console.kafka.sent} == {
        (PAGE_ANSWERS.name, b"o-town-b")
    }


def below(of: str, *tiers: str) -> dict[str, Any]:
    return {"include": [{"kind": "subtree", "of": of, "tiers": list(tiers)}]}


def listed(*units: str) -> dict[str, Any]:
    return {"include": [{"kind": "units", "units": list(units)}]}


ORDER = {
    "selection": below(ZHUTUO, "town", "village"),
    "event_type": "11A01",
    "level": "yellow",
    "title": "沿江巡查",
    "instruction": "每两小时一次",
}


async def previewed(console: ConsoleHarness, officer: str, selection: Any, **more: Any) -> Any:
    body = {"selection": selection, **more}
    return (await post(console, officer, "/api/commands/preview", body)).json()


async def test_a_free_command_and_its_preview(console: ConsoleHarness) -> None:
    previewed_command = await previewed(console, "o-town-b", ORDER["selection"])
    # The town itself issues: it gets no assignment of its own.
    assert (previewed_command["recipients"], previewed_command["by_tier"]) == (20, {"village": 20})
    assert (previewed_command["root"], previewed_command["root_name"]) == (ZHUTUO, "朱沱镇")
    assert console.kafka.sent == []
    key = {"idempotency-key": "draft-1"}
    stale = {**ORDER, "seen_digest": "0" * 64}
    wrong = await post(console, "o-town-b", "/api/commands", stale, headers=key)
    assert (wrong.status_code, wrong.json()["reason"]) == (409, "stale_preview")
    order = {**ORDER, "seen_digest": previewed_command["digest"]}
    completed = await post(console, "o-town-b", "/api/commands", order, headers=key)
    repeated = await post(console, "o-town-b", "/api/commands", order, headers=key)
    assert (completed.status_code, repeated.status_code) == (202, 202)
    assert completed.json()["command_id"] == repeated.json()["command_id"]
    assert completed.json()["recipients"] == 20
    changed = {**order, "title": "别的"}
    assert (
        await post(console, "o-town-b", "/api/commands", changed, headers=key)
    ).status_code == 409
    request = decoded(console)[0]
    assert (request.verb, request.areas, request.seen_digest) == (
        "issue",
        (ZHUTUO,),
        previewed_command["digest"],
    )
    assert request.selection.model_dump(mode="json", exclude_defaults=False)["include"] == [
        {"kind": "subtree", "of": ZHUTUO, "tiers": ["town", "village"]}
    ]
    assert console.kafka.sent[0].topic == COMMAND_REQUESTS.name


async def test_a_preview_says_which_desks_have_nobody(console: ConsoleHarness) -> None:
    directory = console.deps.directory
    for unit in (ZHUTUO, SONGJI):
        directory.apply(a_slot(unit, Post.B, f"o-{unit}"))
    directory.apply(a_slot(SONGJI, Post.B, None))
    previewed_command = await previewed(console, "o-district-b", listed(ZHUTUO, SONGJI, GRID))
    assert previewed_command["desks"] == {
        "total": 2,
        "staffed": 1,
        "unstaffed": [{"unit": SONGJI, "name": "松溉镇"}],
    }, "a grid is called through its village"


async def test_a_preview_lists_every_unit_once_page_by_page(console: ConsoleHarness) -> None:
    selection = {
        "include": [
            *below(DISTRICT, "town")["include"],
            {
                "kind": "departments",
                "of": DISTRICT,
                "tiers": ["district"],
                "departments": ["water"],
            },
            {"kind": "group", "group": "flood_task_force"},
        ],
        "exclude": [{"kind": "role", "of": DISTRICT, "roles": ["riverside"]}],
    }
    previewed_command = await previewed(console, "o-district-b", selection, limit=10)
    assert previewed_command["recipients"] == 23 - 2 + 8
    assert previewed_command["by_department"]["water"] == 1
    units = [unit["unit"] for unit in previewed_command["units"]]
    while previewed_command["next"]:
        previewed_command = await previewed(
            console, "o-district-b", selection, limit=10, after=previewed_command["next"]
        )
        units += [entry["unit"] for entry in previewed_command["units"]]
    assert units == sorted(set(units))
    assert len(units) == 29
    assert digest_of(units) == previewed_command["digest"]
    unaddressed = await previewed(console, "o-district-b", listed(DISTRICT))
    assert (unaddressed["recipients"], unaddressed["units"], unaddressed["next"]) == (0, [], None)


@pytest.mark.parametrize(
    ("officer", "change", "status", "reason"),
    [
        ("o-town-b", {"selection": below(SONGJI, "town")}, 403, "outside_subtree"),
        ("o-town-b", {"selection": below(DISTRICT, "district", "town")}, 403, "outside_subtree"),
        ("o-town-b", {"selection": listed(VILLAGE, SONGJI)}, 403, "outside_subtree"),
        (
            "o-town-b",
            {"selection": {"include": [{"kind": "group", "group": "flood_task_force"}]}},
            403,
            "outside_subtree",
        ),
        (
            "o-town-b",
            {"selection": {"include": [{"kind": "group", "group": "nobody"}]}},
            422,
            "unknown_units",
        ),
        ("o-town-b", {"selection": below("@town", "town")}, 422, "unknown_units"),
        ("o-town-b", {"selection": listed("500118118999")}, 422, "unknown_units"),
        ("o-village-b", {"selection": below(VILLAGE, "town")}, 422, "no_recipients"),
        ("o-town-b", {"selection": below(ZHUTUO)}, 422, "invalid"),
        ("o-town-b", {"selection": below(ZHUTUO, "moon")}, 422, "invalid"),
        ("o-town-b", {"selection": {"include": []}}, 422, "invalid"),
        ("o-town-b", {"selection": listed(*["500118118999"] * 2_001)}, 422, "invalid"),
        ("o-town-b", {"selection": None}, 422, "invalid"),
        ("o-town-b", {"selection": "all"}, 422, "invalid"),
        ("o-town-b", {"level": "purple"}, 422, "invalid"),
        ("o-town-b", {"title": ""}, 422, "invalid"),
        ("o-town-b", {"unknown": 1}, 422, "invalid"),
    ],
)
async def test_commands_that_cannot_be_sent(
    console: ConsoleHarness, officer: str, change: dict[str, Any], status: int, reason: str
) -> None:
    answer = await post(console, officer, "/api/commands", {**ORDER, **change})
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert answer.headers["content-type"] == "application/problem+json"
    if "selection" in change:
        preview = await post(
            console, officer, "/api/commands/preview", {"selection": change["selection"]}
        )
        assert preview.status_code == (200 if reason == "no_recipients" else status)


async def test_a_command_is_managed_by_its_issuer(console: ConsoleHarness) -> None:
    command = a_command("c", ZHUTUO, issuer=DISTRICT)
    await console.project([command])
    path = f"/api/commands/{command.command_id}"
    assert (await post(console, "o-town-b", f"{path}/revoke", {})).json()["reason"] == "not_issuer"
    assert (await post(console, "o-district-b", f"{path}/check", {"version": 1})).status_code == 202
    assert (await post(console, "o-city-b", f"{path}/revoke", None)).status_code == 202
    assert (await post(console, "o-city-b", f"{path}/explode", {})).status_code == 422
    assert [entry.verb for entry in decoded(console)] == ["check", "revoke"]


async def test_kafka_down_is_503_and_the_same_act_succeeds_later(console: ConsoleHarness) -> None:
    page = a_page("o-town-b", ZHUTUO)
    await console.project([page])
    path = f"/api/pages/{page.page_id}/answers"
    console.kafka.down = True
    down = await post(console, "o-town-b", path, {"verb": "coming"})
    assert (down.status_code, down.headers["retry-after"]) == (503, "2")
    assert down.headers["content-type"] == "application/problem+json"
    console.kafka.down = False
    up = await post(console, "o-town-b", path, {"verb": "coming"})
    assert up.status_code == 202
    assert len(decoded(console)) == 1


async def test_one_conflict_in_a_group_does_not_fail_its_neighbours(
    console: ConsoleHarness,
) -> None:
    command = a_command("c")
    units = [VILLAGE, GRID, f"{GRID}/01", f"{GRID}/02"]
    assignments = [an_assignment(command, unit, AssignmentState.SIGNED) for unit in units]
    await console.project([command, *assignments])
    path = "/api/assignments/{}/acknowledgements"
    first = path.format(assignments[0].assignment_id)
    assert (
        await post(console, "o-village-b", first, {"step": "report", "text": "一"})
    ).status_code == 202
    answers = await asyncio.gather(
        post(console, "o-village-b", first, {"step": "report", "text": "二"}),
        *(
            post(
                console,
                "o-village-b",
                path.format(assignment.assignment_id),
                {"step": "report", "text": "一"},
            )
            for assignment in assignments[1:]
        ),
    )
    assert [answer.status_code for answer in answers] == [409, 202, 202, 202]
    assert len({json.loads(record.body)["unit"] for record in console.kafka.sent}) == 4
