"""A command and an assignment as the core sees them: immutable values, changed by replacement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from shared.contracts.commands import Ask, AssignmentState, CommandState, Progress, Step
from shared.contracts.fields import DataGrade, Level, ResponseMode, Status, Tier
from shared.definitions.response_plans.orders import Brief


class Act(msgspec.Struct, frozen=True, gc=False):
    """A person's step as far as an assignment cares: who did what, where, when, in which record.

    `occurred_at` is event time (the officer's), never compared with a deadline.
    """

    step: Step
    record_id: str
    officer_id: str
    officer_unit: str
    text: str
    occurred_at: datetime
    number: int = 1
    until: datetime | None = None
    units: tuple[str, ...] = ()
    mandatory: bool = True


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `version` counts its published states; `briefs` are what its recipients are told;
    `mode` was its root's at the issue.

    `recipients` are those resolved at the issue, `given_on` the assignments made since by splitting and
    reassigning. `case_key` tells when the same case comes back (shared/contracts/ids.py), None = never
    by itself. `because_of` is the alert because of which it stands now: `alert_id`, until another one brings
    the case back.
    """

    command_id: str
    status: Status
    version: int
    state: CommandState
    alert_id: str | None
    event_type: str
    level: Level
    root: str
    issuer_unit: str
    title: str
    instruction: str
    areas: tuple[str, ...]
    recipients: int
    recipients_digest: str
    briefs: tuple[Brief, ...]
    plan_id: str | None
    plan_version: int | None
    sign_by: datetime
    finish_by: datetime
    trace_id: str
    actor: str | None
    mode: ResponseMode = ResponseMode.NORMAL
    mode_version: int = 0
    mode_unit: str | None = None
    case_key: str | None = None
    closed_at: datetime | None = None
    given_on: int = 0
    data_grade: DataGrade = DataGrade.GENERAL
    because_of: str | None = None


class Assignment(msgspec.Struct, frozen=True, gc=False):
    """One unit's assignment. All times are the database's.

    `waiting` holds steps that came too early: before the unit's signature, while it is suspended, a
    report before the parts are done. `calls` counts firings of the clock
    that calls now: the signing one until the signature, then the finishing one, anew after an extension.
    `changed_at` is the time of the last change, so that no later change can claim an earlier time.
    `mode` is what this attempt was given its clocks by: they keep to it, even when the unit's mode
    changes meanwhile. `brief` is its place in the command's briefs; what a plan sets as deadlines stands
    in `sign_within_s` and `finish_within_s`, for the next attempt too.

    `given_by`, `release_unit`: who gave it by splitting and who may drop it (None = the command's
    issuer); `children`: what its own parts add up to. `recurred`: by step that can recur, the highest
    number taken in this attempt. `suspended_s`: seconds it was suspended in this attempt, all told.
    """

    assignment_id: str
    command_id: str
    status: Status
    unit: str
    unit_tier: Tier
    parent_unit: str | None
    synthetic: bool
    version: int
    state: AssignmentState
    attempt: int
    sign_by: datetime
    finish_by: datetime
    changed_at: datetime
    brief: int = 0
    sign_within_s: float | None = None
    finish_within_s: float | None = None
    waiting: tuple[Act, ...] = ()
    signed_at: datetime | None = None
    reported_at: datetime | None = None
    done_at: datetime | None = None
    late: bool = False
    sign_overdue: bool = False
    finish_overdue: bool = False
    calls: int = 0
    mode: ResponseMode = ResponseMode.NORMAL
    mode_version: int = 0
    mode_unit: str | None = None
    actor: str | None = None
    reason: str = ""
    parent_assignment_id: str | None = None
    given_by: str | None = None
    release_unit: str | None = None
    mandatory: bool = True
    reassigned_from: str | None = None
    children: Progress | None = None
    asked: Ask | None = None
    recurred: tuple[tuple[Step, int], ...] = ()
    suspended_from: AssignmentState | None = None
    suspended_at: datetime | None = None
    suspended_until: datetime | None = None
    suspended_s: float = 0.0
    extensions: int = 0
    original_finish_by: datetime | None = None

    @property
    def standing(self) -> AssignmentState:
        """How far the unit is: the state, or the one that a suspension will give back."""
        return self.suspended_from or self.state

    @property
    def owed(self) -> int:
        """Mandatory parts that are not done yet."""
        return self.children.owed if self.children else 0
