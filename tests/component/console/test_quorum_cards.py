"""A page that several officers have to answer: how many have, who, and who is still asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shared.contracts.fields import Post
from shared.contracts.pages import AnswerVerb
from tests.component.console.test_alert_acts import read
from tests.support.console_events import DISTRICT, NOW, ZHUTUO, a_page
from tests.support.console_harness import ConsoleHarness
from tests.support.console_quorum import answer_to, crew_pages, crew_slots


async def quorum_of(console: ConsoleHarness, officer: str, page_id: str) -> Any:
    listed = await read(console, officer, "/api/pages", by_matter=1)
    alone = await read(console, officer, f"/api/pages/{page_id}")
    (card,) = (page for page in listed["pages"] if page["page_id"] == page_id)
    assert card["quorum"] == alone["quorum"]
    return card["quorum"]


def named(officers: list[dict[str, Any]]) -> list[tuple[str | None, str]]:
    return [(officer["officer_name"], officer["post"]) for officer in officers]


async def test_a_card_tells_how_many_have_answered_and_who_is_still_asked(
    console: ConsoleHarness,
) -> None:
    for slot in crew_slots(NOW):
        console.deps.directory.apply(slot)
    pages = crew_pages(NOW)
    own = pages[Post.B]
    await console.project([*pages.values(), answer_to(pages[Post.A], NOW)])
    quorum = await quorum_of(console, "o-town-b", own.page_id)
    assert (quorum["needed"], quorum["count"]) == (3, 1)
    assert named(quorum["answered"]) == [("郑明", "A")]
    assert sorted(named(quorum["waiting"]), key=str) == [("冯涛", "commander"), ("李远", "B")]
    assert [officer["own"] for officer in quorum["waiting"]].count(True) == 1

    at = NOW + timedelta(minutes=1)
    await console.project([answer_to(pages[Post.COMMANDER], at, AnswerVerb.CANNOT)])
    quorum = await quorum_of(console, "o-town-b", own.page_id)
    assert (quorum["needed"], quorum["count"]) == (3, 1)
    assert named(quorum["waiting"]) == [("李远", "B")]


async def test_an_officer_of_a_unit_above_stands_without_a_name(console: ConsoleHarness) -> None:
    for slot in crew_slots(NOW):
        console.deps.directory.apply(slot)
    pages = crew_pages(NOW, (Post.A, Post.COMMANDER))
    above = a_page("o-district-b", DISTRICT, name="crew", rung=1, at=NOW + timedelta(minutes=3))
    above = above.model_copy(update={"escalation_id": "lad-crew", "quorum": pages[Post.B].quorum})
    await console.project([*pages.values(), above, answer_to(above, above.sent_at)])
    quorum = await quorum_of(console, "o-town-b", pages[Post.B].page_id)
    assert (quorum["needed"], quorum["count"]) == (2, 1)
    assert [officer["unit_name"] for officer in quorum["answered"]] == ["永川区"]
    assert named(quorum["answered"]) == [(None, "B")]
    seen_from_above = await quorum_of(console, "o-district-b", above.page_id)
    assert ("冯涛", "commander") in named(seen_from_above["waiting"])


async def test_calls_that_go_on_above_still_need_the_officers_of_the_first_unit(
    console: ConsoleHarness,
) -> None:
    for slot in crew_slots(NOW):
        console.deps.directory.apply(slot)
    above = a_page("o-district-b", DISTRICT, name="crew", rung=1).model_copy(
        update={"escalation_id": "lad-above", "start_unit": ZHUTUO, "quorum": "all"}
    )
    await console.project([above, answer_to(above, above.sent_at)])
    quorum = await quorum_of(console, "o-district-b", above.page_id)
    assert (quorum["needed"], quorum["count"]) == (3, 1)


async def test_a_call_of_one_answer_and_another_call_have_no_part_in_it(
    console: ConsoleHarness,
) -> None:
    pages = crew_pages(NOW)
    alone = a_page("o-town-b", pages[Post.B].unit, name="alone")
    stranger = a_page("o-town-c", pages[Post.B].unit, name="other").model_copy(
        update={"escalation_id": "lad-other", "quorum": 2}
    )
    await console.project([*pages.values(), alone, stranger, answer_to(stranger, NOW)])
    assert await quorum_of(console, "o-town-b", alone.page_id) is None
    assert (await quorum_of(console, "o-town-b", pages[Post.B].page_id))["count"] == 0
