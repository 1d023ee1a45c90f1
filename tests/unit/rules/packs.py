"""Packs as text, with one place to change: for tests of everything that reads packs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from shared.contracts.catalog import SensorEntry
from shared.contracts.rules import RuleDefinition
from shared.definitions.rules.pack import RULES, RulePack, load

NOW = datetime(2026, 7, 1, tzinfo=UTC)
RUNGS = [
    {"level": "yellow", "raise_at": 180.5, "clear_at": 180.4, "source": "test"},
    {"level": "orange", "raise_at": 183.5, "clear_at": 183.4, "source": "test"},
]
HEAD: dict[str, Any] = {
    "rule_id": "flood-x",
    "name_zh": "洪水",
    "name_en": "Flood",
    "event_type": "11A01",
    "sensor_kind": "river_gauge",
    "metric": "water_level",
    "unit": "m",
    "datum": "吴淞",
    "source": "test",
}


def fields(body: dict[str, Any] | None = None, **change: Any) -> dict[str, Any]:
    """A good threshold rule as plain data; a field set to ... is left out."""
    results = {**HEAD, "body": body or {"kind": "threshold", "rungs": RUNGS}, **change}
    return {name: value for name, value in results.items() if value is not ...}


def rungs(*steps: tuple[str, float, float]) -> list[dict[str, Any]]:
    """(level, raise_at, clear_at) ..."""
    return [
        {"level": level, "raise_at": up, "clear_at": down, "source": "test"}
        for level, up, down in steps
    ]


def rule(body: dict[str, Any] | None = None, **change: Any) -> RuleDefinition:
    return RULES.message(fields(body, **change), NOW)


def composite(when: dict[str, Any], rule_id: str = "both", **change: Any) -> dict[str, Any]:
    several = dict.fromkeys(("sensor_kind", "metric", "unit", "datum"), ...)
    body = {"kind": "composite", "scope": "site", "when": when, "level": "red", **change}
    return fields(body, rule_id=rule_id, **several)


def corroboration(rule_id: str = "many", **change: Any) -> dict[str, Any]:
    several = dict.fromkeys(("sensor_kind", "metric", "unit", "datum"), ...)
    body = {
        "kind": "corroboration",
        "sources": [{"source": "sensor", "trust": 0.6}, {"source": "hotline", "trust": 0.4}],
        "need": 1.0,
        "kinds": 2,
        "window_s": 3600,
        "level": "orange",
        **change,
    }
    return fields(body, rule_id=rule_id, **several)


def sensor(sensor_id: str = "g", **change: Any) -> SensorEntry:
    fields: dict[str, Any] = {
        "sensor_kind": "river_gauge",
        "name": "朱沱",
        "place": "500118118000",
        "metric": "water_level",
        "unit": "m",
        "datum": "吴淞",
        "interval_s": 3600.0,
        **change,
    }
    return SensorEntry(sensor_id=sensor_id, **fields)


def write(folder: Path, *rules: dict[str, Any], name: str = "a.yaml") -> Path:
    """Rules as a file of a pack; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    apart = json.loads(json.dumps(rules))  # what is shared would become an anchor
    text = yaml.safe_dump(apart, allow_unicode=True, sort_keys=False, width=1000)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def read(folder: Path, *sensors: SensorEntry, catalogued: bool = False) -> RulePack:
    catalog = {sensor.sensor_id: sensor for sensor in sensors}
    return load([folder], NOW, catalog if sensors or catalogued else None)
