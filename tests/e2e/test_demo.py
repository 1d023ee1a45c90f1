"""The demo's small scale end to end: promises are kept, visitors are welcome, the end is quiet."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import urllib.error
import urllib.request
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from deploy.local.paths import Paths, temporary_root
from shared.contracts.topics import SENSOR_HEALTH
from tests.support.demo import LIMIT_S, Playing, Run, playing
from tests.support.kafka import read_all

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka, pytest.mark.timeout(LIMIT_S + 60)]

AFTERWARDS = 8
"""Readings that are sent after the scenario before the visitor leaves."""
_LINK = re.compile(r"https?://\S+/login\S*", re.IGNORECASE)
_MID_SCENARIO = re.compile(r"^  2020-08-(?:18 1[2-9]|18 2|19|20)", re.MULTILINE)
MADE_BY_UP = "the token that make up has generated"


def test_the_small_demo_keeps_every_promise_beside_a_visitor_and_stays_calm() -> None:
    root = temporary_root("demo")
    secrets = Paths(root).secrets
    secrets.mkdir(parents=True)
    (secrets / "source-local").write_text(MADE_BY_UP)
    with playing("--scale", "small", root=root) as demo:
        demo.until(lambda: _MID_SCENARIO.search(demo.text), "the middle of the scenario")
        links = _links(demo.text)
        assert len(links) == 4, "links stand on the screen before the scenario's first step"
        assert sum("next=%2Fm" in link for link in links) == 2
        assert "make link" in demo.text
        refused = _first_reading(root)
        demo.until((root / "demo" / "summary.json").exists, "the verdict")
        summary = json.loads((root / "demo" / "summary.json").read_text(encoding="utf-8"))
        demo.until(lambda: len(_links(demo.text)) == 8, "links at the end of the scenario")
        demo.until(lambda: _sent_afterwards(root) >= AFTERWARDS, "readings after the scenario")
        silent = asyncio.run(_silent(_endpoints(root)["kafka_bootstrap"]))
        assert (secrets / "accounts.json").is_symlink()
        assert "counting again" not in demo.text.rsplit("until Ctrl-C", 1)[1], (
            "nothing is under way"
        )
        run = demo.ended(signal.SIGINT)
        _every_promise(run, summary)
        status, problem = refused
        assert status == 422, problem
        assert "its clock shows 2020-08-" in problem["detail"]
        assert sum(silent.values()) <= 2, f"sensors have turned silent: {silent}"
        _a_short_verdict(demo)
        assert [
            process.pid for process in psutil.process_iter(["cmdline"]) if _mentions(process, root)
        ] == []
        assert not (root / "run" / "endpoints.json").exists()
        assert not (secrets / "accounts.json").is_symlink()
        assert (secrets / "source-local").read_text() == MADE_BY_UP


def _every_promise(run: Run, summary: dict[str, Any]) -> None:
    assert run.code == 0, run.why
    assert summary == run.summary
    assert summary["checks"]
    assert all(summary["checks"].values()), run.why
    assert summary["lost"] == 0
    assert summary["duplicates_visible"] == 0
    assert summary["drill_leaks"] == 0
    assert summary["asyncapi_records"] > summary["readings"]
    assert summary["asyncapi_invalid"] == 0
    assert summary["readings"] >= 20_000
    assert summary["drill"]["commands"] > 0
    for tier in ("district", "town", "village", "grid", "microgrid"):
        assert summary["assignments"][tier]["signed"] > 0


def _a_short_verdict(demo: Playing) -> None:
    verdict = demo.text.split("Verdict: ", 1)[1].split("The console is open", 1)[0].strip()
    assert len(verdict.splitlines()) <= 10, verdict
    assert max(map(len, verdict.splitlines())) <= 200, verdict
    assert str(demo.root / "demo" / "summary.json") in verdict


def _first_reading(root: Path) -> tuple[int, dict[str, Any]]:
    """The README's first reading, stamped now: ingest's answer during the scenario."""
    body = {
        "id": "my-first-1",
        "sensor_id": "gauge-zhutuo",
        "metric": "water_level",
        "value": 204.2,
        "unit": "m",
        "occurred_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    token = (Paths(root).secrets / "source-local").read_text().strip()
    request = urllib.request.Request(
        f"{_endpoints(root)['ingest_url']}/v1/readings",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, {}
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def _endpoints(root: Path) -> dict[str, Any]:
    results: dict[str, Any] = json.loads((root / "run" / "endpoints.json").read_text())
    return results


def _links(text: str) -> list[str]:
    return _LINK.findall(text)


def _sent_afterwards(root: Path) -> int:
    return (root / "demo" / "ledger.jsonl").read_text(encoding="utf-8").count(":after-")


async def _silent(bootstrap: str) -> Counter[str]:
    """Count for each sensor the events that it turned silent."""
    records = [
        SENSOR_HEALTH.model.validate_json(encoded.value)
        for encoded in await read_all(bootstrap, SENSOR_HEALTH)
    ]
    return Counter(record.sensor_id for record in records if record.state == "silent")


def _mentions(process: psutil.Process, root: Path) -> bool:
    return any(str(root) in part for part in process.info["cmdline"] or ())
