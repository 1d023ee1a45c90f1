"""Commands 指令 down the tiers, assignments 交办 to units, acknowledgements 签收/反馈 up."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.envelope import Envelope
from shared.contracts.fields import (
    Contract,
    EventType,
    Identifier,
    Instant,
    Level,
    Line,
    Post,
    ResponseMode,
    RuleId,
    Slug,
    Text,
    Tier,
    UnitId,
    Version,
)
from shared.contracts.modes import ModeVersion
from shared.contracts.selections import Selection

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 over a command's recipients (shared.selection.reach.digest_of), hex."""


class CommandState(StrEnum):
    """Lifecycle of a command."""

    ISSUED = "issued"
    AWAITING_CHECK = "awaiting_check"
    CLOSED = "closed"
    REVOKED = "revoked"


class TierCount(Contract):
    """Roll-up of one tier: of `total` assignments so many are at or past each step."""

    tier: Tier
    total: Annotated[int, Field(ge=0)]
    delivered: Annotated[int, Field(ge=0)] = 0
    signed: Annotated[int, Field(ge=0)] = 0
    reported: Annotated[int, Field(ge=0)] = 0
    done: Annotated[int, Field(ge=0)] = 0
    returned: Annotated[int, Field(ge=0)] = 0
    overdue: Annotated[int, Field(ge=0)] = 0


class CommandEvent(Envelope):
    """The `version`-th state of a command, complete.

    `recipients` is what was resolved, once, and `recipients_digest` which units these were: whoever
    reads the assignments can prove that none is missing and none too many. `root` is the lowest unit
    that holds them all. A command of a plan names it and its version. `mode` was the root's when it
    was issued, by version `mode_version` of the decision of `mode_unit`.
    """

    type: Literal["command"] = "command"
    command_id: Identifier
    version: Version
    state: CommandState
    alert_id: Identifier | None = None
    event_type: EventType
    level: Level
    root: UnitId
    title: Line
    instruction: Text
    recipients: Annotated[int, Field(ge=0)]
    recipients_digest: Digest | None = None
    plan_id: RuleId | None = None
    plan_version: Version | None = None
    sign_by: Instant
    finish_by: Instant
    mode: ResponseMode = ResponseMode.NORMAL
    mode_version: ModeVersion = 0
    mode_unit: UnitId | None = None
    rollup: Annotated[tuple[TierCount, ...], Field(max_length=6)] = ()
    actor: Identifier | None = None


class AssignmentState(StrEnum):
    """Lifecycle of one unit's assignment (domain reference 5.3)."""

    QUEUED = "queued"
    DELIVERED = "delivered"
    SIGNED = "signed"
    ACCEPTED = "accepted"
    HANDLING = "handling"
    REPORTED = "reported"
    CHECKED = "checked"
    DONE = "done"
    RETURNED = "returned"
    REVOKED = "revoked"


class AssignmentRole(StrEnum):
    """主办 lead, 协办 assist."""

    LEAD = "lead"
    ASSIST = "assist"


class AssignmentAxis(StrEnum):
    """交办 down the tiers, 分拨 across to a department."""

    VERTICAL = "vertical"
    HORIZONTAL = "horizontal"


class AssignmentEvent(Envelope):
    """The `version`-th state of one unit's assignment, complete: the unit's inbox line.

    `line` is the key of the plan's line that it follows. `mode` (with version and deciding unit) is
    what its attempt was given its clocks by.
    """

    type: Literal["assignment"] = "assignment"
    assignment_id: Identifier
    command_id: Identifier
    alert_id: Identifier | None = None
    version: Version
    unit: UnitId
    unit_tier: Tier
    parent_unit: UnitId | None = None
    role: AssignmentRole = AssignmentRole.LEAD
    axis: AssignmentAxis = AssignmentAxis.VERTICAL
    line: Slug | None = None
    state: AssignmentState
    level: Level
    event_type: EventType
    title: Line
    instruction: Text = ""
    issuer_unit: UnitId
    sign_by: Instant
    finish_by: Instant
    attempt: Annotated[int, Field(ge=1, le=99)] = 1
    signed_at: Instant | None = None
    reported_at: Instant | None = None
    done_at: Instant | None = None
    late: bool = False
    synthetic: bool = False
    mode: ResponseMode = ResponseMode.NORMAL
    mode_version: ModeVersion = 0
    mode_unit: UnitId | None = None
    actor: Identifier | None = None
    reason: Text = ""


class Step(StrEnum):
    """A unit's or the issuer's step on an assignment."""

    SIGN = "sign"
    ACCEPT = "accept"
    HANDLE = "handle"
    REPORT = "report"
    RETURN = "return"
    CHECK = "check"
    SEND_BACK = "send_back"
    CLOSE = "close"


class Acknowledgement(Envelope):
    """A step taken by an authenticated officer for `unit`; idempotent by step and attempt.

    sign, accept, handle, report and return are the recipient's; check, send_back and close the
    issuer's (the handler cannot close).
    """

    type: Literal["acknowledgement"] = "acknowledgement"
    assignment_id: Identifier
    command_id: Identifier
    unit: UnitId
    step: Step
    attempt: Annotated[int, Field(ge=1, le=99)] = 1
    officer_id: Identifier
    officer_unit: UnitId
    post: Post
    text: Text = ""


class CommandRequest(Envelope):
    """An officer's free command or an act on a whole command, a request until command applied it.

    verb `issue`: to every unit of `selection`, the issuer itself left out; with `seen_digest` only if
    these are still the recipients that the officer was shown. `check`, `close`: all reported
    (checked) assignments of `command_id`; `revoke`: the command.
    """

    type: Literal["command_request"] = "command_request"
    verb: Literal["issue", "check", "close", "revoke"]
    command_id: Identifier
    selection: Selection | None = None
    seen_digest: Digest | None = None
    event_type: EventType | None = None
    level: Level | None = None
    title: Line | None = None
    instruction: Text = ""
    officer_id: Identifier
    post: Post


class SupervisionKind(StrEnum):
    """督办: what a durable timer found."""

    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    REMINDED = "reminded"
    ESCALATED = "escalated"


SupervisionClock = Literal[
    "sign", "finish", "report_phone", "report_written", "report_follow_up", "report_final"
]
"""Which deadline: the two of an assignment, or one of a unit's duty to report upward."""


class SupervisionEvent(Envelope):
    """One firing of a timer over one assignment (of `command_id`) or report duty (of `incident_id`).

    `rung` counts escalations from 1; `text` says what is known so far.

    `target_unit` and `target_post` say who is to be called; `late_by_s` how long after it was due
    the timer could fire (0 unless the system was down); `mode` is the subject's.
    """

    type: Literal["supervision"] = "supervision"
    supervision_id: Identifier
    kind: SupervisionKind
    clock: SupervisionClock
    subject_id: Identifier
    command_id: Identifier | None = None
    incident_id: Identifier | None = None
    unit: UnitId
    rung: Annotated[int, Field(ge=0, le=20)]
    target_unit: UnitId
    target_post: Post
    due_at: Instant
    late_by_s: Annotated[float, Field(ge=0)] = 0
    level: Level
    title: Line
    mode: ResponseMode = ResponseMode.NORMAL
    mode_version: ModeVersion = 0
    mode_unit: UnitId | None = None
    text: Text = ""
