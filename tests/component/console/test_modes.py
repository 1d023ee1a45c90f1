"""Response modes through the console: modes in force, previews, acts recorded or refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from shared.contracts.fields import Post, ResponseMode, Status
from shared.contracts.ids import mode_id, transition_id
from shared.contracts.modes import ModeProposal, ModeSignature, ProposalState, ResponseModeEvent
from shared.contracts.topics import MODE_REQUESTS, TOPICS
from shared.contracts.units import tier_of
from tests.support.console_events import CITY, DISTRICT, NOW, SONGJI, VILLAGE, ZHUTUO
from tests.support.console_harness import ConsoleHarness, hours_ahead

EMERGENCY, STANDBY, NORMAL = ResponseMode.EMERGENCY, ResponseMode.STANDBY, ResponseMode.NORMAL
TOMORROW = NOW + timedelta(days=1)


def a_mode(
    unit: str, mode: ResponseMode, version: int = 1, status: Status = Status.ACTUAL
) -> ResponseModeEvent:
    return ResponseModeEvent(
        id=transition_id(mode_id(status, unit), version),
        status=status,
        occurred_at=NOW,
        sent_at=NOW,
        origin_unit=unit,
        tier=tier_of(unit),
        unit=unit,
        version=version,
        mode=mode,
        title="转入急时状态",
        decided_by=("b", "a"),
        until=TOMORROW,
    )


def a_proposal(
    unit: str = ZHUTUO,
    state: ProposalState = ProposalState.HALF_APPROVED,
    version: int = 1,
    signers: tuple[str, ...] = ("o-town-b",),
) -> ModeProposal:
    return ModeProposal(
        id=transition_id("mod-1", version),
        occurred_at=NOW,
        sent_at=NOW,
        origin_unit=unit,
        tier=tier_of(unit),
        proposal_id="mod-1",
        version=version,
        state=state,
        unit=unit,
        mode=EMERGENCY,
        title="朱沱镇 转入急时状态",
        until=TOMORROW,
        decide_by=NOW + timedelta(hours=2),
        proposed_by=signers[0],
        signatures=tuple(
            ModeSignature(officer_id=signer, unit=unit, post=Post.B, signed_at=NOW)
            for signer in signers
        ),
        next_posts=(Post.A, Post.COMMANDER),
    )


async def get(console: ConsoleHarness, officer: str, path: str, **query: Any) -> httpx2.Response:
    async with console.client(officer) as client:
        return await client.get(path, params=query)


async def post(
    console: ConsoleHarness, officer: str, path: str, body: Any, **more: Any
) -> httpx2.Response:
    async with console.client(officer) as client:
        return await client.post(path, json=body, **more)


def proposed(**change: Any) -> dict[str, Any]:
    body = {"unit": ZHUTUO, "mode": "standby", "until": hours_ahead(24), "reason": "水位"}
    return {**body, **change}


async def test_a_unit_sees_what_holds_for_it_and_whose_decision_it_is(
    console: ConsoleHarness,
) -> None:
    await console.project(
        [
            a_mode(DISTRICT, EMERGENCY, 3),
            a_mode(DISTRICT, STANDBY, 2),
            a_mode(SONGJI, STANDBY),
            a_mode(CITY, EMERGENCY, status=Status.EXERCISE),
        ]
    )
    town = (await get(console, "o-town-b", "/api/modes")).json()
    assert (town["unit"], town["mode"], town["version"]) == (ZHUTUO, "emergency", 3)
    assert (town["decided_at"], town["decided_at_name"], town["own"]) == (
        DISTRICT,
        "永川区",
        "normal",
    )
    assert town["below"] == []
    district = (await get(console, "o-district-b", "/api/modes")).json()
    below = [(unit["unit"], unit["own"], unit["mode"]) for unit in district["below"]]
    assert below == [(SONGJI, "standby", "emergency")]
    city = (await get(console, "o-city-b", "/api/modes")).json()
    assert (city["mode"], city["version"], city["decided_at"]) == ("normal", 0, None)
    drill = (await get(console, "o-town-b", "/api/modes", status="Exercise")).json()
    assert (drill["mode"], drill["decided_at"]) == ("emergency", CITY)
    outside = await get(console, "o-town-b", "/api/modes", unit=SONGJI)
    assert (outside.status_code, outside.json()["reason"]) == (403, "outside_subtree")


async def test_a_preview_says_in_both_languages_what_would_change(console: ConsoleHarness) -> None:
    await console.project([a_mode(DISTRICT, STANDBY)])
    path = "/api/modes/preview"
    stricter = (await get(console, "o-town-b", path, unit=ZHUTUO, mode="emergency")).json()
    assert (stricter["from"], stricter["to"], stricter["inherited"]) == (
        "standby",
        "emergency",
        "standby",
    )
    assert stricter["zh"].startswith("朱沱镇及下级由临战转入急时：签收、办结时限为平时的50%")
    assert "首呼B岗、A岗，另用短信、消息网关" in stricter["zh"]
    assert "from standby to emergency: deadlines 50% of normal" in stricter["en"]
    looser = (await get(console, "o-town-b", path, unit=ZHUTUO, mode="recovery")).json()
    assert (looser["from"], looser["to"]) == ("standby", "standby")
    assert looser["en"].endswith("stay in it.")
    assert console.kafka.sent == []


async def test_a_proposal_is_a_record_keyed_by_its_unit_and_a_repeat_is_the_same(
    console: ConsoleHarness,
) -> None:
    answers = [await post(console, "o-town-b", "/api/modes/proposals", proposed()) for _ in "ab"]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert [answer.json()["repeated"] for answer in answers] == [False, True]
    assert answers[0].json()["preview"]["to"] == "standby"
    records = [outgoing for outgoing in console.kafka.sent if outgoing.topic == MODE_REQUESTS.name]
    assert {record.key for record in records} == {ZHUTUO.encode()}
    request = TOPICS[MODE_REQUESTS.name].model.validate_json(records[0].body)
    assert (request.verb, request.mode, request.until) == (
        "propose",
        STANDBY,
        datetime.fromisoformat(hours_ahead(24)),
    )
    assert (request.officer_id, request.post, request.origin_unit) == ("o-town-b", Post.B, ZHUTUO)
    assert request.proposal_id == answers[0].json()["proposal_id"]


@pytest.mark.parametrize(
    ("officer", "change", "status", "reason"),
    [
        ("o-village-b", {}, 403, "not_decider"),
        ("o-songji-b", {}, 403, "not_decider"),
        ("o-district-b", {}, 202, None),
        ("o-town-b", {"mode": "recovery"}, 422, "looser_than_inherited"),
        ("o-town-b", {"mode": "normal"}, 422, "invalid"),
        ("o-town-b", {"until": "2026-11-25T00:00:00"}, 422, "invalid"),
        ("o-town-b", {"unit": "nowhere"}, 422, "invalid"),
        ("o-town-b", {"until": hours_ahead(-1)}, 422, "bad_period"),
        ("o-town-b", {"until": hours_ahead(30 * 24 + 1)}, 422, "bad_period"),
    ],
)
async def test_who_may_propose_what(
    console: ConsoleHarness, officer: str, change: dict[str, Any], status: int, reason: str | None
) -> None:
    await console.project([a_mode(DISTRICT, STANDBY)])
    answer = await post(console, officer, "/api/modes/proposals", proposed(**change))
    assert (answer.status_code, answer.json().get("reason")) == (status, reason)
    assert len(console.kafka.sent) == (1 if status == 202 else 0)


@pytest.mark.parametrize(
    ("officer", "verb", "state", "version", "status", "reason"),
    [
        ("o-city-a", "approve", ProposalState.HALF_APPROVED, 1, 202, None),
        ("o-city-b", "approve", ProposalState.HALF_APPROVED, 1, 403, "wrong_post"),
        ("o-town-b", "approve", ProposalState.HALF_APPROVED, 1, 403, "signed_already"),
        ("o-songji-b", "approve", ProposalState.HALF_APPROVED, 1, 404, "unknown"),
        ("o-city-a", "approve", ProposalState.HALF_APPROVED, 9, 409, "stale_mode"),
        ("o-city-a", "approve", ProposalState.DECIDED, 1, 409, "stale_mode"),
        ("o-town-b", "reject", ProposalState.HALF_APPROVED, 1, 202, None),
        ("o-district-b", "reject", ProposalState.HALF_APPROVED, 1, 403, "wrong_post"),
        ("o-city-a", "end", ProposalState.DECIDED, 1, 202, None),
        ("o-town-b", "end", ProposalState.DECIDED, 1, 403, "wrong_post"),
        ("o-city-a", "end", ProposalState.HALF_APPROVED, 1, 409, "stale_mode"),
    ],
)
async def test_who_may_judge_a_proposal(
    console: ConsoleHarness,
    officer: str,
    verb: str,
    state: ProposalState,
    version: int,
    status: int,
    reason: str | None,
) -> None:
    await console.project([a_proposal(state=state)])
    path = f"/api/modes/proposals/mod-1/{verb}"
    answer = await post(console, officer, path, {"version": version})
    assert (answer.status_code, answer.json().get("reason")) == (status, reason), answer.text
    if status == 202:
        (record,) = console.kafka.sent
        request = TOPICS[record.topic].model.validate_json(record.body)
        assert (request.verb, request.proposal_id, request.unit) == (verb, "mod-1", ZHUTUO)
        assert request.references == (transition_id("mod-1", 1),)


async def test_open_proposals_come_with_what_one_may_do_and_what_it_changes(
    console: ConsoleHarness,
) -> None:
    await console.project([a_proposal(version=2), a_proposal(version=1)])
    for officer, may in (("o-city-a", ["approve", "reject"]), ("o-town-b", ["reject"])):
        (result,) = (await get(console, officer, "/api/modes")).json()["proposals"]
        assert (result["proposal_id"], result["version"], result["may"]) == ("mod-1", 2, may)
        assert result["next_posts"] == ["A", "commander"]
        assert result["preview"]["to"] == "emergency"
    await console.project([a_proposal(state=ProposalState.REJECTED, version=3)])
    assert (await get(console, "o-city-a", "/api/modes")).json()["proposals"] == []
    songji = (await get(console, "o-songji-b", "/api/modes")).json()
    assert songji["proposals"] == []


async def test_a_decision_above_is_a_line_for_everybody_below_and_nobody_beside(
    console: ConsoleHarness,
) -> None:
    await console.project([a_mode(ZHUTUO, EMERGENCY), a_proposal()])
    lines = {}
    for officer in ("o-village-b", "o-town-b", "o-city-b", "o-songji-b"):
        answer = await get(console, officer, "/api/feed")
        assert answer.status_code == 200
        lines[officer] = [
            (line["subject_id"], line["state"])
            for line in answer.json()["lines"]
            if line["kind"] == "mode"
        ]
    assert lines["o-songji-b"] == []
    expected = {(mode_id("Actual", ZHUTUO), "in_force"), ("mod-1", "half_approved")}
    for officer in ("o-village-b", "o-town-b", "o-city-b"):
        assert set(lines[officer]) == expected
    assert VILLAGE.startswith(ZHUTUO[:9])
