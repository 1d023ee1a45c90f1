"""A command as an immutable value, changed by replacement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.contracts.commands import CommandState
from shared.contracts.fields import DataGrade, Level, ResponseMode, Status
from shared.definitions.response_plans.orders import Brief


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `version` counts the published states.

    `briefs` are the texts for the recipients. `mode` is the response mode of the root when the
    command was issued. `recipients` counts the units that were resolved at the issue,
    `derived_assignments` the assignments that splitting and reassigning added.

    `limits_id` and `limits_version` name the document of limits of the root at the issue.

    `case_key` identifies the case (shared/contracts/ids.py): an alert with the same key re-opens
    the command. None: no alert re-opens the command. `alert_id` is the alert that caused the issue,
    `current_alert_id` the alert for which the command is open now.
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
    derived_assignments: int = 0
    data_grade: DataGrade = DataGrade.GENERAL
    current_alert_id: str | None = None
    warning_id: str | None = None
    limits_id: str | None = None
    limits_version: int | None = None
