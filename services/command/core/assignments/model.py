"""An assignment and a step of an officer: immutable values, changed by replacement."""

from __future__ import annotations

from datetime import datetime

import msgspec

from services.command.core.cause import Cause
from shared.contracts.assignments import Ask, AssignmentState, Progress, Step
from shared.contracts.fields import ResponseMode, Status, Tier


class OfficerStep(msgspec.Struct, frozen=True, gc=False):
    """One step of an officer, reduced to the fields that an assignment needs.

    `record_id` is the id of the acknowledgement or request. `occurred_at` is event time, taken from
    the officer's device; no deadline is compared with it.
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

    @property
    def cause(self) -> Cause:
        """The step as the cause of a change."""
        return Cause(self.record_id, self.occurred_at, self.officer_unit, self.officer_id)


class Assignment(msgspec.Struct, frozen=True, gc=False):
    """The assignment of one unit. All times are times of the database, except those of steps.

    `signed_at`, `reported_at`, `done_at` and `suspended_at` are the times at which Kafka accepted
    the step, and `late` is judged by them. `changed_at` is the time of the last change; no later
    change can claim an earlier time.

    `brief` is an index into the briefs of the command. `sign_within_s` and `finish_within_s` are
    deadlines that a plan sets; they hold for the next attempt as well.

    `mode` is the response mode of the unit when the attempt began. The deadlines of the attempt
    follow from that mode even when the unit's mode changes later.

    `limits_id` and `limits_version` name the document of limits from which the deadlines of the
    attempt follow (None: an attempt from before there were documents).

    `waiting_steps` are steps that came too early: before the signature of the unit, during a
    suspension, or a report before the parts are done.

    `calls` counts the calls of the running clock: of the signing clock until the signature, of the
    finishing clock from then on. An extension starts the count again.

    `splitting_unit` made the assignment by splitting another one; `release_unit` may waive or
    recall the assignment (None: the issuer of the command). `children` is the progress of the
    parts.

    `recurrences` has the highest number of each repeatable step in this attempt. `suspended_s` is
    the total time of suspension in this attempt, in seconds.
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
    waiting_steps: tuple[OfficerStep, ...] = ()
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
    splitting_unit: str | None = None
    release_unit: str | None = None
    mandatory: bool = True
    reassigned_from: str | None = None
    children: Progress | None = None
    pending_request: Ask | None = None
    recurrences: tuple[tuple[Step, int], ...] = ()
    suspended_from: AssignmentState | None = None
    suspended_at: datetime | None = None
    suspended_until: datetime | None = None
    suspended_s: float = 0.0
    extensions: int = 0
    original_finish_by: datetime | None = None
    limits_id: str | None = None
    limits_version: int | None = None

    @property
    def progress_state(self) -> AssignmentState:
        """The state, or during a suspension the state to which the assignment will return."""
        return self.suspended_from or self.state

    @property
    def owed_parts(self) -> int:
        """The number of mandatory parts that are not done."""
        return self.children.owed if self.children else 0
