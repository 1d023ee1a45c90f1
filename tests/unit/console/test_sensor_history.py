"""The history of sensors outlives every record of the log of readings."""

from __future__ import annotations

import pytest
from aiokafka import ConsumerRecord

from services.console.features.sensors.history_writer import decoded_readings
from shared.contracts.topics import READINGS

_GOOD = (
    b'{"type": "reading", "sensor_id": "s-1", "metric": "water_level", "value": 1.5, "unit": "m", '
    b'"occurred_at": "2026-07-01T00:00:00Z", "unknown": [1]}'
)


def record(value: bytes | None, offset: int = 0) -> ConsumerRecord:
    """A record of the first partition."""
    return ConsumerRecord(READINGS.name, 0, offset, 0, 0, b"s-1", value, None, 0, 0, headers=())


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"\xff" * 40,
        b'{"type": "tick"}',
        b'{"unknown": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"unknown": ' * 50_000 + b"1" + b"}" * 50_000,
        _GOOD.replace(b"1.5", b"1e999"),
        _GOOD.replace(b"2026-07-01T", b"2026-07-41T"),
    ],
    ids=["none", "empty", "noise", "tick", "lists", "objects", "infinite", "day 41"],
)
def test_a_hostile_record_is_no_reading(value: bytes | None) -> None:
    [(offset, _, reading)] = decoded_readings([record(value), record(_GOOD, 1)])
    assert (offset, reading.value) == (1, 1.5)
