"""Acts on dead letters 死信处置: an operator or officer corrects, replays or sets aside."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.contracts.envelope import RealWorld
from shared.contracts.fields import Clean, Count, Identifier, Line, Long

MOST_OFFSETS = 500
"""The most refused records of one act."""
MOST_BODY_CHARS = 950_000
"""The longest corrected body in base64: with it, the act still fits into its topic."""


class LetterVerb(StrEnum):
    """The steps of a refused record after its refusal."""

    ASK = "ask"
    """An officer asks for a replay; an operator sends it."""
    FIX = "fix"
    """A corrected body is stored; a replay sends it."""
    REPLAY = "replay"
    """A replay begins: from here on the records may be in the topic a second time."""
    SENT = "sent"
    """Kafka has confirmed the replayed records."""
    SET_ASIDE = "set_aside"
    """The records are not to be replayed."""


class LetterAct(RealWorld):
    """One act on refused records of one partition, named by their offsets in `topic`.

    A `fix` concerns one record: `key_b64` and `value_b64` are what a replay sends. `sent` names the
    offset of each replayed record, in `to_partition`.
    """

    type: Literal["letter_act"] = "letter_act"
    verb: LetterVerb
    actor: Identifier
    reason: Line
    topic: Annotated[str, Field(max_length=200), Clean]
    partition: Count
    offsets: Annotated[tuple[Long, ...], Field(min_length=1, max_length=MOST_OFFSETS)]
    key_b64: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]*={0,2}$", max_length=8_000)] | None = (
        None
    )
    value_b64: (
        Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]*={0,2}$", max_length=MOST_BODY_CHARS)] | None
    ) = None
    to_partition: Count | None = None
    to_offsets: Annotated[tuple[Long, ...], Field(max_length=MOST_OFFSETS)] = ()

    @model_validator(mode="after")
    def _complete(self) -> Self:
        fixed = self.verb is LetterVerb.FIX
        if fixed != (self.value_b64 is not None) or (fixed and len(self.offsets) != 1):
            raise ValueError("a fix has one offset and a body, no other act has a body")
        sent = self.verb is LetterVerb.SENT
        if sent != (self.to_partition is not None):
            raise ValueError("only a sent act names the partition of the replay")
        if len(self.to_offsets) != (len(self.offsets) if sent else 0):
            raise ValueError("a sent act names the new offset of each record")
        return self
