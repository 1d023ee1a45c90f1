"""Supervision 督办: the findings of durable timers, and the posts that are called."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.envelope import Envelope
from shared.contracts.fields import (
    Identifier,
    Instant,
    Level,
    Line,
    Post,
    ResponseMode,
    RuleId,
    Text,
    UnitId,
    Version,
)
from shared.contracts.modes import ModeVersion


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
    the timer in seconds (0 unless the system was down). `limits_id` and `limits_version` name the
    document of limits that gives the pause until the next call.
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
    limits_id: RuleId | None = None
    limits_version: Version | None = None
    text: Text = ""
