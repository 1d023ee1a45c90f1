"""Drafts of commands: own, stored by the service, gone with the issue."""

from __future__ import annotations

from typing import Any

from services.console.features.commands.draft_queries import MOST
from tests.support.console_events import DISTRICT, ZHUTUO
from tests.support.console_harness import ConsoleHarness

SELECTION = {"include": [{"kind": "subtree", "of": ZHUTUO, "tiers": ["village"]}]}
GROUP = {"include": [{"kind": "group", "group": "flood_task_force"}]}
DRAFT: dict[str, Any] = {
    "title": "沿江巡查",
    "selection": SELECTION,
    "assist": GROUP,
    "sign_by": "2030-01-01T00:00:00Z",
    "status": "Actual",
}
ADDRESS = "/api/command-drafts"


async def test_a_draft_is_there_for_its_officer_alone_and_tells_nobody(
    console: ConsoleHarness,
) -> None:
    async with console.client("o-district-b") as client:
        assert (await client.put(f"{ADDRESS}/dft-1", json=DRAFT)).status_code == 200
        changed = {**DRAFT, "level": "yellow"}
        assert (await client.put(f"{ADDRESS}/dft-1", json=changed)).status_code == 200
    async with console.client("o-district-b") as other_device:
        (draft,) = (await other_device.get(ADDRESS)).json()["drafts"]
    assert (draft["title"], draft["level"]) == ("沿江巡查", "yellow")
    assert draft["selection"]["include"] == SELECTION["include"]
    assert draft["names"][ZHUTUO] == "朱沱镇"
    assert draft["names"]["flood_task_force"] != "flood_task_force"
    assert console.kafka.sent == []
    for stranger in ("o-city-b", "o-town-b"):
        async with console.client(stranger) as client:
            assert (await client.get(ADDRESS)).json()["drafts"] == []
            assert (await client.delete(f"{ADDRESS}/dft-1")).status_code == 404
            # The same id is a draft of their own.
            own = {"title": "别人的"}
            assert (await client.put(f"{ADDRESS}/dft-1", json=own)).status_code == 200
    async with console.client("o-district-b") as client:
        (draft,) = (await client.get(ADDRESS)).json()["drafts"]
        assert draft["title"] == "沿江巡查"


async def test_the_issue_deletes_the_draft_and_a_refused_one_keeps_it(
    console: ConsoleHarness,
) -> None:
    order = {"selection": SELECTION, "event_type": "11A01", "level": "yellow", "title": "巡查"}
    async with console.client("o-district-b") as client:
        for name in ("dft-1", "dft-2"):
            await client.put(f"{ADDRESS}/{name}", json=DRAFT)
        refused = {**order, "seen_digest": "0" * 64, "draft_id": "dft-1"}
        assert (await client.post("/api/commands", json=refused)).status_code == 409
        assert len((await client.get(ADDRESS)).json()["drafts"]) == 2
        issued = await client.post("/api/commands", json={**order, "draft_id": "dft-1"})
        assert issued.status_code == 202, issued.text
        (draft,) = (await client.get(ADDRESS)).json()["drafts"]
        assert draft["draft_id"] == "dft-2"
        assert (await client.delete(f"{ADDRESS}/dft-2")).status_code == 200
        assert (await client.delete(f"{ADDRESS}/dft-2")).status_code == 404
        assert (await client.get(ADDRESS)).json()["drafts"] == []


async def test_drafts_are_bounded_and_only_for_those_who_command(console: ConsoleHarness) -> None:
    async with console.client("o-district-b") as client:
        for number in range(MOST):
            answer = await client.put(f"{ADDRESS}/dft-{number}", json={"title": DISTRICT})
            assert answer.status_code == 200
        more = await client.put(f"{ADDRESS}/dft-more", json={"title": "x"})
        assert (more.status_code, more.json()["reason"]) == (409, "too_many_drafts")
        assert (await client.put(f"{ADDRESS}/dft-0", json={"title": "y"})).status_code == 200
        wrong = await client.put(f"{ADDRESS}/dft-1", json={"selection": {"include": []}})
        assert wrong.status_code == 422
