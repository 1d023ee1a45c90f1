"""Output of the demo: a verdict in ten lines, and a line in every silence."""

from __future__ import annotations

import time
from typing import Any

import pytest

from deploy.demo.screen import Screen, verdict


def _summary(holding: int, failed: int) -> dict[str, Any]:
    checks = {f"a_check_with_a_long_name_{n}": n >= failed for n in range(holding + failed)}
    counts = dict.fromkeys(("readings", "reports", "commands", "pages"), 1_234)
    return {
        "checks": checks,
        "reasons": {name: "asg-1 " * 300 for name, holds in checks.items() if not holds},
        "faults": [{"victim": "kafka", "away_s": 21.5}, {"victim": "command", "away_s": 3.0}],
        "scenario_s": 98.7,
        "broker": "apache-kafka",
        "lost": 0,
        "duplicates_visible": 0,
        "drill_leaks": 0,
        "asyncapi_records": 43_210,
        "asyncapi_invalid": 0,
        **counts,
    }


@pytest.mark.parametrize(("holding", "failed"), [(23, 0), (22, 1), (0, 23), (11, 12)])
def test_the_verdict_is_ten_lines_at_most_and_names_no_id(holding: int, failed: int) -> None:
    lines = verdict(_summary(holding, failed), "var/demo/summary.json")
    text = "\n".join(lines).strip()
    assert len(text.splitlines()) <= 10
    assert max(map(len, text.splitlines())) <= 160
    assert f"{holding} of {holding + failed} checks hold, {failed} fail" in text
    assert ("FAILED" in text) == bool(failed)
    assert "var/demo/summary.json" in text
    assert "asg-" not in text
    assert "kafka 21.5 s" in text


def test_a_long_silence_is_broken_by_the_current_step(capsys: pytest.CaptureFixture[str]) -> None:
    screen, output = Screen(silent_s=0.05), ""
    screen.show_step("counting again")
    with screen.never_silent():
        deadline = time.monotonic() + 60
        while output.count("counting again") < 2:
            assert time.monotonic() < deadline, output
            time.sleep(0.01)
            output += capsys.readouterr().out
    assert "  counting again (0 s)" in output
