"""The quick reader of acknowledgements, beside the contract and never in its place.

It takes only what stands in the very bytes that our own doors write of a step without number, end or
units; whatever else comes (another form, a fault) is left to the contract model, whose verdict counts. So
both accept and refuse the same messages as long as this one takes nothing that the contract refuses, and
reads it alike (tests/unit/command/test_wire.py).
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated, ClassVar, Literal

import msgspec

from shared.contracts.commands import Step
from shared.contracts.fields import (
    END_OF_INSTANTS,
    FIRST_INSTANT,
    DataGrade,
    Post,
    Status,
    Tier,
)
from shared.contracts.ids import is_identifier
from shared.contracts.units import is_unit

_Instant = Annotated[datetime, msgspec.Meta(tz=True)]
_SENT_AT = b'"sent_at":"'
_TRACE_ID = b'"trace_id":"'


class PlainStep(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """An acknowledgement (shared.contracts.commands) that says no more than which step was taken.

    Its fields in the contract's order; ids and units are still unchecked.
    """

    id: str
    schema_version: Literal[1]
    status: Status
    occurred_at: _Instant
    sent_at: _Instant
    origin_unit: str
    tier: Tier
    areas: Annotated[tuple[str, ...], msgspec.Meta(max_length=64)]
    references: Annotated[tuple[str, ...], msgspec.Meta(max_length=64)]
    trace_id: str | msgspec.UnsetType = msgspec.UNSET
    data_grade: DataGrade
    type: Literal["acknowledgement"]
    assignment_id: str
    command_id: str
    unit: str
    step: Step
    attempt: Annotated[int, msgspec.Meta(ge=1, le=99)]
    officer_id: str
    officer_unit: str
    post: Post
    text: Annotated[str, msgspec.Meta(max_length=4000)]

    number: ClassVar[None] = None
    until: ClassVar[None] = None
    units: ClassVar[None] = None
    mandatory: ClassVar[None] = None


_decode = msgspec.json.Decoder(PlainStep).decode
_encode = msgspec.json.Encoder().encode


def read(raw: bytes) -> tuple[PlainStep, bytes] | None:
    """The step and the digest of its body (shared.runtime.inbound_messages.body_digest); None: left to the contract."""
    try:
        result = _decode(raw)
    except ValueError:
        return None
    for moment in (result.occurred_at, result.sent_at):
        if not FIRST_INSTANT <= moment < END_OF_INSTANTS:
            return None
    # The same bytes once more: nothing was rounded, doubled, escaped or spaced in another way.
    if _encode(result) != raw or "\x00" in result.text:
        return None
    ids = [
        result.id,
        result.assignment_id,
        result.command_id,
        result.officer_id,
        *result.references,
    ]
    trace_id = result.trace_id
    if trace_id is not msgspec.UNSET:
        ids.append(trace_id)
    units = {result.origin_unit, result.unit, result.officer_unit, *result.areas}
    if not all(map(is_identifier, ids)) or not all(map(is_unit, units)):
        return None
    raw = _without(_SENT_AT, raw)
    if trace_id is not msgspec.UNSET:
        raw = _without(_TRACE_ID, raw)
    return result, hashlib.sha256(raw).digest()[:16]


def _without(name: bytes, raw: bytes) -> bytes:
    """Without this field, whose value holds no quotes; neither does any before it."""
    head, _, rest = raw.partition(name)
    return head + rest[rest.index(b'"') + 2 :]
