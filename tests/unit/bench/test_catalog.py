"""Statements of the ledger's benchmark about its own figures and its planted errors."""

from __future__ import annotations

from typing import Any

from shared.domain.catalog_files.plans import plan_import
from shared.domain.catalog_files.problems import WARNINGS, ProblemCode
from shared.domain.catalog_files.tables import read_table
from tests.bench.catalog import keys
from tests.bench.catalog.ledger_files import ERRORS, PLANTED, planted, units
from tests.bench.keys import judged

ISSUE = {"import_100k_sensors_s", "import_bad_rows_told", "merge_effective_s"}


def test_every_key_of_the_issue_is_there_and_judged() -> None:
    measured: dict[str, dict[str, Any]] = {
        "import": {"slowest_s": 59.0, "csv": {"seconds": 20.0}},
        "bad_rows": {"named": PLANTED - 1, "good_named": 0},
    }
    result = judged(keys.KEYS, keys.PATHS, measured, {"merge": "no Kafka"}, quick=False)
    assert result.keys() >= ISSUE
    assert result["import_100k_sensors_s"] == {"value": 59.0, "aim": "<= 60", "met": True}
    assert result["import_bad_rows_told"]["met"] is False
    assert result["import_good_rows_named"]["met"] is True
    assert result["merge_effective_s"]["why"] == "no Kafka"


def test_every_planted_error_is_an_error_of_its_row_and_no_good_row_is() -> None:
    content, expected = planted(PLANTED * 3)
    ledger = {f"unit:{unit.unit}": unit for unit in units()}
    plan = plan_import(read_table(content, "sensors.csv"), ledger)
    assert len(expected) == PLANTED
    assert {code for code, _ in expected.values()} == {*ERRORS, "invalid_value"}
    assert not {ProblemCode(code) for code, _ in expected.values()} & WARNINGS
    errors = {problem.place.row: (problem.code.value, problem.column) for problem in plan.errors}
    assert errors == expected
