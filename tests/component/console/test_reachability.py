"""Reachability through the API: holders of posts, their channels, and tests as records."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx2

from shared.contracts.fields import Post, Status
from shared.contracts.ids import transition_id
from shared.contracts.pages import Channel, Officer, RosterSlot
from shared.contracts.reachability import ChannelReach, ContactTestRequest, Outcome, Reachability
from shared.contracts.refusals import RefusedFor
from shared.contracts.topics import CONTACT_TESTS
from shared.contracts.units import tier_of
from shared.domain.channel_health.score import updated_reach
from tests.support.console_events import DISTRICT, SONGJI, VILLAGE, ZHUTUO
from tests.support.console_harness import ConsoleHarness

NOW = datetime.now(UTC)
WAYS = (Channel.CONSOLE, Channel.SMS)


def a_slot(unit: str, post: Post, officer: str | None) -> RosterSlot:
    person = Officer(officer_id=officer, name="<b>李</b>", phone="13800000001") if officer else None
    return RosterSlot(
        id=f"slot-{unit}-{post}",
        occurred_at=NOW,
        sent_at=NOW,
        origin_unit=unit,
        tier=tier_of(unit),
        unit=unit,
        post=post,
        officer=person,
        channels=WAYS,
    )


def existing(officer: str, version: int = 1, **channels: tuple[Outcome, ...]) -> Reachability:
    """Return the outcomes of tests of an officer's channels, the oldest first."""
    channel_reaches: dict[str, ChannelReach] = {}
    for name, outcomes in channels.items():
        for outcome in outcomes:
            channel_reaches[name] = updated_reach(
                channel_reaches.get(name), Channel(name), outcome, NOW, test=True
            )
    return Reachability(
        id=transition_id(f"reach:{officer}", version),
        occurred_at=NOW,
        sent_at=NOW,
        origin_unit=ZHUTUO,
        tier=tier_of(ZHUTUO),
        officer_id=officer,
        version=version,
        channels=tuple(channel_reaches.values()),
    )


async def a_scene(console: ConsoleHarness) -> None:
    """Return posts of a town: B is reached, A has no working channel, the commander is vacant.

    Nothing is known of the village's posts.
    """
    for slot in (
        a_slot(ZHUTUO, Post.B, "li"),
        a_slot(ZHUTUO, Post.A, "ma"),
        a_slot(ZHUTUO, Post.COMMANDER, None),
        a_slot(VILLAGE, Post.B, "wu"),
        a_slot(SONGJI, Post.B, "xu"),
    ):
        console.deps.directory.apply(slot)
    dead = (Outcome.SILENT, Outcome.SILENT, Outcome.FAILED)
    await console.project(
        [
            existing("li", 2, console=(Outcome.ANSWERED,), sms=(Outcome.SILENT,)),
            existing("ma", console=dead, sms=dead),
        ]
    )
    await console.project([existing("li", 1, console=dead)])


async def ask(
    console: ConsoleHarness, officer: str, method: str, path: str, **more: Any
) -> httpx2.Response:
    async with console.client(officer) as client:
        return await client.request(method, path, **more)


async def view(console: ConsoleHarness, officer: str, query: str) -> Any:
    return (await ask(console, officer, "GET", f"/api/duty/reachability{query}")).json()


def posts(reachability: Any) -> list[tuple[str, str, str]]:
    return [(post["unit"], post["post"], post["reach"]) for post in reachability["posts"]]


