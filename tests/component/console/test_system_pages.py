"""Pages about faults of the system itself: in the officer's list, never among events."""

from __future__ import annotations

from shared.contracts.pages import SubjectKind
from tests.component.console.test_many import read
from tests.support.console_events import ZHUTUO, a_page
from tests.support.console_harness import ConsoleHarness


async def test_faults_of_the_system_are_listed_apart_and_counted_nowhere(
    console: ConsoleHarness,
) -> None:
    event = a_page("o-town-b", ZHUTUO, name="event")
    fault = a_page("o-town-b", ZHUTUO, name="fault", subject=SubjectKind.FAULT)
    digest = a_page("o-town-b", ZHUTUO, name="digest", subject=SubjectKind.FAULT_DIGEST)
    await console.project([event, fault, digest])
    system_ids = {fault.page_id, digest.page_id}
    every_id = {event.page_id, *system_ids}
    cases: tuple[tuple[dict[str, int], set[str]], ...] = (
        ({}, every_id),
        ({"system": 1}, system_ids),
        ({"system": 0}, {event.page_id}),
    )
    for query, expected in cases:
        answer = await read(console, "o-town-b", "/api/pages", **query)
        assert {page["page_id"] for page in answer["pages"]} == expected
        assert answer["waiting"] == len(expected)
    assert (await read(console, "o-town-b", "/api/overview"))["pages_open"] == 1
    for officer in ("o-town-b", "o-city-b"):
        lines = (await read(console, officer, "/api/feed"))["lines"]
        assert {line["subject_id"] for line in lines} == {event.page_id}
    facts = await console.deps.database.pool.fetch("SELECT thread FROM console.case_fact")
    assert {row["thread"] for row in facts} == {event.alert_id}
