"""The command line against a real server: tables, JSON, acts, refusals, an interrupted stream."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from deploy.commands.console import watch
from deploy.commands.console.api import Api
from deploy.commands.console.main import main
from deploy.commands.console.words import Words
from shared.contracts.fields import Language
from shared.contracts.topics import TOPICS
from shared.definitions.yaml_files.screen import Screen
from tests.support.console_duty_records import slots
from tests.support.console_events import (
    CITY,
    DISTRICT,
    HOSTILE_TEXT,
    NOW,
    SONGJI,
    VILLAGE,
    ZHUTUO,
    a_command,
    a_page,
    an_alert,
    an_assignment,
)
from tests.support.console_harness import ServedConsole, served_console, token_of
from tests.support.postgres import fresh_database

KINDS = "alerts alarms commands assignments pages gaps modes sensors reports supervision silences"


@pytest_asyncio.fixture
async def served() -> AsyncIterator[ServedConsole]:
    with fresh_database() as dsn:
        async with served_console(dsn) as shown_id:
            yield shown_id


async def call(
    served: ServedConsole, officer: str, *arguments: str, typed: str = "", lang: str = "en"
) -> int:
    """Return the exit code of a call."""
    environ = {
        "FENGHUO_CONSOLE_URL": served.url,
        "FENGHUO_TOKEN": token_of(officer),
        "LANG": f"{lang}.UTF-8",
    }
    return await asyncio.to_thread(main, arguments, environ, io.StringIO(typed))


def sent(served: ServedConsole) -> list[Any]:
    """Return the records that Kafka has."""
    return [
        TOPICS[outgoing.topic].model.validate_json(outgoing.body)
        for outgoing in served.console.kafka.sent
    ]


@pytest.mark.parametrize("kind", KINDS.split())
async def test_every_list_has_a_table_and_the_api_s_own_json(
    served: ServedConsole, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    alert, command = an_alert("a"), a_command("c", ZHUTUO)
    await served.console.project(
        [alert, command, an_assignment(command, ZHUTUO), a_page("o-town-b", ZHUTUO)]
    )
    assert await call(served, "o-town-b", "list", kind) == 0
    table = capsys.readouterr().out
    assert table.strip()
    assert await call(served, "o-town-b", "list", kind, "--json") == 0
    printed = capsys.readouterr().out
    assert isinstance(json.loads(printed), dict)
    if kind == "alerts":
        assert alert.alert_id in table
        async with served.console.client("o-town-b") as client:
            assert printed == (await client.get("/api/alerts")).text + "\n"


async def test_headings_and_values_speak_two_languages(
    served: ServedConsole, capsys: pytest.CaptureFixture[str]
) -> None:
    await served.console.project([an_alert("a")])
    await call(served, "o-town-b", "list", "alerts", lang="zh_CN")
    chinese = capsys.readouterr().out
    await call(served, "o-town-b", "list", "alerts", "--lang", "en", lang="zh_CN")
    english = capsys.readouterr().out
    assert "核实中" in chinese
    assert "状态" in chinese
    assert "verifying" in english
    assert "State" in english


async def test_anything_can_be_shown_by_its_id(
    served: ServedConsole, capsys: pytest.CaptureFixture[str]
) -> None:
    alert, command = an_alert("a"), a_command("c", ZHUTUO)
    assignment, page = an_assignment(command, ZHUTUO), a_page("o-town-b", ZHUTUO)
    await served.console.project([alert, command, assignment, page])
    for shown_id in (alert.alert_id, command.command_id, assignment.assignment_id, page.page_id):
        assert await call(served, "o-town-b", "show", shown_id) == 0
        assert shown_id in capsys.readouterr().out
        assert await call(served, "o-town-b", "show", shown_id, "--json") == 0
        assert shown_id in json.loads(capsys.readouterr().out).values()
    assert await call(served, "o-town-b", "show", alert.alert_id, "--timeline") == 0
    assert "alert" in capsys.readouterr().out
    assert await call(served, "o-songji-b", "show", page.page_id) == 1
    assert "No such page" in capsys.readouterr().err


async def test_text_from_outside_does_not_command_the_terminal(
    served: ServedConsole, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = HOSTILE_TEXT + "\x1b]0;owned\x07\x1b[2J\x9b31m\r[red]x[/red]"
    command = a_command("c", ZHUTUO)
    alert = an_alert("a", headline="\x1b[2J伪造\x9b" + "\x1b]52;c;AAAA\x07", text=hostile)
    page = a_page("o-town-b", ZHUTUO, text=hostile)
    await served.console.project(
        [alert, command, an_assignment(command, ZHUTUO, reason=hostile), page]
    )
    for words in (
        ("list", "alerts"),
        ("list", "assignments"),
        ("show", alert.alert_id),
        ("show", page.page_id),
        ("watch", "--after", "0", "--count", "1"),
    ):
        assert await call(served, "o-town-b", *words) == 0
        capture_result = capsys.readouterr()
        assert not set(capture_result.out + capture_result.err) & set("\x1b\x07\x9b\r\u202e\x00")
    assert await call(served, "o-town-b", "sign", "\x1b[2J") == 64
    assert "\x1b" not in capsys.readouterr().err


async def test_an_act_is_recorded_once_and_said_so(
    served: ServedConsole, capsys: pytest.CaptureFixture[str]
) -> None:
    command = a_command("c", ZHUTUO)
    assignment, page, alert = (
        an_assignment(command, ZHUTUO),
        a_page("o-town-b", ZHUTUO),
        an_alert("a"),
    )
    await served.console.project([command, assignment, page, alert])
    town = "o-town-b"
    assert await call(served, town, "sign", assignment.assignment_id, "--key", "k1") == 0
    assert await call(served, town, "return", assignment.assignment_id, "--text", "路断") == 0
    assert await call(served, town, "answer", page.page_id, "coming", "--text", "十分钟") == 0
    assert await call(served, town, "verify", alert.alert_id, "--reason", "现场") == 0
    steps = [getattr(entry, "step", None) or entry.verb for entry in sent(served)]
    assert steps == ["sign", "return", "coming", "verify"]
    capsys.readouterr()
    assert await call(served, town, "verify", alert.alert_id, "--reason", "现场", "--json") == 0
    assert json.loads(capsys.readouterr().out)["repeated"] is True


async def test_a_page_is_handed_to_a_named_person_and_a_matter_answered_as_a_whole(
    served: ServedConsole, capsys: pytest.CaptureFixture[str]
) -> None:
    town, page = "o-town-b", a_page("o-town-b", ZHUTUO)
    for slot in slots(NOW):
        served.console.deps.directory.apply(slot)
    await served.console.project([page])
    hand_over = ("answer", page.page_id, "hand_over", "--to")
    assert await call(served, town, *hand_over, "无此人") == 64
    assert "li (朱沱镇 李远)" in capsys.readouterr().err
    assert sent(served) == []
    assert await call(served, town, *hand_over, "李远", "--whole-matter") == 0
    assert [(answer.verb, answer.hand_to) for answer in sent(served)] == [("hand_over", "li")]
    promise = ("answer", page.page_id, "coming", "--minutes", "20")
    assert await call(served, town, *promise) == 0
    assert sent(served)[-1].arrive_by is not None


async def test_a_refusal_is_exit_code_1_with_title_and_detail(
    served: ServedConsole, capsys: pytest.CaptureFixture[str]
) -> None:
    command = a_command("c", ZHUTUO)
    assignment, alert = an_assignment(command, ZHUTUO), an_alert("a")
    await served.console.project([command, assignment, alert])
    assert await call(served, "o-district-b", "sign", assignment.assignment_id) == 1
    output_value = capsys.readouterr().err
    assert "Not allowed" in output_value
    assert "Only officers of the unit itself" in output_value
    assert await call(served, "o-town-b", "return", assignment.assignment_id) == 1
    assert "body.text: say why" in capsys.readouterr().err
    assert await call(served, "nobody", "whoami") == 1
    assert "Sign in first" in capsys.readouterr().err
    assert await call(served, "o-city-b", "approve", alert.alert_id) == 64  # names no level
    assert not sent(served)


async def test_the_check_before_going_live_is_in_the_own_language(
    served: ServedConsole, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await call(served, "o-town-b", "self-check", lang="zh_CN") == 0
    assert "还没有生效的规则" in capsys.readouterr().out
    assert await call(served, "o-city-b", "self-check", "--place", ZHUTUO) == 0
    output_value = capsys.readouterr().out
    assert "check before going live" in output_value
    assert "No rule is in force yet" in output_value
    assert await call(served, "o-city-b", "self-check", "--json") == 0
    assert json.loads(capsys.readouterr().out)["ready"] is False


async def test_a_command_shows_whom_it_reaches_and_wants_the_word(
    served: ServedConsole, capsys: pytest.CaptureFixture[str]
) -> None:
    order: tuple[str, ...] = (
        "issue",
        "--subtree",
        DISTRICT,
        "--tier",
        "town",
        "--title",
        "转移",
        "--level",
        "red",
    )
    order += ("--event-type", "11A01")
    assert await call(served, "o-district-b", *order, typed="yes\n") == 64
    capture_result = capsys.readouterr()
    assert "This reaches 23 units" in capture_result.out
    assert "issue 23" in capture_result.err
    assert not sent(served)
    drill = (*order, "--drill")
    assert (
        await call(served, "o-district-b", *drill, typed="issue 23\n") == 64
    )  # a drill's word differs
    assert "[DRILL]" in capsys.readouterr().out
    assert await call(served, "o-district-b", *drill, typed="drill 23\n") == 0
    assert await call(served, "o-district-b", *order, "--yes", "--json", "--key", "once") == 0
    first, second = sent(served)
    assert (first.status, second.status) == ("Exercise", "Actual")
    assert second.seen_digest
    capsys.readouterr()
    assert await call(served, "o-district-b", *order, "--yes", "--json", "--key", "once") == 0
    assert json.loads(capsys.readouterr().out)["command_id"] == second.command_id
    assert sent(served)[-1].id == second.id
    assert await call(served, "o-district-b", *order[:3], *order[5:]) == 64  # which tiers?


async def test_units_departments_and_groups_are_parts_of_one_selection(
    served: ServedConsole,
) -> None:
    units = ("--unit", ZHUTUO, "--unit", SONGJI, "--yes")
    words = ("issue", "--title", "t", "--level", "blue", "--event-type", "11A01")
    assert await call(served, "o-district-b", *words, *units) == 0
    (request,) = sent(served)
    (part,) = request.selection.include
    assert set(part.units) == {ZHUTUO, SONGJI}
    assert await call(served, "o-district-b", *words, "--group", "no_such", "--yes") == 1


async def test_what_cannot_be_reached_is_69_and_names_the_key(
    capsys: pytest.CaptureFixture[str],
) -> None:
    environ = {"FENGHUO_CONSOLE_URL": "http://127.0.0.1:1", "FENGHUO_TOKEN": "t"}
    assert await asyncio.to_thread(main, ["sign", "asg-1", "--key", "mine"], environ) == 69
    assert "--key mine" in capsys.readouterr().err


async def test_no_answer_from_kafka_is_69_and_the_same_key_does_it_later(
    served: ServedConsole, capsys: pytest.CaptureFixture[str]
) -> None:
    command = a_command("c", ZHUTUO)
    assignment = an_assignment(command, ZHUTUO)
    await served.console.project([command, assignment])
    served.console.kafka.down = True
    words = ("sign", assignment.assignment_id, "--key", "mine")
    assert await call(served, "o-town-b", *words) == 69
    assert "--key mine" in capsys.readouterr().err
    served.console.kafka.down = False
    assert await call(served, "o-town-b", *words) == 0
    assert len({entry.id for entry in sent(served)}) == 1


async def test_the_token_comes_from_a_file_of_its_owner_only(
    served: ServedConsole, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "token"
    path.write_text(token_of("o-town-b") + "\n")
    environ = {"FENGHUO_CONSOLE_URL": served.url, "FENGHUO_TOKEN_FILE": str(path), "LANG": "en"}
    path.chmod(0o644)
    assert await asyncio.to_thread(main, ["whoami"], environ) == 64
    assert "chmod 600" in capsys.readouterr().err
    path.chmod(0o600)
    assert await asyncio.to_thread(main, ["whoami"], environ) == 0
    assert "李远" in capsys.readouterr().out


async def test_watch_goes_on_behind_the_last_line_when_the_console_restarts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Lines from the time without a server are printed too, and no line twice."""
    with fresh_database() as dsn:
        async with AsyncExitStack() as first, AsyncExitStack() as second:
            served = await first.enter_async_context(served_console(dsn))
            url = httpx2.URL(served.url)
            pauses: list[float] = []
            loop = asyncio.get_running_loop()

            def sleep(seconds: float) -> None:
                pauses.append(seconds)
                asyncio.run_coroutine_threadsafe(asyncio.sleep(0.05), loop).result()

            api = Api(served.url, token_of("o-city-b"))
            watching = watch.Watch(
                api, Screen(as_json=True), Words(Language("en")), status=None, count=4, sleep=sleep
            )
            following = asyncio.create_task(asyncio.to_thread(watching.run, 0))
            await served.console.project([an_alert("one"), an_alert("two")])
            while capsys_lines(capsys, stored) < 2:
                await asyncio.sleep(0.05)
            await first.aclose()
            while len(pauses) < 3:
                await asyncio.sleep(0.02)
            assert url.port is not None
            repeated = await second.enter_async_context(served_console(dsn, url.port))
            await repeated.console.project([an_alert("three"), an_alert("four")])
            async with asyncio.timeout(20):
                await following
            api.close()
            capsys_lines(capsys, stored)
    lines = [json.loads(name) for name in "".join(stored).splitlines()]
    assert len({line["seq"] for line in lines}) == len(lines) == 4
    assert pauses[:3] == [1.0, 2.0, 4.0]


stored: list[str] = []


def capsys_lines(capsys: pytest.CaptureFixture[str], into: list[str]) -> int:
    into.append(capsys.readouterr().out)
    return "".join(into).count("\n")


async def test_a_line_of_the_stream_is_reported_in_words(
    served: ServedConsole, capsys: pytest.CaptureFixture[str]
) -> None:
    await served.console.project([an_alert("a"), a_page("o-village-b", VILLAGE)])
    assert await call(served, "o-city-b", "watch", "--after", "0", "--count", "1") == 0
    output = capsys.readouterr().out
    assert "朱沱镇" in output
    assert "alert" in output
    assert CITY not in output
