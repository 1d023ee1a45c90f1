"""The packs of this repository: no error against its own catalogue, and every case holds."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from deploy.commands.rules.catalog import read_file
from deploy.commands.rules.trial import try_case
from deploy.example import catalog, rules
from deploy.example.sensors import all_sensors
from shared.contracts.rules import BaselineRule
from shared.definitions.rules.cases import load_cases
from shared.definitions.rules.pack import load

NOW = datetime(2026, 7, 1, tzinfo=UTC)
SENSORS = {sensor.sensor_id: sensor for sensor in all_sensors()}


def test_no_rule_and_no_case_has_an_error() -> None:
    pack = load([rules.FOLDER], NOW, SENSORS)
    assert [str(error) for error in pack.errors] == []
    usable = {definition.rule_id: definition for definition in pack.definitions}
    cases, wrong = load_cases([rules.FOLDER], usable, pack.ids, SENSORS)
    assert [str(finding) for finding in wrong] == []
    failed = [
        result
        for result in (try_case(case, usable, SENSORS) for case in cases)
        if not result.passed
    ]
    assert failed == []


def test_the_limits_of_every_shipped_baseline_are_as_measured() -> None:
    bodies = [definition.body for definition in load([rules.FOLDER], NOW, SENSORS).definitions]
    limits = [body.rungs for body in bodies if isinstance(body, BaselineRule)]
    assert limits
    assert {(rung.raise_at, rung.clear_at) for rungs in limits for rung in rungs} == {(0.5, 0.4)}


def test_the_local_stack_is_seeded_with_the_shipped_plans() -> None:
    pack = load([rules.FOLDER], NOW, SENSORS)
    assert [definition.rule_id for definition in rules.definitions(NOW)] == [
        definition.rule_id for definition in pack.definitions
    ]
    assert len(rules.packs()) == len(pack.rules)
    assert {path.parent for path in rules.files()} == {rules.FOLDER}


def test_the_catalogue_for_checks_is_the_stack_s(tmp_path: Path) -> None:
    file = tmp_path / "var" / "catalog.jsonl"
    catalog.write(file, SENSORS.values())
    assert read_file(file) == SENSORS
