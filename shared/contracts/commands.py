"""Commands 指令 down the tiers, assignments 交办 to units, acknowledgements 签收/反馈 up."""

from __future__ import annotations

from collections.abc import Mapping
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
    Slug,
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
    at the issue, by version `mode_version` of the decision of `mode_unit`. `warning_id` is the
    warning of another agency because of which an officer gave it.
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
    rollup: Annotated[tuple[TierCount, ...], Field(max_length=6)] = ()
    actor: Identifier | None = None


class AssignmentState(StrEnum):
    """Lifecycle of one unit's assignment (our own design, docs/sources.md S39)."""

    QUEUED = "queued"
    DELIVERED = "delivered"
    SIGNED = "signed"
    ACCEPTED = "accepted"
    HANDLING = "handling"
    REPORTED = "reported"
    CHECKED = "checked"
    DONE = "done"
    RETURNED = "returned"
    SUSPENDED = "suspended"
    WAIVED = "waived"
    REASSIGNED = "reassigned"
    RECALLED = "recalled"


class AssignmentRole(StrEnum):
    """主办 lead, 协办 assist."""

    LEAD = "lead"
    ASSIST = "assist"


class AssignmentAxis(StrEnum):
    """交办 down the tiers, 分拨 across to a department."""

    VERTICAL = "vertical"
    HORIZONTAL = "horizontal"


class Step(StrEnum):
    """A step of the recipient or the issuer on one assignment."""

    SIGN = "sign"
    ACCEPT = "accept"
    HANDLE = "handle"
    REPORT = "report"
    RETURN = "return"
    SPLIT = "split"
    ASK_SUSPEND = "ask_suspend"
    ASK_EXTEND = "ask_extend"
    RESUME = "resume"
    CHECK = "check"
    SEND_BACK = "send_back"
    CLOSE = "close"
    SUSPEND = "suspend"
    EXTEND = "extend"
    REFUSE = "refuse"
    REASSIGN = "reassign"
    WAIVE = "waive"
    RECALL = "recall"


class Party(StrEnum):
    """The party that may take a step. A unit above the issuer may take an issuer's steps too.

    releaser: the issuer; for a mandatory part of a split assignment, the issuer of the whole. A
    unit that has made a part the condition of its own report cannot drop this part by itself.
    """

    RECIPIENT = "recipient"
    ISSUER = "issuer"
    EITHER = "either"
    RELEASER = "releaser"


PARTIES: Mapping[Step, Party] = {
    Step.SIGN: Party.RECIPIENT,
    Step.ACCEPT: Party.RECIPIENT,
    Step.HANDLE: Party.RECIPIENT,
    Step.REPORT: Party.RECIPIENT,
    Step.RETURN: Party.RECIPIENT,
    Step.SPLIT: Party.RECIPIENT,
    Step.ASK_SUSPEND: Party.RECIPIENT,
    Step.ASK_EXTEND: Party.RECIPIENT,
    Step.RESUME: Party.EITHER,
    Step.CHECK: Party.ISSUER,
    Step.SEND_BACK: Party.ISSUER,
    Step.CLOSE: Party.ISSUER,
    Step.SUSPEND: Party.ISSUER,
    Step.EXTEND: Party.ISSUER,
    Step.REFUSE: Party.ISSUER,
    Step.REASSIGN: Party.ISSUER,
    Step.WAIVE: Party.RELEASER,
    Step.RECALL: Party.RELEASER,
}
"""Who may take which step (docs/sources.md S20, S39: the handler cannot close)."""

VILLAGE_ACTS_FOR = frozenset({Tier.GRID, Tier.MICROGRID})
"""Tiers whose recipient's steps an officer of their village may take: grid workers work for it."""

RECURRING = frozenset(
    {
        Step.SPLIT,
        Step.ASK_SUSPEND,
        Step.ASK_EXTEND,
        Step.RESUME,
        Step.SUSPEND,
        Step.EXTEND,
        Step.REFUSE,
    }
)
"""Steps that may be taken several times within one attempt, told apart by their `number`."""

