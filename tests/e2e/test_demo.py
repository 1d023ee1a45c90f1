"""The demo's small scale from end to end: exit code 0, every promise kept, nothing left running."""

from __future__ import annotations

import psutil
import pytest

from tests.support.demo import play

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka, pytest.mark.timeout(420)]


def test_the_small_demo_keeps_every_promise() -> None:
    run = play("--scale", "small")
    assert run.code == 0, run.why
    assert run.summary["checks"]
    assert all(run.summary["checks"].values()), run.why
    assert run.summary["lost"] == 0
    assert run.summary["duplicates_visible"] == 0
    assert run.summary["drill_leaks"] == 0
    assert run.summary["readings"] >= 20_000
    assert run.summary["drill"]["commands"] > 0
    for tier in ("district", "town", "village", "grid", "microgrid"):
        assert run.summary["assignments"][tier]["signed"] > 0
    root = run.tail.splitlines()[0]
    assert [one.pid for one in psutil.process_iter(["cmdline"]) if _mentions(one, root)] == []


def _mentions(process: psutil.Process, root: str) -> bool:
    return any(root in part for part in process.info["cmdline"] or ())
