"""Catalogue and rules of the benchmark as messages of our contract."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from shared.contracts.catalog import CatalogEntry, SensorEntry
from shared.contracts.rules import RuleDefinition
from shared.runtime.outbound_records import encode
from tests.bench.payload import SENSOR_KINDS, TOWN, UNITS
from tests.bench.reference import HOLD, KINDS, MIN_WINDOW, PARAMETERS, WINDOW_MS, sensor_id

Record = tuple[bytes, bytes]
"""Key and value."""
_SENT = "2026-01-01T00:00:00Z"
_ENVELOPE: dict[str, Any] = {
    "occurred_at": _SENT,
    "sent_at": _SENT,
    "origin_unit": "500118000000",
    "tier": "district",
}


def _rungs(limits: tuple[float, float], level: str) -> list[dict[str, Any]]:
    raise_at, clear_at = limits
    return [{"level": level, "raise_at": raise_at, "clear_at": clear_at, "source": "benchmark"}]


def rule(name: str, metric: str, body: dict[str, Any]) -> RuleDefinition:
    """A rule over one metric; `name` is the name in the reference scorer."""
    fields = {
        **_ENVELOPE,
        "id": f"rule-{name}-{metric}",
        "rule_id": f"{name}.{metric}",
        "version": 1,
        "name_zh": f"{metric} {name}",
        "name_en": f"{metric} {name}",
        "event_type": "11A01",
        "sensor_kind": SENSOR_KINDS[metric],
        "metric": metric,
        "unit": UNITS[metric],
        "source": "benchmark",
        "body": body,
    }
    return RuleDefinition.model_validate_json(json.dumps(fields))


def reference_rules() -> list[RuleDefinition]:
    """The four rules of the reference workload for each of its kinds."""
    results = []
    for metric in KINDS:
        kind = PARAMETERS[metric]
        for name, limits, level in (("t1", kind.level1, "yellow"), ("t2", kind.level2, "red")):
            body = {"kind": "threshold", "count": HOLD, "rungs": _rungs(limits, level)}
            results.append(rule(name, metric, body))
        mean = {
            "kind": "window",
            "aggregate": "mean",
            "window_s": WINDOW_MS / 1000,
            "min_count": MIN_WINDOW,
            "rungs": _rungs(kind.mean, "orange"),
        }
        results.append(rule("mean", metric, mean))
        rate = {"kind": "rate", "direction": "above", "rungs": _rungs(kind.rate, "blue")}
        results.append(rule("roc", metric, rate))
    return results


def threshold_rules() -> list[RuleDefinition]:
    """One level for each kind of the reference: the smallest state of a sensor."""
    return [
        rule("t1", metric, {"kind": "threshold", "rungs": _rungs(PARAMETERS[metric].level1, "red")})
        for metric in KINDS
    ]


def rain_rules() -> list[RuleDefinition]:
    """Rain sums over 1, 3, 6, 12 and 24 hours: the largest state that a usual rule keeps."""
    return [
        rule(
            f"sum{hours}h",
            "rainfall",
            {
                "kind": "window",
                "aggregate": "sum",
                "window_s": hours * 3600,
                "rungs": _rungs((40.0 + 5 * hours, 30.0 + 4 * hours), "orange"),
            },
        )
        for hours in (1, 3, 6, 12, 24)
    ]


def sensor(name: str, metric: str, interval_s: float) -> SensorEntry:
    """A catalogued sensor."""
    return SensorEntry(
        sensor_id=name,
        sensor_kind=SENSOR_KINDS[metric],
        name=name,
        place=TOWN,
        metric=metric,
        unit=UNITS[metric],
        interval_s=interval_s,
        synthetic=True,
    )


def entry(sensor_entry: SensorEntry) -> CatalogEntry:
    """The catalogue's message for it."""
    fields = {
        **_ENVELOPE,
        "id": f"cat-{sensor_entry.sensor_id}",
        "entry": sensor_entry.model_dump(mode="json"),
    }
    return CatalogEntry.model_validate_json(json.dumps(fields))


def catalog(names: Iterable[tuple[str, str]], interval_s: float) -> Iterator[Record]:
    """Catalogue records for (sensor id, metric), by template: there may be a million."""
    mark = "SENSOR"
    templates: dict[str, str] = {}
    for name, metric in names:
        template = templates.get(metric)
        if template is None:
            template = encode(entry(sensor(mark, metric, interval_s))).decode()
            templates[metric] = template
        yield f"sensor:{name}".encode(), template.replace(mark, name).encode()


def numbered(count: int) -> Iterator[tuple[str, str]]:
    """(sensor id, metric) of sensors named as in the reference workload."""
    return ((sensor_id(number), KINDS[number % 4]) for number in range(count))


def rule_records(rules: Iterable[RuleDefinition]) -> list[Record]:
    """Rules as records."""
    return [(rule.rule_id.encode(), encode(rule)) for rule in rules]
