"""Assignments 交办 to units, and acknowledgements 签收/反馈 up the tiers."""

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
    this attempt, in seconds. `mode` (with version and deciding unit) and a version of a document of
    limits (`limits_id`) determined the deadlines of the attempt.
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
    limits_id: RuleId | None = None
    limits_version: Version | None = None
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