REASONED = frozenset(
    {
        Step.RETURN,
        Step.ASK_SUSPEND,
        Step.ASK_EXTEND,
        Step.REFUSE,
        Step.REASSIGN,
        Step.WAIVE,
        Step.RECALL,
    }
)
"""Steps without effect unless `text` says why."""


class Ask(Contract):
    """A unit's request to its issuer: suspend the assignment, or extend its time, until `until`."""

    step: Literal[Step.ASK_SUSPEND, Step.ASK_EXTEND]
    until: Instant | None = None
    officer_id: Identifier
    text: Text = ""


class Progress(Contract):
    """The states of the parts of a split assignment; `owed`: mandatory parts not yet done."""

    total: Count
    signed: Count = 0
    reported: Count = 0
    done: Count = 0
    returned: Count = 0
    overdue: Count = 0
    released: Count = 0
    owed: Count = 0


class Part(Contract):
    """The whole of a part of a split assignment; `release_unit` may waive or recall the part."""

    parent_assignment_id: Identifier
    mandatory: bool
    release_unit: UnitId


class Extension(Contract):
    """The number of extensions by the issuer, and the deadline before the first one."""

    times: Annotated[Count, Field(ge=1)]
    original_finish_by: Instant


class AssignmentEvent(Envelope):
    """The `version`-th state of one unit's assignment, complete: the unit's inbox line.

    `alert_id` is the alert behind this attempt; for a case that came back, the newer alert. `line`
    is the key of the plan's line. The issuer of a part of a split assignment is the unit that
    split. `finish_by` moves with an extension. `suspended_s` is the total time of suspension in
    this attempt, in seconds. `mode` (with version and deciding unit) determined the deadlines of
    the attempt.
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
    part: Part | None = None
    reassigned_from: Identifier | None = None
    asked: Ask | None = None
    suspended_until: Instant | None = None
    suspended_s: Annotated[float, Field(ge=0)] | None = None
    extension: Extension | None = None
    children: Progress | None = None


class Acknowledgement(Envelope):
    """A step by an authenticated officer on the assignment of `unit` (PARTIES names the parties).

    The step is idempotent by step and attempt; a step that can recur (RECURRING) by `number` too,
    the version of the assignment that the officer saw (absent = 1). `units`: the recipients of a
    split, or the unit of a reassignment. `mandatory`: the parts have to be done before the report
    of the whole (absent = yes). `until`: the end of a suspension, or the new `finish_by`.
    """

    type: Literal["acknowledgement"] = "acknowledgement"
    assignment_id: Identifier
    command_id: Identifier
    unit: UnitId
    step: Step
    attempt: Annotated[int, Field(ge=1, le=99)] = 1
    number: Version | None = None
    officer_id: Identifier
    officer_unit: UnitId
    post: Post
    text: Text = ""
    until: Instant | None = None
    units: Annotated[tuple[UnitId, ...], Field(min_length=1, max_length=500)] | None = None
    mandatory: bool | None = None


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


class SupervisionKind(StrEnum):
    """督办: the findings of a durable timer; `urged`: an officer has called the unit 催办."""

    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    REMINDED = "reminded"
    ESCALATED = "escalated"
    URGED = "urged"


SupervisionClock = Literal[
    "sign", "finish", "report_phone", "report_written", "report_follow_up", "report_final"
]
"""Which deadline: the two of an assignment, or one of a unit's duty to report upward."""


class SupervisionEvent(Envelope):
    """A firing of a timer of an assignment (`command_id`) or of a report duty (`incident_id`).

    `urged`: an officer has called the unit at `due_at`. `rung` counts escalations from 1; `text` is
    the state so far; `target_unit` and `target_post` are to be called. `late_by_s` is the delay of
    the timer in seconds (0 unless the system was down).
    """

    type: Literal["supervision"] = "supervision"
    supervision_id: Identifier
    kind: SupervisionKind
    clock: SupervisionClock
    subject_id: Identifier
    command_id: Identifier | None = None
    incident_id: Identifier | None = None
    alert_id: Identifier | None = None
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
