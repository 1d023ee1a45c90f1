"""The demo's people through an outage: they act on what they saw, and say what they left undone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from deploy.demo import unfinished
from deploy.demo.accepted_log import Ledger
from deploy.demo.actors import all_actors
from deploy.demo.city_watch import CityWatch
from deploy.demo.console_client import ConsoleClient
from deploy.demo.officers import WATCH, People
from deploy.local.seed import Login
from shared.contracts.fields import Status, Tier

Json = dict[str, Any]


VILLAGE = "500118118200"
SIGNED = "acknowledgements sign"
ANSWERED = "answers"


class FakeClient(ConsoleClient):
    """A console that answers as told; None: it cannot be reached now."""

    def __init__(self, folder: Path, listed: list[Json] | None) -> None:
        super().__init__("http://nobody", {}, Ledger(folder / "ledger.jsonl"))
        self._listed = listed
        self.acts: list[str] = []
        self.answers = asyncio.Event()
        """Set: the console has time for answers to pages."""

    async def get(self, officer: str, path: str, **query: str | int) -> Any:
        if path == "/api/pages":
            return {"pages": [{"page_id": "pag-1"}, {"page_id": "pag-2"}]}
        assert path == "/api/assignments"
        return None if self._listed is None else {"assignments": self._listed, "next": None}

    def has(self, officer: str) -> bool:
        return True

    async def act(self, officer: str, path: str, body: Json, key: str, **more: Any) -> Json | None:
        if path.endswith("/answers"):
            await self.answers.wait()
        self.acts.append(f"{path.rsplit('/', 1)[-1]} {body.get('step', '')}".strip())
        return {"id": key}


@pytest.mark.parametrize(
    ("returned", "acts"),
    [
        (None, []),
        ([], ["check", "close"]),
        ([{"assignment_id": "asg-1", "attempt": 1}], ["acknowledgements send_back"]),
    ],
)
async def test_a_command_is_closed_only_by_an_officer_who_saw_no_return(
    tmp_path: Path, returned: list[Json] | None, acts: list[str]
) -> None:
    client = FakeClient(tmp_path, returned)
    await People(client, CityWatch(), all_actors(), 1)._finish(_command())
    assert client.acts == acts


async def test_a_signature_does_not_wait_until_every_call_has_been_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, pause = FakeClient(tmp_path, []), asyncio.sleep
    monkeypatch.setattr("deploy.demo.officers.asyncio.sleep", lambda _seconds: pause(0))
    people = People(client, CityWatch(), all_actors(), 1)
    async with asyncio.timeout(5):
        await people._deal_with(_assignment())
    assert client.acts == [SIGNED, "acknowledgements report"]
    client.answers.set()
    await asyncio.gather(*people._tasks)
    assert client.acts[2:] == [ANSWERED, ANSWERED]
    await people._say_coming("o-500118118200-b", {"page_id": "pag-1"})
    assert len(client.acts) == 4, "what has been answered is not answered again"


def test_the_play_is_not_over_before_its_last_command_is_on_the_screen() -> None:
    watch = CityWatch(stays_open={"cmd-1"})
    assert watch.settled() is not None
    watch.apply_commands(Status.ACTUAL, [_command(total=3, reported=1)])
    assert watch.settled() == "0 alerts, 0 commands, 1 towns still open"
    watch.apply_commands(Status.ACTUAL, [_command(total=3, reported=2)])
    assert watch.settled() is None


async def test_a_call_that_waits_for_an_answer_is_moot_when_its_command_is_closed(
    tmp_path: Path,
) -> None:
    login = Login(WATCH, "-", "500000000000", "b", "t")
    client = ConsoleClient("http://127.0.0.1:9", {WATCH: login}, Ledger(tmp_path / "ledger.jsonl"))
    watch = CityWatch()
    people = People(client, watch, all_actors(), 1)
    assert not watch.is_past(None, "cmd-1"), "it is on nobody's screen yet"
    watch.apply_commands(Status.ACTUAL, [_command(total=3, reported=2)])
    assert not watch.is_past("alt-1", "cmd-1")
    watch.apply_commands(Status.ACTUAL, [])
    await people._say_coming(WATCH, {"page_id": "pag-1", "command_id": "cmd-1"})
    assert client.tried("pag-1") is None, "nothing was sent"
    assert client.refused == []
    await client.close()


def test_the_city_watch_counts_changes() -> None:
    watch = CityWatch()
    watch.apply_commands(Status.ACTUAL, [_command(total=3, reported=1)])
    assert watch.changes == 1
    watch.apply_commands(Status.ACTUAL, [_command(total=3, reported=1)])
    assert watch.changes == 1
    watch.apply_commands(Status.ACTUAL, [_command(total=3, reported=2)])
    watch.apply_commands(Status.ACTUAL, [])
    watch.apply_commands(Status.ACTUAL, [])
    assert watch.changes == 3


async def test_an_open_subject_is_named_with_the_last_act_on_it(tmp_path: Path) -> None:
    watch = CityWatch()
    watch.apply_commands(Status.ACTUAL, [_command(total=2, reported=1)])
    rows = [
        {"assignment_id": "asg-1", "unit": "500118107001", "attempt": 1, "state": "reported"},
        {"assignment_id": "asg-2", "unit": "500118107203", "attempt": 1, "state": "delivered"},
    ]
    client = FakeClient(tmp_path, rows)
    client._tried["asg-2"] = "o-500118107203-grid sign: 500"
    description = await unfinished.describe_unfinished("1 commands still open", watch, client)
    assert description.startswith(
        "1 commands still open; command cmd-1 to 500118000000 v4 awaiting_check"
    )
    assert (
        "asg-2 of 500118107203 attempt 1 delivered, last tried: o-500118107203-grid sign"
        in description
    )
    assert description.index("asg-2") < description.index("asg-1"), (
        "who is furthest behind comes first"
    )


async def test_the_result_of_an_act_is_remembered(tmp_path: Path) -> None:
    login = Login(WATCH, "-", "500000000000", "b", "t")
    client = ConsoleClient("http://127.0.0.1:9", {WATCH: login}, Ledger(tmp_path / "ledger.jsonl"))
    path = "/api/assignments/asg-1/acknowledgements"
    assert await client.act(WATCH, path, {"step": "sign"}, "k", timeout_s=0.01) is None
    assert client.tried("asg-1") == f"{WATCH} sign: ConnectError"
    assert client.tried("asg-2") is None
    await client.close()


def _assignment() -> Json:
    return {
        "assignment_id": "asg-1",
        "command_id": "cmd-1",
        "unit": VILLAGE,
        "unit_tier": Tier.VILLAGE,
        "status": Status.ACTUAL,
        "attempt": 1,
    }


def _command(total: int = 1, reported: int = 1) -> Json:
    return {
        "command_id": "cmd-1",
        "status": Status.ACTUAL,
        "root": "500118000000",
        "version": 4,
        "state": "awaiting_check",
        "totals": {"total": total, "signed": total, "reported": reported},
    }
