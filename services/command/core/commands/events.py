"""The record of a command's present state, in the form of the contract."""

from __future__ import annotations

from datetime import datetime

from services.command.core.cause import Cause, references
from services.command.core.commands.model import Command
from services.command.core.commands.rollup import Rollup, tier_counts
from shared.contracts.commands import CommandEvent
from shared.contracts.ids import transition_id
from shared.contracts.units import tier_of


def command_event(command: Command, rollup: Rollup, cause: Cause, now: datetime) -> CommandEvent:
    """Return the record of the command's present state."""
    return CommandEvent(
        id=transition_id(command.command_id, command.version),
        status=command.status,
        occurred_at=cause.occurred_at,
        sent_at=now,
        origin_unit=cause.unit,
        tier=tier_of(cause.unit),
        areas=command.areas,
        references=references(command.command_id, command.version, cause),
        trace_id=command.trace_id,
        data_grade=command.data_grade,
        command_id=command.command_id,
        version=command.version,
        state=command.state,
        alert_id=command.alert_id,
        event_type=command.event_type,
        level=command.level,
        root=command.root,
        issuer_unit=command.issuer_unit,
        title=command.title,
        instruction=command.instruction,
        recipients=command.recipients,
        given_on=command.derived_assignments,
        recipients_digest=command.recipients_digest,
        plan_id=command.plan_id,
        plan_version=command.plan_version,
        warning_id=command.warning_id,
        limits_id=command.limits_id,
        limits_version=command.limits_version,
        sign_by=command.sign_by,
        finish_by=command.finish_by,
        mode=command.mode,
        mode_version=command.mode_version,
        mode_unit=command.mode_unit,
        rollup=tier_counts(rollup),
        actor=cause.actor,
    )