async def test_the_board_says_who_is_on_and_how_he_is_reached(console: ConsoleHarness) -> None:
    await a_scene(console)
    result = await view(console, "o-town-b", "")
    assert posts(result) == [
        (ZHUTUO, "B", "reachable"),
        (ZHUTUO, "A", "unreachable"),
        (ZHUTUO, "commander", "empty"),
        (VILLAGE, "B", "unknown"),
    ]
    assert result["counts"] == {
        "reachable": 1, "doubtful": 0, "unknown": 1, "unreachable": 1, "empty": 1,
        "gaps": 2, "silent": 2,
    }  # fmt: skip
    li = result["posts"][0]
    assert (li["officer_id"], li["name"], li["phone"]) == ("li", "<b>李</b>", "13800000001")
    first, second = li["channels"]
    assert (first["channel"], first["zh"], first["en"]) == ("console", "控制台", "console")
    assert (first["score"], first["reach"], first["tested"]) == (0.75, "reachable", "answered")
    assert (second["score"], second["reach"], second["tested"]) == (0.3, "doubtful", "silent")
    assert (li["silent"], li["gap"]) == (["sms"], False)
    empty = result["posts"][3]["channels"][0]
    assert (empty["score"], empty["reach"], empty["tested_at"]) == (0.5, "unknown", None)


async def test_gaps_and_silent_ones_are_lists_of_their_own(console: ConsoleHarness) -> None:
    await a_scene(console)
    gaps = await view(console, "o-town-b", "?show=gaps")
    assert posts(gaps) == [(ZHUTUO, "A", "unreachable"), (ZHUTUO, "commander", "empty")]
    silent = await view(console, "o-town-b", "?show=silent")
    assert [post["officer_id"] for post in silent["posts"]] == ["li", "ma"]
    own = await view(console, "o-town-b", f"?unit={ZHUTUO}&below=false")
    assert {unit for unit, _, _ in posts(own)} == {ZHUTUO}


async def test_the_list_goes_on_where_it_ended(console: ConsoleHarness) -> None:
    await a_scene(console)
    first = await view(console, "o-town-b", "?limit=3")
    remainder = await view(console, "o-town-b", f"?limit=3&after={first['next']}")
    assert posts(first) + posts(remainder) == posts(await view(console, "o-town-b", ""))
    assert remainder["next"] is None


async def test_numbers_are_masked_and_strangers_see_nothing(console: ConsoleHarness) -> None:
    await a_scene(console)
    above = await view(console, "o-district-b", f"?unit={ZHUTUO}")
    assert (above["posts"][0]["name"], above["posts"][0]["phone"]) == ("<b>李</b>", None)
    for officer in ("o-songji-b", "o-village-b"):
        answer = await ask(console, officer, "GET", f"/api/duty/reachability?unit={ZHUTUO}")
        assert (answer.status_code, answer.json()["reason"]) == (403, RefusedFor.OUTSIDE_SUBTREE)


async def test_a_test_is_a_record_and_twice_within_the_hour_is_one(console: ConsoleHarness) -> None:
    await a_scene(console)
    body = {"unit": ZHUTUO, "officer_id": "ma"}
    first = await ask(console, "o-district-b", "POST", "/api/duty/tests", json=body)
    second = await ask(console, "o-district-b", "POST", "/api/duty/tests", json=body)
    assert first.status_code == second.status_code == 202
    test_requests: list[ContactTestRequest] = [
        CONTACT_TESTS.model.validate_json(outgoing.body) for outgoing in console.kafka.sent
    ]
    assert len({test_request.id for test_request in test_requests}) == 1 or NOW.minute == 59
    assert (test_requests[0].unit, test_requests[0].of, test_requests[0].status) == (
        ZHUTUO,
        "ma",
        Status.TEST,
    )
    assert (test_requests[0].officer_id, test_requests[0].origin_unit) == ("o-district-b", DISTRICT)


async def test_nobody_is_tested_from_below_or_who_is_not_on(console: ConsoleHarness) -> None:
    await a_scene(console)
    for officer, body, status in (
        ("o-village-b", {"unit": ZHUTUO}, 403),
        ("o-town-b", {"unit": ZHUTUO, "officer_id": "wu"}, 404),
        ("o-town-b", {"unit": ZHUTUO, "officer_id": "<script>"}, 422),
    ):
        answer = await ask(console, officer, "POST", "/api/duty/tests", json=body)
        assert answer.status_code == status
    assert console.kafka.sent == []
