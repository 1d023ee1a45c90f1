"""Dead letters 死信: a refused record with its reason and its bytes.

Only a person replays a letter.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.fields import Clean, Contract, Count, Identifier, Instant, Long

REPLAY_HEADER = "replay-of"
"""A replayed record has this header: `partition@offset` of the refused record in the same topic."""


class Reason(StrEnum):
    """The reason of a refusal; a closed set, used by logs, metrics and tests alike."""

    NOT_JSON = "not_json"
    SCHEMA = "schema"
    NOT_FINITE = "not_finite"
    TOO_LARGE = "too_large"
    UNKNOWN_SENSOR = "unknown_sensor"
    UNIT_MISMATCH = "unit_mismatch"
    DATUM_MISMATCH = "datum_mismatch"
    FUTURE_TIME = "future_time"
    TOO_LATE = "too_late"
    ID_CONFLICT = "id_conflict"
    UNKNOWN_SUBJECT = "unknown_subject"
    NOT_ALLOWED = "not_allowed"
    STALE = "stale"
    BAD_HEADER = "bad_header"
    """Of earlier versions: no header makes a letter now."""
    KEY_MISMATCH = "key_mismatch"
    WRONG_PARTITION = "wrong_partition"
    INVALID_RULE = "invalid_rule"
    HANDLER_ERROR = "handler_error"


_Base64 = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]*={0,2}$")]
_Part = Annotated[str, Field(max_length=200), Clean]


Cut = Literal["key", "value", "headers"]


class DeadLetter(Contract):
    """The refused record. `key_b64`, `value_b64` are its bytes in base64, headers as text pairs.

    `cut` names what of them is longer than a letter holds: of that only the beginning is in it.
    """

    type: Literal["dead_letter"] = "dead_letter"
    id: Identifier
    schema_version: Literal[1] = 1
    reason: Reason
    detail: Annotated[str, Field(max_length=1000), Clean]
    service: Annotated[str, Field(max_length=32), Clean]
    topic: Annotated[str, Field(max_length=200), Clean]
    partition: Count
    offset: Long
    key_b64: Annotated[_Base64, Field(max_length=8_000)] | None = None
    value_b64: Annotated[_Base64, Field(max_length=1_500_000)] | None = None
    headers: Annotated[tuple[tuple[_Part, _Part], ...], Field(max_length=64)] = ()
    cut: Annotated[tuple[Cut, ...], Field(max_length=3)] = ()
    refused_at: Instant
