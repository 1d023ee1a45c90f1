"""Statements of the benchmark about its own figures: wrong rows never become ratios."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console

from tests.bench import keys, report
from tests.bench.__main__ import _rows
from tests.bench.city import slope, steady
from tests.bench.figures import Row, Run, between, differs
from tests.bench.log import name_of
from tests.bench.plan import ROWS, Plan
from tests.bench.sampling import Mark

FACTS = {"broker": "apache-kafka 4.3.1", "cores": 2, "readings": 1_500_000, "quick": False}


def a_run(rate: float, wrong: str = "") -> Run:
    return Run(rate, 1e6 / rate, 100.0, 1_000_000, 1_000_000 / rate, wrong=wrong)


def rows(**wrong: str) -> dict[str, Row]:
    rates = {"fetch": 600_000, "raw": 500_000, "scoring": 400_000, "bytewax": 100_000}
    return {
        name: Row(name, name, [a_run(rate), a_run(rate * 1.1, wrong.get(name, "")), a_run(rate)])
        for name, rate in rates.items()
    }


def printed(document: dict[str, Any], facts: dict[str, Any] | None = None) -> str:
    console = Console(width=220)
    with console.capture() as capture:
        console.print(report.table(facts or FACTS, document))
    return capture.get()


def document(measured: dict[str, Row], why: dict[str, str] | None = None) -> dict[str, Any]:
    result = report.keys_as_json(keys.values(measured, {}), measured, why or {})
    return report.document(FACTS, result, measured, {})


def test_ratios_are_medians_divided() -> None:
    result = document(rows())["keys"]
    assert result["ratio_raw"]["value"] == pytest.approx(0.8)
    assert result["ratio_raw"]["met"] is True
    assert result["ratio_bytewax"]["value"] == pytest.approx(4)
    assert result["us_decode"]["value"] == pytest.approx(2.0 - 1e6 / 600_000)


def test_one_wrong_run_invalidates_its_row_visibly() -> None:
    measured = rows(bytewax="6,820 of 6,822 transitions")
    result = document(measured)
    assert result["keys"]["ratio_bytewax"]["value"] is None
    assert "6,820 of 6,822" in result["keys"]["ratio_bytewax"]["why"]
    assert result["keys"]["ratio_raw"]["value"] is not None
    assert not result["rows"]["bytewax"]["valid"]
    assert len(result["rows"]["bytewax"]["runs"]) == 3
    assert "INVALID: 6,820 of 6,822" in printed(result)


def test_our_own_wrong_run_leaves_no_ratio_at_all() -> None:
    result = document(rows(scoring="1 of 2 transitions"))["keys"]
    assert result["ratio_raw"]["value"] is None
    assert result["ratio_raw"]["why"] == "scoring: 1 of 2 transitions"


def test_an_unavailable_peer_gives_the_reason() -> None:
    measured = rows()
    measured["kafka_streams"] = Row("kafka_streams", "streams", why="no Java here")
    result = document(measured, {"us_score": "not split up"})
    assert result["keys"]["ratio_kafka_streams"]["why"] == "kafka_streams: no Java here"
    assert result["keys"]["us_score"]["why"] == "not split up"
    assert result["keys"]["restore_100k_s"]["why"] == "restore: not measured in this run"
    assert "no Java here" in printed(result)


def test_the_aim_of_latency_follows_from_the_floor() -> None:
    measured = {
        "latency": {
            "floor": {"p50_ms": 3.0, "p99_ms": 5.0},
            "alarm": {"p50_ms": 4.9, "p99_ms": 10.1},
        }
    }
    result = report.keys_as_json(keys.values({}, measured), {}, {})
    assert result["latency_p50_ms"]["met"] is True
    assert result["latency_p99_ms"]["met"] is False


def test_a_quick_run_is_marked_as_quick() -> None:
    assert report.QUICK in printed(document(rows()), {**FACTS, "quick": True})


def test_a_quick_run_judges_nothing() -> None:
    measured = rows()
    result = report.keys_as_json(keys.values(measured, {}), measured, {}, quick=True)
    assert result["ratio_raw"]["value"] is not None
    assert result["ratio_raw"]["met"] is None


def test_every_key_has_a_row_and_appears() -> None:
    assert {key.row for key in keys.KEYS} <= set(ROWS)
    assert set(document({})["keys"]) == {key.name for key in keys.KEYS}


def test_transitions_must_be_the_same_rule_by_rule() -> None:
    assert differs({"t1 raise": 2, "t1 clear": 1}, {"t1 raise": 2, "t1 clear": 1}) == ""
    assert differs({"t1 raise": 1, "t2 raise": 1}, {"t1 raise": 2}) == (
        "2 of 2 transitions (t1 raise 1 of 2, t2 raise 1 of 0)"
    )


def test_a_span_with_little_of_the_work_does_not_count() -> None:
    assert not between(Mark(10, 0.0, 0.0), Mark(100, 1.0, 0.5), 1.0).wrong
    assert between(Mark(90, 0.0, 0.0), Mark(100, 1.0, 0.5), 1.0).wrong


def test_our_alarms_and_a_peers_results_are_counted_by_the_same_names() -> None:
    assert name_of(b'{"rule_id": "t1.rainfall", "transition": "raised"}') == "t1 raise"
    assert name_of(b'{"rule_id": "t1.rainfall", "transition": "revised"}') == "t1 revised"
    assert name_of(b'{"rule": "t1", "state": "raise", "sensor_id": "x"}') == "t1 raise"


def test_lag_is_judged_over_the_second_half() -> None:
    lags = [9_000, 5_000, 100, 200, 300]
    samples = [(5.0 * turn, 1_000 * turn, lag) for turn, lag in enumerate(lags)]
    assert slope(samples) == pytest.approx(20)
    assert steady(samples) == pytest.approx(200)


def test_rows_are_chosen_by_name() -> None:
    assert _rows("scoring,raw", ROWS) == ("raw", "scoring")
    assert _rows("", ROWS) == ROWS
    with pytest.raises(SystemExit, match="unknown rows: nothing"):
        _rows("nothing", ROWS)
    quick = Plan.make(("raw",), quick=True, repetitions=5, city_minutes=10)
    assert quick.quick
    assert quick.repetitions == 1
