"""The soak: a bulk load that is counted by batch, and processes that no fault strikes."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest

from tests.faults.suite.checker.judgement import judge
from tests.faults.suite.nemeses.schedule import NEMESES, strikes
from tests.faults.suite.soak import BulkCount, second_processes
from tests.unit.faults.healthy_run import RunFiles

PROCESSES = ["ingest", "ingest-1", "notify", "notify-1"]


def test_a_batch_has_each_reading_once_however_often_it_was_written(tmp_path: Path) -> None:
    count = BulkCount()
    for number in (0, 1, 1):
        assert count.add(f"local:flt-bulk-2-7:{number}-sensor")
    assert not count.add("local:flt-g0-1-sensor")
    count.write(tmp_path / "bulk.jsonl")
    line = json.loads((tmp_path / "bulk.jsonl").read_text())
    assert (line["key"], line["count"], line["copies"]) == ("flt-bulk-2-7", 2, 1)


@pytest.mark.parametrize(
    ("phase", "count", "kinds"),
    [
        ("ok", 3, []),
        ("ok", 2, ["bulk_not_on_topic"]),
        ("unknown", 2, []),
        ("failed", 3, ["bulk_was_refused"]),
        ("", 3, ["bulk_without_request"]),
    ],
)
def test_an_accepted_batch_is_whole_on_its_topic(phase: str, count: int, kinds: list[str]) -> None:
    files = RunFiles().evidence
    if phase:
        files.history = [
            {"at": 1.0, "kind": "bulk", "key": "flt-bulk-0-1", "phase": name, "count": 3}
            for name in ("invoked", phase)
        ]
    files.bulk = [{"key": "flt-bulk-0-1", "count": count}]
    assert [violation.kind for violation in judge(files)] == kinds


def test_the_first_process_of_each_service_is_never_struck() -> None:
    assert second_processes(PROCESSES) == ["ingest-1", "notify-1"]


def test_a_long_strike_is_shortened() -> None:
    assert {strike.seconds for strike in islice(strikes(1, ["kafka_away"], PROCESSES), 3)} == {600}
    drawn = islice(strikes(1, ["freeze_long", "kafka_kill"], PROCESSES, 9.0), 20)
    assert {strike.seconds for strike in drawn} == {0.0, 9.0}


def test_every_nemesis_draws_a_strike_of_its_own_name() -> None:
    for name in NEMESES:
        [strike] = islice(strikes(1, [name], PROCESSES), 1)
        assert strike.nemesis == name
