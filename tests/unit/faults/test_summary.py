"""The summary of a run has every figure that a reader of it expects."""

from __future__ import annotations

import json
from pathlib import Path

from tests.faults.suite.__main__ import summary_of
from tests.faults.suite.round import Options, Round
from tests.faults.summary_file import write_hostile, write_suite

FIGURES = """
kills hostile_inputs lost duplicates_visible phantoms order_breaks early missed hostile_unaccounted
crashes http_5xx recovery_p99_s seeds load
"""


def played(seed: int, **figures: int) -> Round:
    """Return a round with these figures."""
    result = Round(Options(seed, 1.0), Path())
    result.summary = {**figures, "failpoints": [f"m:f:{seed}:before"]}
    result.recoveries = [1.0, 3.0]
    return result


def test_every_figure_is_there_and_rounds_add_up(tmp_path: Path) -> None:
    rounds = [played(7, kills=20, lost=1), played(8, kills=10)]
    summary = write_suite(tmp_path / "summary.json", summary_of(rounds))
    assert set(FIGURES.split()) <= summary.keys()
    assert (summary["kills"], summary["lost"], summary["seeds"]) == (30, 1, [7, 8])
    assert summary["failpoints"] == 2
    assert summary["upper_bound_per_kill"] == 0.1
    assert summary["recovery_p99_s"] == 3.0


HOSTILE = {"hostile_inputs": 100_000, "hostile_unaccounted": 2, "crashes": 1, "http_5xx": 4}


def test_no_run_resets_the_figures_of_the_other_suite(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    write_hostile(path, HOSTILE)
    write_suite(path, summary_of([played(7, kills=9, crashes=2)]))
    for _ in range(2):  # a second run replaces its own figures and adds nothing to them
        summary = write_suite(path, summary_of([played(7, kills=1, crashes=3)]))
        assert (summary["hostile_inputs"], summary["hostile_unaccounted"]) == (100_000, 2)
        assert (summary["kills"], summary["crashes"], summary["http_5xx"]) == (1, 4, 4)
        summary = write_hostile(path, HOSTILE | {"http_5xx": 0})
        assert (summary["kills"], summary["crashes"], summary["http_5xx"]) == (1, 4, 0)
        write_hostile(path, HOSTILE)
    assert summary["seeds"] == [7]
    assert json.loads(path.read_text())["suite"] == {"crashes": 3, "http_5xx": 0}
