"""Commands 指令 down the tiers, and requests of officers about a whole command."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.envelope import Envelope
from shared.contracts.fields import (
    Contract,
    Count,
    EventType,
    Identifier,
    Instant,
    Level,
    Line,
    Post,
    ResponseMode,
    RuleId,
    Text,
    Tier,
    UnitId,
    Version,
)
from shared.contracts.modes import ModeVersion
from shared.contracts.selections import Selection

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 over a command's recipients (shared.domain.selection.reach.digest_of), hex."""


class CommandState(StrEnum):
    """Lifecycle of a command."""

    ISSUED = "issued"
    AWAITING_CHECK = "awaiting_check"
    CLOSED = "closed"
    REVOKED = "revoked"


class TierCount(Contract):
    """Assignments of one tier at or past each step; `released`: waived, reassigned or recalled."""

    tier: Tier
    total: Count
    delivered: Count = 0
    signed: Count = 0
    reported: Count = 0
    done: Count = 0
    returned: Count = 0
    overdue: Count = 0
    suspended: Count = 0
    released: Count = 0


class CommandEvent(Envelope):
    """The `version`-th state of a command, complete.

    `issuer_unit` has issued the command; `origin_unit` owns the act that led to this state.
    `recipients` is the number of units resolved at the issue, and `recipients_digest` the digest of
    their ids: a reader of the assignments can prove that the set is complete. `given_on` counts the
    assignments made later by splitting and reassigning. `root` is the lowest unit above all
    recipients. A command of a plan names the plan and its version. `mode` was the mode of the root
    at the issue, by version `mode_version` of the decision of `mode_unit`; `limits_id` and
    `limits_version` name its document of limits then. `warning_id` is the warning of another agency
    because of which an officer gave it.
    """

    type: Literal["command"] = "command"
    command_id: Identifier
    version: Version
    state: CommandState
    alert_id: Identifier | None = None
    event_type: EventType
    level: Level
    root: UnitId
    issuer_unit: UnitId | None = None
    title: Line
    instruction: Text
    recipients: Count
    given_on: Count = 0
    recipients_digest: Digest | None = None
    plan_id: RuleId | None = None
    plan_version: Version | None = None
    warning_id: Identifier | None = None
    sign_by: Instant
    finish_by: Instant
    mode: ResponseMode = ResponseMode.NORMAL
    mode_version: ModeVersion = 0
    mode_unit: UnitId | None = None
    limits_id: RuleId | None = None
    limits_version: Version | None = None
    rollup: Annotated[tuple[TierCount, ...], Field(max_length=6)] = ()
    actor: Identifier | None = None


class CommandRequest(Envelope):
    """An officer's free command or an act on a whole command, until command applied it.

    `issue`: to the units of `selection` but the issuer, which lead 主办, and the other units of
    `assist` 协办; with `seen_digest` only if these are still the recipients that the officer saw.
    `check`, `close`: all reported (checked) assignments; `revoke`: the command; `reopen`: a closed
    one, because the same happened again. `urge`: every unit at or below `within` (absent: the
    officer's unit) without signature, or late. `sign_by`, `finish_by` precede the SLA profile's.
    """

    type: Literal["command_request"] = "command_request"
    verb: Literal["issue", "check", "close", "revoke", "reopen", "urge"]
    command_id: Identifier
    selection: Selection | None = None
    assist: Selection | None = None
    seen_digest: Digest | None = None
    event_type: EventType | None = None
    level: Level | None = None
    title: Line | None = None
    instruction: Text = ""
    warning_id: Identifier | None = None
    sign_by: Instant | None = None
    finish_by: Instant | None = None
    within: UnitId | None = None
    officer_id: Identifier
    post: Post
