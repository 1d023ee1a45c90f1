"""A burst of broken messages straight to Kafka, each with its expected dead-letter reason."""

import json
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from deploy.demo.hydrograph import knots_of, level_at
from deploy.example.gauges import gauges
from shared.contracts.dead_letter import Reason
from shared.contracts.ids import content_id
from shared.contracts.topics import READINGS, RULES, TopicSpec

SENSOR = "gauge-wulong"
"""A gauge that raises no alarm: what follows the burst on its partition must still be scored."""


@dataclass(frozen=True)
class Broken:
    """A record that must be refused with `reason`; None = a good record that must be accepted."""

    defect: str
    reason: Reason | None
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()
    spec: TopicSpec = READINGS


def burst(event_time: datetime, now: datetime, copies: int) -> list[Broken]:
    """`copies` of every kind of broken reading, all on one partition (one key), in a fixed order.

    `event_time`: what a good reading would carry now; `now`: the real time, for one in the future.
    """
    brokens: list[Broken] = []
    for number in range(copies):
        good = _reading(f"broken-{number}", event_time, now)
        brokens += [
            _broken("not JSON", Reason.NOT_JSON, b"{level: high!"),
            _broken("not text at all", Reason.NOT_JSON, b"\xff\xfe\x00\x01 \x80"),
            _broken("wrong types", Reason.SCHEMA, _json({**good, "value": "174.9"})),
            _broken("a field is missing", Reason.SCHEMA, _json(_without(good, "occurred_at"))),
            _broken("NaN", Reason.NOT_FINITE, _json({**good, "value": float("nan")})),
            Broken(
                "unknown sensor",
                Reason.UNKNOWN_SENSOR,
                b"gauge-atlantis",
                _json({**good, "id": f"unknown-{number}", "sensor_id": "gauge-atlantis"}),
            ),
            _broken("wrong datum", Reason.DATUM_MISMATCH, _json({**good, "datum": "黄海"})),
            _broken("wrong unit", Reason.UNIT_MISMATCH, _json({**good, "unit": "mm"})),
            _broken(
                "tomorrow",
                Reason.FUTURE_TIME,
                _json({**good, "occurred_at": (now + timedelta(days=1)).isoformat()}),
            ),
            Broken("another sensor's key", Reason.KEY_MISMATCH, b"gauge-cuntan", _json(good)),
        ]
    brokens += conflict(event_time, now)
    return brokens


def conflict(event_time: datetime, now: datetime) -> list[Broken]:
    """Return a good reading with a header that is no text, then the id again with another value."""
    first = _reading("broken-twice", event_time, now)
    return [
        Broken(
            "a header that is not text",
            None,
            SENSOR.encode(),
            _json(first),
            headers=(("source", b"\xff\xfe\xfa"),),
        ),
        _broken("same id, other value", Reason.ID_CONFLICT, _json({**first, "value": 999.0})),
    ]


def wrong_datum_rule(now: datetime) -> Broken:
    """A rule for Cuntan in metres above 黄海; the gauge is catalogued above 吴淞."""
    rule = {
        "type": "rule",
        "id": content_id("rul", "flood-cuntan-huanghai", now.isoformat()),
        "schema_version": 1,
        "occurred_at": now.isoformat(),
        "sent_at": now.isoformat(),
        "origin_unit": "500105000000",
        "tier": "district",
        "rule_id": "flood-cuntan-huanghai",
        "version": 1,
        "name_zh": "寸滩洪水（黄海高程）",
        "name_en": "Flood at Cuntan, wrong datum",
        "event_type": "11A01",
        "sensor_kind": "river_gauge",
        "sensor_ids": ["gauge-cuntan"],
        "metric": "water_level",
        "unit": "m",
        "datum": "黄海",
        "body": {
            "kind": "threshold",
            "rungs": [{"level": "yellow", "raise_at": 179.0, "clear_at": 178.9, "source": "demo"}],
        },
        "source": "demo: must be refused",
    }
    key = b"flood-cuntan-huanghai"
    return Broken("a rule in the wrong datum", Reason.DATUM_MISMATCH, key, _json(rule), spec=RULES)


def _broken(defect: str, reason: Reason, value: bytes) -> Broken:
    return Broken(defect, reason, SENSOR.encode(), value)


def _reading(event_id: str, event_time: datetime, now: datetime) -> dict[str, Any]:
    gauge = next(gauge for gauge in gauges() if gauge.sensor_id == SENSOR)
    return {
        "type": "reading",
        "id": event_id,
        "schema_version": 1,
        "status": "Actual",
        "occurred_at": event_time.isoformat(),
        "sent_at": now.isoformat(),
        "origin_unit": gauge.place,
        "tier": "district",
        "sensor_id": SENSOR,
        "metric": "water_level",
        "value": level_at(knots_of(gauge), event_time, random.Random(0)),  # noqa: S311 - a curve
        "unit": "m",
        "datum": gauge.datum,
        "synthetic": True,
    }


def _without(fields: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != name}


def _json(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode()
