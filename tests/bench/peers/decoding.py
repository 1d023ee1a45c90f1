"""The decoder that all Python peers share: a compiled one, the fastest there is, to be fair to them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tests.bench.reference import Transition


class Reading(msgspec.Struct):
    """What the four rules need of a reading; the sensor's id says its kind."""

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
