"""The decoder of all Python peers: compiled, and the fastest available, to be fair."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tests.bench.reference import Transition


class Reading(msgspec.Struct):
    """The fields of a reading that the four rules need; the sensor's id names its kind."""

    sensor_id: str
    value: float
    occurred_at: datetime

    @property
    def at_ms(self) -> int:
        """Milliseconds since 1970."""
        return round(self.occurred_at.timestamp() * 1000)


class Result(msgspec.Struct):
    """A transition as it is written to the result topic."""

    sensor_id: str
    rule: str
    state: str
    value: float
    ts: int


decode = msgspec.json.Decoder(Reading).decode
_encode = msgspec.json.Encoder().encode


def encode(transition: Transition) -> bytes:
    """A transition as JSON."""
    return _encode(Result(*transition))
