"""The msgspec reader of plain readings, beside the contract, never in place of the contract.

The reader accepts only provable readings of the plainest form. Anything further (a tick, an
optional field, a fault) is left to the contract model, whose verdict counts. Both therefore accept
and refuse equal messages if this reader accepts nothing against the contract, and reads alike
(tests/unit/scoring/test_wire_reading.py).
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
_Empty = Annotated[list[str], msgspec.Meta(max_length=0)]


class WireReading(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """An actual reading without areas, references, trace id and grade.

    Ids and units are not checked yet.
    """

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
    areas: _Empty = msgspec.field(default_factory=list)
    references: _Empty = msgspec.field(default_factory=list)
    data_grade: Literal["general"] = "general"

    def __post_init__(self) -> None:
        # The first instant is left to the contract: an earlier time may have been rounded up to it.
        for moment in (self.occurred_at, self.sent_at):
            if not FIRST_INSTANT < moment < END_OF_INSTANTS:
                raise ValueError("not of the years 2000 to 2199")


decode_reading = msgspec.json.Decoder(WireReading).decode
"""Decodes bytes; raises msgspec.MsgspecError or UnicodeDecodeError (each is a ValueError)."""


def is_id(text: str) -> bool:
    """Return whether a text is an identifier (shared.contracts.fields.Identifier).

    The text is compared as bytes: there, only ASCII letters and digits are alphanumeric, and the
    comparison takes a third of the time.
    """
    if not text.isascii() or not 0 < len(text) <= LONGEST_ID:
        return False
    raw = text.encode()
    return raw.isalnum() or (raw[:1].isalnum() and raw.translate(None, _MARKS).isalnum())
