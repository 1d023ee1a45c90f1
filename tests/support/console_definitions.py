"""Trials of rules for a console without Kafka."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.contracts.catalog import SensorEntry
from shared.definitions.yaml_files.items import PackFile

OUTCOME_OF_CASES: dict[str, Any] = {
    "passed": 1,
    "failed": 0,
    "untried": ["flood.my-gauge", "another"],
    "several_sources": [],
    "cases": [
        {
            "file": "rules.test.yaml",
            "line": 1,
            "case": "above the level",
            "passed": True,
            "wrong": [],
            "diff": ["=       0m  flood.my-gauge  g  raised orange   wanted 0m .. 1m"],
        }
    ],
}
_COUNTS = {"same": 1, "moved": 0, "added": 2, "removed": 0}
OUTCOME_OF_READINGS: dict[str, Any] = {
    "total": _COUNTS,
    "readings": 1_418,
    "since": 1_790_000_000.0,
    "until": 1_790_021_600.0,
    "notes": ["flood.my-gauge is new: there is nothing it replaces"],
    "by_rule": {"flood.my-gauge": {"same": 1, "added": 2}},
    "by_day": {"2026-09-22": {"same": 1, "added": 2}},
    "changes": [
        {
            "sort": "added",
            "rule": "flood.my-gauge",
            "sensor": "gauge-zhutuo",
            "before": None,
            "after": {"began": 1_790_003_600.0, "ended": None, "level": "orange"},
            "moved_by": "",
        }
    ],
}


@dataclass
class TrialStandIn:
    """Stands in for the program that tries rules."""

    outcome: dict[str, Any] = field(default_factory=lambda: OUTCOME_OF_CASES)
    files: list[PackFile] = field(default_factory=list)
    error: Exception | None = None

    async def test(self, files: Sequence[PackFile], sensors: Sequence[SensorEntry]) -> Any:
        del sensors
        return self._answer(files)

    async def backtest(self, rules: PackFile, since: str) -> Any:
        del since
        return self._answer([rules])

    def _answer(self, files: Sequence[PackFile]) -> Any:
        self.files = list(files)
        if self.error is not None:
            raise self.error
        return self.outcome
