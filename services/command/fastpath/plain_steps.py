"""A fast reader of plain acknowledgements. It never replaces the contract.

The reader accepts only the exact bytes that our own doors write for a step without number, end or
units. Every other record, in another form or with a fault, goes to the contract model, whose
verdict counts. Both accept and refuse the same messages as long as this reader accepts no message
that the contract refuses, and reads each message alike (tests/unit/command/test_plain_steps.py).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal

import msgspec

from shared.contracts.assignments import Step
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


class PlainStep(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """An acknowledgement (shared.contracts.assignments) that names the step and nothing more.

    The fields stand in the contract's order. `read` checks ids and units.
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


def read(raw: bytes) -> PlainStep | None:
    """Return the step; None for a record that the contract has to read."""
    try:
        step = _decode(raw)
    except ValueError:
        return None
    for moment in (step.occurred_at, step.sent_at):
        if not FIRST_INSTANT <= moment < END_OF_INSTANTS:
            return None
    # Equal bytes prove that no value was rounded, doubled, escaped or spaced in another way.
    if _encode(step) != raw or "\x00" in step.text:
        return None
    ids = [step.id, step.assignment_id, step.command_id, step.officer_id, *step.references]
    trace_id = step.trace_id
    if trace_id is not msgspec.UNSET:
        ids.append(trace_id)
    units = {step.origin_unit, step.unit, step.officer_unit, *step.areas}
    if not all(map(is_identifier, ids)) or not all(map(is_unit, units)):
        return None
    return step
