"""Trials of rules run the real program of operators, one at a time."""

from __future__ import annotations

import asyncio
import sys

import pytest

from services.console.features.definitions.trials import (
    ProcessTrials,
    TrialBusy,
    TrialRefused,
)
from services.console.web.openapi_contents import EXAMPLES
from shared.definitions.yaml_files.items import PackFile
from shared.runtime.errors import EXIT_UNAVAILABLE, EXIT_USAGE, Transient

RULE = EXAMPLES["post", "/api/definitions/test"]["text"]
CASES = EXAMPLES["post", "/api/definitions/test"]["cases"]
FILES = [
    PackFile("rules.yaml", RULE.encode()),
    PackFile("rules.test.yaml", CASES.encode()),
]


def program(code: str) -> ProcessTrials:
    return ProcessTrials("127.0.0.1:1", (sys.executable, "-c", code))


async def test_the_cases_go_through_the_engine() -> None:
    outcome = await ProcessTrials("127.0.0.1:1").test(FILES, [])
    assert (outcome["passed"], outcome["failed"]) == (1, 0)
    lower = CASES.replace("212.4", "211.9").encode()
    files = [FILES[0], PackFile("rules.test.yaml", lower)]
    outcome = await ProcessTrials("127.0.0.1:1").test(files, [])
    assert (outcome["passed"], outcome["failed"]) == (0, 1)
    assert outcome["cases"][0]["diff"], "the difference is told"


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        (f"import sys; sys.stderr.write('fenghuo: no sensors'); sys.exit({EXIT_USAGE})",
         TrialRefused, "^no sensors$"),
        (f"import sys; sys.exit({EXIT_UNAVAILABLE})", Transient, "the log"),
        ("import sys; sys.exit(-9)", TrialRefused, "the program failed"),
    ],
)  # fmt: skip
async def test_a_program_that_fails_says_why(code: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        await program(code).backtest(FILES[0], "2026-12-03T00:00:00+00:00")


async def test_one_trial_runs_at_a_time_and_a_failure_frees_the_next() -> None:
    trials = program("import sys; sys.stdin.read(); print('{}')")
    first = asyncio.create_task(trials.test(FILES, []))
    await asyncio.sleep(0)
    with pytest.raises(TrialBusy):
        await trials.test(FILES, [])
    assert await first == {}
    assert await trials.test(FILES, []) == {}
