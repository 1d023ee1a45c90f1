"""The quick reader of readings, beside the contract and never in its place.

It takes only what it can prove to be a reading of the plainest form; whatever else comes (a tick, an
optional field, a fault) is left to the contract model, whose verdict counts. So both accept and refuse
the same messages as long as this one takes nothing that the contract refuses, and reads it alike
(tests/unit/scoring/test_wire.py).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from shared.contracts.fields import END_OF_INSTANTS, FIRST_INSTANT

MOST_BYTES = 4_096
"""Longer records are left to the contract."""
LONGEST_ID = 96
_MARKS = b"._:-"
"""Allowed in an id, but not as its first character."""
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

    def __post_init__(self) -> None:
        # The first instant itself is left to the contract: a time before it may have been rounded up.
        for moment in (self.occurred_at, self.sent_at):
            if not FIRST_INSTANT < moment < END_OF_INSTANTS:
                raise ValueError("not of the years 2000 to 2199")


read = msgspec.json.Decoder(WireReading).decode
"""Bytes to a WireReading; raises msgspec.MsgspecError or UnicodeDecodeError (a ValueError each)."""


def is_id(text: str) -> bool:
    """Whether a text is an identifier (shared.contracts.fields.Identifier).

    Looked at as bytes: there, only what ASCII calls a letter or a digit is one, and it takes a third.
    """
    if not text.isascii() or not 0 < len(text) <= LONGEST_ID:
        return False
    raw = text.encode()
    return raw.isalnum() or (raw[:1].isalnum() and raw.translate(None, _MARKS).isalnum())
