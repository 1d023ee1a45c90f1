"""`fenghuo limits preview`: a draft by its id or a file, in both languages, and refusals."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from deploy.commands.limits.cli import FAILED, main
from deploy.local.limits import BASE
from shared.contracts.assignments import AssignmentState
from shared.runtime.errors import EXIT_USAGE
from tests.component.console.test_cli import served
from tests.component.console.test_grants import dsn_of
from tests.component.console.test_limits_previews import states
from tests.support.console_events import ZHUTUO
from tests.support.console_harness import ServedConsole, token_of
from tests.support.console_limits import AUTHOR, DRAFTS, STRANGER, administering, with_sign_s

__all__ = ["served"]


@pytest.fixture
async def drafted(served: ServedConsole) -> str:
    """Return the id of a draft with which a signature would have been late."""
    console = served.console
    await administering(console, dsn_of(console))
    await console.project(
        states(ZHUTUO, (AssignmentState.DELIVERED, 0), (AssignmentState.SIGNED, 4))
    )
    async with console.client(AUTHOR) as client:
        answer = await client.put(f"{DRAFTS}/lmd-1", json=with_sign_s(180))
    assert answer.status_code == 202, answer.text
    return "lmd-1"


async def call(
    served: ServedConsole, monkeypatch: pytest.MonkeyPatch, officer: str, *arguments: str
) -> int:
    monkeypatch.setenv("FENGHUO_CONSOLE_URL", served.url)
    monkeypatch.setenv("FENGHUO_TOKEN", token_of(officer))
    return await asyncio.to_thread(main, ["preview", *arguments])


@pytest.mark.parametrize(
    ("lang", "title", "level"),
    [("zh_CN", "变为超期", "橙色"), ("en_US", "would be missed", "orange")],
)
async def test_a_draft_is_previewed_by_its_id(
    served: ServedConsole,
    drafted: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    lang: str,
    title: str,
    level: str,
) -> None:
    monkeypatch.setenv("LC_ALL", f"{lang}.UTF-8")
    assert await call(served, monkeypatch, AUTHOR, drafted, "--days", "10") == 0
    text = capsys.readouterr().out
    assert title in text
    assert level in text
    assert "朱沱镇" in text


async def test_a_file_is_previewed_without_a_draft(
    served: ServedConsole,
    drafted: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    assert drafted
    text = BASE.read_text(encoding="utf-8").split("# Limits of upward reports")[0]
    file = tmp_path / "district.yaml"
    file.write_text(
        text.replace("  version: 1\n", '  version: 1\n  unit: "500118000000"\n').replace(
            "within_s: 600,", "within_s: 120,"
        ),
        encoding="utf-8",
    )
    assert await call(served, monkeypatch, AUTHOR, str(file), "--json") == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert answer["total"]["newly_late"] == 1
    assert answer["complete"] is True
    assert await call(served, monkeypatch, AUTHOR, str(BASE)) == EXIT_USAGE
    assert "2 documents" in capsys.readouterr().err


async def test_a_refusal_is_a_sentence_and_its_exit_code(
    served: ServedConsole,
    drafted: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert await call(served, monkeypatch, STRANGER, drafted) == FAILED
    assert "Not allowed" in capsys.readouterr().err
    assert await call(served, monkeypatch, AUTHOR, "lmd-none") == FAILED
    assert "No such draft" in capsys.readouterr().err
