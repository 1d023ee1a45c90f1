"""Readings as bytes of our contract, by template, since models would be the bottleneck.

The templates are cut out of what `shared.runtime.outbound_records.encode` writes for a real model,
so they follow the contract by themselves; tests/unit/bench checks that both are equal byte for
byte.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, lru_cache

from shared.contracts.readings import Reading, Tick
from shared.runtime.outbound_records import encode
from tests.bench.reference import KINDS, Sample, sensor_id

TOWN = "500118118000"
UNITS = {"water_level": "m", "rainfall": "mm", "gas_lel": "%LEL", "temperature": "Cel"}
SENSOR_KINDS = {
    "water_level": "water_level",
    "rainfall": "rain_gauge",
    "gas_lel": "gas_detector",
    "temperature": "thermometer",
}
"""As in the district's catalogue (deploy/example/sensors.py)."""
Writer = Callable[[str, str, str, float], bytes]
"""(id, moment, sensor id, value) to bytes; the moment is written twice, as event time and as sent.
"""

_ID, _SENSOR, _VALUE, _AT = "IDIDID", "SENSOR", 123456.75, "2199-12-31T23:59:59Z"


def a_reading(
    event_id: str,
    at: str,
    sensor: str,
    value: float,
    metric: str,
    unit: str,
    datum: str | None = None,
) -> Reading:
    """The model that a template stands for."""
    fields: dict[str, object] = {
        "id": event_id,
        "status": "Actual",
        "occurred_at": at,
        "sent_at": at,
        "origin_unit": TOWN,
        "tier": "town",
        "sensor_id": sensor,
        "metric": metric,
        "value": value,
        "unit": unit,
        **({"datum": datum} if datum else {}),
    }
    return Reading.model_validate_json(json.dumps(fields))


@cache
def writer(metric: str, unit: str, datum: str | None = None) -> Writer:
    """Return a function that writes readings of one metric."""
    text = encode(a_reading(_ID, _AT, _SENSOR, _VALUE, metric, unit, datum)).decode()
    text = text.replace("%", "%%").replace(_ID, "%s").replace(_SENSOR, "%s").replace(_AT, "%s")
    text = text.replace(str(_VALUE), "%r")
    in_order = (text.index("%s"), text.index(f'"{metric}"'), text.index("%r"))
    if text.count("%s") != 4 or text.count("%r") != 1 or list(in_order) != sorted(in_order):
        raise ValueError(
            "the contract of a reading has changed: the template does not fit any more"
        )

    def write(event_id: str, at: str, sensor: str, value: float) -> bytes:
        return (text % (event_id, at, at, sensor, value)).encode()

    return write


@lru_cache(maxsize=4_096)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def moment(at_ms: int) -> str:
    """Return milliseconds since 1970 in pydantic's format: six digits, none on a full second."""
    second, ms = divmod(at_ms, 1000)
    return f"{_second(second)}.{ms:03d}000Z" if ms else f"{_second(second)}Z"


_WRITERS = tuple(writer(kind, UNITS[kind]) for kind in KINDS)


def reading(sample: Sample) -> bytes:
    """A reading of the reference workload."""
    return _WRITERS[sample.sensor % 4](
        sample.id, moment(sample.at_ms), sensor_id(sample.sensor), sample.value
    )


def tick(at_ms: int) -> bytes:
    """Return a tick; ingest writes a tick each second into every partition."""
    return encode(Tick(id=f"tick-{at_ms}", occurred_at=datetime.fromtimestamp(at_ms / 1000, UTC)))
