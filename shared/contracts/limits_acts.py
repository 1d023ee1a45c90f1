"""Acts of officers on drafts of limits: drafted, signed, withdrawn."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.envelope import RealWorld
from shared.contracts.fields import Identifier, Post, RuleId, Text, UnitId, Version


class LimitsVerb(StrEnum):
    """The acts of officers on a draft of limits."""

    DRAFT = "draft"
    """Write it, or change it before anybody has signed it."""
    SIGN = "sign"
    """The author signs first, then a second officer: the second signature publishes it."""
    WITHDRAW = "withdraw"


class LimitsAct(RealWorld):
    """One act on a draft of version `limits_version` of a document.

    `digest` is the hash of the content to which the act applies: nobody signs what another person
    has changed. `unit` is that of the document; a document without a unit holds for every unit.
    """

    type: Literal["limits_act"] = "limits_act"
    verb: LimitsVerb
    draft_id: Identifier
    limits_id: RuleId
    limits_version: Version
    unit: UnitId | None = None
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    officer_id: Identifier
    post: Post
    reason: Text = ""
