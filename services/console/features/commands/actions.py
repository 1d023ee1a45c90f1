"""Free commands and steps on assignments, as records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.console.core.access import Viewer
from services.console.core.action_record import ActionRecord, head
from services.console.core.record import OutgoingRecord
from shared.contracts.assignments import RECURRING, Acknowledgement, Step
from shared.contracts.commands import CommandRequest
from shared.contracts.fields import DataGrade, Level, Status
from shared.contracts.ids import acknowledgement_id, content_id, transition_id
from shared.contracts.selections import Selection
from shared.contracts.topics import ACKNOWLEDGEMENTS, COMMAND_REQUESTS


@dataclass(frozen=True, slots=True)
class StepIntent:
    """An officer's step on an assignment (contract Acknowledgement)."""

    step: Step
    attempt: int
    text: str
    until: datetime | None = None
    units: tuple[str, ...] = ()
    mandatory: bool = True


def acknowledgement(
    viewer: Viewer, assignment: OutgoingRecord, intent: StepIntent, now: datetime
) -> ActionRecord:
    """Return the record of a step on an assignment.

    A repeatable step is numbered by the version shown to the officer.
    """
    subject, unit = assignment["assignment_id"], assignment["unit"]
    step, attempt = intent.step, intent.attempt
    number = assignment["version"] if step in RECURRING else None
    cause = (transition_id(subject, assignment["version"]),)
    return ActionRecord(
        ACKNOWLEDGEMENTS,
        assignment["command_id"],
        Acknowledgement(
            id=acknowledgement_id(subject, step, attempt, viewer.officer_id, number or 1),
            assignment_id=subject,
            command_id=assignment["command_id"],
            unit=unit,
            step=step,
            attempt=attempt,
            number=number,
            officer_id=viewer.officer_id,
            officer_unit=viewer.unit,
            post=viewer.post,
            text=intent.text,
            until=intent.until,
            units=intent.units or None,
            mandatory=intent.mandatory if intent.units else None,
            **head(viewer, assignment, (unit,), cause, now, assignment["data_grade"]),
        ),
        viewer.officer_id,
    )


@dataclass(frozen=True, slots=True)
class CommandDraft:
    """A free command in the words of an officer. `root` contains all receiving units.

    `warning_id` is the warning of another agency behind the command, `grade` that of its words.
    """

    selection: Selection
    assist: Selection | None
    root: str
    seen_digest: str | None
    event_type: str
    level: Level
    title: str
    instruction: str
    sign_by: datetime | None
    finish_by: datetime | None
    status: Status
    warning_id: str | None = None
    grade: DataGrade = DataGrade.GENERAL


def issue(
    viewer: Viewer, draft: CommandDraft, idempotency_key: str | None, now: datetime
) -> ActionRecord:
    """Return the record of a free command.

    Without a key, an equal text on an equal day (UTC) gives an equal id.
    """
    if idempotency_key is not None:
        command_id = content_id("cmd", "free", viewer.officer_id, draft.status, idempotency_key)
    else:
        command_id = content_id(
            "cmd",
            "free",
            viewer.officer_id,
            draft.selection.model_dump_json(),
            *([draft.assist.model_dump_json()] if draft.assist else []),
            *[at.isoformat() for at in (draft.sign_by, draft.finish_by) if at is not None],
            draft.event_type,
            draft.level,
            draft.title,
            draft.instruction,
            draft.status,
            now.date().isoformat(),
        )
    return ActionRecord(
        COMMAND_REQUESTS,
        command_id,
        CommandRequest(
            id=content_id("req", command_id, "issue"),
            verb="issue",
            command_id=command_id,
            selection=draft.selection,
            assist=draft.assist,
            seen_digest=draft.seen_digest,
            event_type=draft.event_type,
            level=draft.level,
            title=draft.title,
            instruction=draft.instruction,
            warning_id=draft.warning_id,
            sign_by=draft.sign_by,
            finish_by=draft.finish_by,
            officer_id=viewer.officer_id,
            post=viewer.post,
            **head(
                viewer,
                {"status": draft.status, "trace_id": command_id},
                (draft.root,),
                () if draft.warning_id is None else (draft.warning_id,),
                now,
                draft.grade,
            ),
        ),
        viewer.officer_id,
    )


def manage(
    viewer: Viewer, command: OutgoingRecord, verb: Any, version: int, now: datetime
) -> ActionRecord:
    """Return the record to check, close, revoke or reopen a command.

    `version` is the version shown to the officer.
    """
    return _on_command(viewer, command, verb, version, now, (version,))


def urge(
    viewer: Viewer, command: OutgoingRecord, within: str, version: int, now: datetime
) -> ActionRecord:
    """Return the record to urge the units of a command at or below `within`, once a minute."""
    minute = now.strftime("%Y-%m-%dT%H:%M")
    return _on_command(viewer, command, "urge", version, now, (within, minute), within)


def _on_command(
    viewer: Viewer,
    command: OutgoingRecord,
    verb: Any,
    version: int,
    now: datetime,
    parts: tuple[str | int, ...],
    within: str | None = None,
) -> ActionRecord:
    """Return the record of an act on a command; `parts` tell repeats of the act apart."""
    command_id = command["command_id"]
    cause = (transition_id(command_id, version),)
    return ActionRecord(
        COMMAND_REQUESTS,
        command_id,
        CommandRequest(
            id=content_id("req", command_id, verb, viewer.officer_id, *parts),
            verb=verb,
            command_id=command_id,
            within=within,
            officer_id=viewer.officer_id,
            post=viewer.post,
            **head(viewer, command, (command["root"],), cause, now, command["data_grade"]),
        ),
        viewer.officer_id,
    )
