"""Response mode 平急状态 of a unit: proposed by rule or person, decided by two people, ending by
itself.

What a mode changes is data (shared/domain/response_modes/effects.py); how it is inherited:
shared/domain/response_modes/effective.py.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.envelope import Envelope
from shared.contracts.fields import (
    Contract,
    Identifier,
    Instant,
    Line,
    Post,
    ResponseMode,
    Text,
    UnitId,
    Version,
)

ModeVersion = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""Version of the decision that a record was made under; 0 = nobody has ever decided."""


class ModeVerb(StrEnum):
    """The acts of an entitled officer on the mode of a unit."""

    PROPOSE = "propose"
    APPROVE = "approve"
    REJECT = "reject"
    END = "end"


class ModeRequest(Envelope):
    """An officer's act about the mode of `unit`, a request until command has applied it.

    `propose` names `mode` and `until` and counts as the signature of the proposer. The other verbs
    act on `proposal_id`; `end` ends the mode of this proposal.
    """

    type: Literal["mode_request"] = "mode_request"
    unit: UnitId
    verb: ModeVerb
    proposal_id: Identifier
    mode: ResponseMode | None = None
    until: Instant | None = None
    officer_id: Identifier
    post: Post
    reason: Text = ""


class ProposalState(StrEnum):
    """Lifecycle of a proposal. `decided` is in force until it is `ended`."""

    PROPOSED = "proposed"
    HALF_APPROVED = "half_approved"
    DECIDED = "decided"
    REJECTED = "rejected"
    EXPIRED = "expired"
    ENDED = "ended"


class ModeSignature(Contract):
    """The signature of an officer under a proposal."""

    officer_id: Identifier
    unit: UnitId
    post: Post
    signed_at: Instant


class ModeProposal(Envelope):
    """The `version`-th state of a proposal, complete.

    `proposed_by` None = the rule. Undecided at `decide_by` it expires. `next_posts` may give the
    signature that is missing. `decided_version` is the version of the unit's mode it became.
    """

    type: Literal["mode_proposal"] = "mode_proposal"
    proposal_id: Identifier
    version: Version
    state: ProposalState
    unit: UnitId
    mode: ResponseMode
    title: Line
    until: Instant
    decide_by: Instant
    proposed_by: Identifier | None = None
    signatures: Annotated[tuple[ModeSignature, ...], Field(max_length=4)] = ()
    next_posts: Annotated[tuple[Post, ...], Field(max_length=3)] = ()
    decided_version: ModeVersion = 0
    alert_id: Identifier | None = None
    actor: Identifier | None = None
    reason: Text = ""


class ResponseModeEvent(Envelope):
    """平急状态 of a unit from now on; the newest per unit and status holds.

    `decided_by` is empty when it ended by itself; `until` when it will.
    """

    type: Literal["response_mode"] = "response_mode"
    unit: UnitId
    version: Version
    mode: ResponseMode
    title: Line
    decided_by: Annotated[tuple[Identifier, ...], Field(max_length=4)]
    proposal_id: Identifier | None = None
    until: Instant | None = None
    reason: Text = ""
