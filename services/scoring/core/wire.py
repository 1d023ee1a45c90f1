"""The quick reader of readings, beside the contract and never in its place.

It takes only what it can prove to be a reading of the plainest form; whatever else comes (a tick, an
optional field, a fault) is left to the contract model, whose verdict counts. So both accept and refuse
the same messages as long as this one takes nothing that the contract refuses, and reads it alike
(tests/unit/scoring/test_wire.py).
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal

import msgspec

MOST_BYTES = 4_096
"""Longer records are left to the contract."""
LONGEST_ID = 96
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:\-]{0,95}")
_Instant = Annotated[datetime, msgspec.Meta(tz=True)]
_Nothing = Annotated[list[str], msgspec.Meta(max_length=0)]


class WireReading(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """An actual reading without areas, references, trace id, grade; ids and units are still unchecked."""

    type: Literal["reading"]
    id: str
    occurred_at: _Instant
    sent_at: _Instant
    origin_unit: str
    tier: Literal["city", "district", "town", "village", "grid", "microgrid"]
    sensor_id: str
    metric: str
    value: float
    unit: str
    schema_version: Literal[1] = 1
    status: Literal["Actual"] = "Actual"
    datum: str | None = None
    synthetic: bool = False
    areas: _Nothing = msgspec.field(default_factory=list)
    references: _Nothing = msgspec.field(default_factory=list)
    data_grade: Literal["general"] = "general"


read = msgspec.json.Decoder(WireReading).decode
"""Bytes to a WireReading; raises msgspec.MsgspecError or UnicodeDecodeError (a ValueError each)."""


def is_id(text: str) -> bool:
    """Whether a text is an identifier (shared.contracts.fields.Identifier)."""
    if text.isalnum() and text.isascii():
        return len(text) <= LONGEST_ID
    return _ID.fullmatch(text) is not None
