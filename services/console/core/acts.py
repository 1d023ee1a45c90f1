"""What a person does, as the contract record that tells of it.

Ids follow from who did what to what, so that a double click, a retry and a second browser tab are one
act. The first record's times are kept (store/acts.py) and sent again unchanged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from services.console.core.access import Viewer
from services.console.core.record import Record
from shared.contracts.alerts import AlertDecision, DecisionVerb
from shared.contracts.commands import RECURRING, Acknowledgement, CommandRequest, Step
from shared.contracts.envelope import Envelope
from shared.contracts.fields import DataGrade, Level, Status
from shared.contracts.ids import acknowledgement_id, content_id, transition_id
from shared.contracts.reports import Means, Report, ReporterRole, ReportFacts, ReportKind
from shared.contracts.selections import Selection
from shared.contracts.silences import Matcher, SilenceKind, SilenceRequest
from shared.contracts.topics import (
    ACKNOWLEDGEMENTS,
    DECISIONS,
    REPORTS,
    REQUESTS,
    SILENCES,
    TopicSpec,
)
from shared.contracts.units import tier_of

_NOT_MEANT = {
    "occurred_at", "sent_at", "trace_id", "references", "follows", "arrive_by", "data_grade",
}  # fmt: skip
"""What the moment adds to an act: the same meant a second time is the same act."""


@dataclass(frozen=True, slots=True)
class Act:
    """A record to be written for an officer: where to, under which key."""

    spec: TopicSpec
    key: str
    message: Envelope
    officer_id: str

    def digest(self) -> bytes:
        """Hash of what the officer meant, without times, chains and grade."""
        meant = self.message.model_dump_json(exclude=_NOT_MEANT, exclude_none=True)
        return hashlib.sha256(meant.encode()).digest()[:16]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an officer decides about an alert, and with what: `more` are the verb's own fields."""

    verb: DecisionVerb
    level: Level | None
    reason: str
    more: Mapping[str, Any] = field(default_factory=dict)


def decision(viewer: Viewer, alert: Record, judged: Judgement, version: int, now: datetime) -> Act:
    """A decision on an alert as the officer saw it at `version`."""
    alert_id, verb, level = alert["alert_id"], judged.verb, judged.level
    said = [f"{name}={value}" for name, value in sorted(judged.more.items())]
    return Act(
        DECISIONS,
        alert_id,
        AlertDecision(
            id=content_id(
                "dec", alert_id, verb, level or "none", viewer.officer_id, version, *said
            ),
            alert_id=alert_id,
            verb=verb,
            level=level,
            officer_id=viewer.officer_id,
            post=viewer.post,
            reason=judged.reason,
            **judged.more,
            **head(
                viewer,
                alert,
                (alert["place"],),
                (transition_id(alert_id, version),),
                now,
                alert["data_grade"],
            ),
        ),
        viewer.officer_id,
    )


@dataclass(frozen=True, slots=True)
class Window:
    """A silence or maintenance window as an officer wants it."""

    kind: SilenceKind
    matcher: Matcher
    begin_at: datetime
    end_at: datetime
    reason: str
    status: Status


def silence(viewer: Viewer, wanted: Window, now: datetime) -> Act:
    """A new silence; the same one twice is one."""
    silence_id = content_id(
        "sil",
        viewer.officer_id,
        wanted.kind,
        wanted.matcher.model_dump_json(exclude_none=True),
        wanted.begin_at.isoformat(),
        wanted.end_at.isoformat(),
        wanted.status,
    )
    area = wanted.matcher.place or viewer.unit
    return Act(
        SILENCES,
        silence_id,
        SilenceRequest(
            id=content_id("req", silence_id, "create"),
            silence_id=silence_id,
            verb="create",
            kind=wanted.kind,
            matcher=wanted.matcher,
            begin_at=wanted.begin_at,
            end_at=wanted.end_at,
            officer_id=viewer.officer_id,
            post=viewer.post,
            reason=wanted.reason,
            **head(viewer, {"status": wanted.status, "trace_id": silence_id}, (area,), (), now),
        ),
        viewer.officer_id,
    )


def end_silence(
    viewer: Viewer, existing_record: Record, end_at: datetime | None, reason: str, now: datetime
) -> Act:
    """Another end for a silence as the officer saw it: later, or (None) at once."""
    silence_id, version = existing_record["silence_id"], existing_record["version"]
    verb: Literal["extend", "end"] = "end" if end_at is None else "extend"
    cause = (transition_id(silence_id, version),)
    return Act(
        SILENCES,
        silence_id,
        SilenceRequest(
            id=content_id("req", silence_id, verb, viewer.officer_id, version, str(end_at)),
            silence_id=silence_id,
            verb=verb,
            end_at=end_at,
            officer_id=viewer.officer_id,
            post=viewer.post,
            reason=reason,
            **head(viewer, existing_record, (existing_record["place"],), cause, now),
        ),
        viewer.officer_id,
    )


@dataclass(frozen=True, slots=True)
class Stepped:
    """A step on an assignment as an officer meant it (contracts Acknowledgement)."""

    step: Step
    attempt: int
    text: str
    until: datetime | None = None
    units: tuple[str, ...] = ()
    mandatory: bool = True


def acknowledgement(viewer: Viewer, assignment: Record, meant: Stepped, now: datetime) -> Act:
    """A step on an assignment; one that can recur is numbered by the version the officer saw."""
    subject, unit = assignment["assignment_id"], assignment["unit"]
    step, attempt = meant.step, meant.attempt
    number = assignment["version"] if step in RECURRING else None
    cause = (transition_id(subject, assignment["version"]),)
    return Act(
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
            text=meant.text,
            until=meant.until,
            units=meant.units or None,
            mandatory=meant.mandatory if meant.units else None,
            **head(viewer, assignment, (unit,), cause, now, assignment["data_grade"]),
        ),
        viewer.officer_id,
    )


@dataclass(frozen=True, slots=True)
class Draft:
    """A free command as an officer wrote it. `root` holds all that it reaches."""

    selection: Selection
    root: str
    seen_digest: str | None
    event_type: str
    level: Level
    title: str
    instruction: str
    status: Status


def issue(viewer: Viewer, draft: Draft, idempotency_key: str | None, now: datetime) -> Act:
    """A free command. Without a key, the same text on the same day (UTC) is the same command."""
    if idempotency_key is not None:
        command_id = content_id("cmd", "free", viewer.officer_id, draft.status, idempotency_key)
    else:
        command_id = content_id(
            "cmd",
            "free",
            viewer.officer_id,
            draft.selection.model_dump_json(),
            draft.event_type,
            draft.level,
            draft.title,
            draft.instruction,
            draft.status,
            now.date().isoformat(),
        )
    return Act(
        REQUESTS,
        command_id,
        CommandRequest(
            id=content_id("req", command_id, "issue"),
            verb="issue",
            command_id=command_id,
            selection=draft.selection,
            seen_digest=draft.seen_digest,
            event_type=draft.event_type,
            level=draft.level,
            title=draft.title,
            instruction=draft.instruction,
            officer_id=viewer.officer_id,
            post=viewer.post,
            **head(
                viewer, {"status": draft.status, "trace_id": command_id}, (draft.root,), (), now
            ),
        ),
        viewer.officer_id,
    )


def manage(viewer: Viewer, command: Record, verb: Any, version: int, now: datetime) -> Act:
    """Check, close, revoke or re-open a command as the officer saw it at `version`."""
    command_id = command["command_id"]
    cause = (transition_id(command_id, version),)
    return Act(
        REQUESTS,
        command_id,
        CommandRequest(
            id=content_id("req", command_id, verb, viewer.officer_id, version),
            verb=verb,
            command_id=command_id,
            officer_id=viewer.officer_id,
            post=viewer.post,
            **head(viewer, command, (command["root"],), cause, now, command["data_grade"]),
        ),
        viewer.officer_id,
    )


@dataclass(frozen=True, slots=True)
class ReportDraft:
    """An upward report as an officer wrote it, with its line and place filled in."""

    incident_id: str
    status: Status
    kind: ReportKind
    means: Means
    number: int
    from_unit: str
    to_unit: str
    place: str
    event_type: str
    headline: str
    text: str
    facts: ReportFacts | None
    restricted: bool
    trace_id: str | None


def report(
    viewer: Viewer,
    draft: ReportDraft,
    chain: Sequence[str],
    idempotency_key: str | None,
    now: datetime,
) -> Act:
    """An upward report; it follows the last one of `chain` (its line's reports, oldest first).

    Without a key, one officer's report of one kind, means and number on one line is one act.
    """
    if idempotency_key is not None:
        report_id = content_id("rpt", "key", viewer.officer_id, draft.status, idempotency_key)
    else:
        report_id = content_id(
            "rpt",
            viewer.officer_id,
            draft.status,
            draft.incident_id,
            draft.from_unit,
            draft.to_unit,
            draft.means,
            draft.kind,
            draft.number,
        )
    # Sent again, it does not follow itself.
    follows = next((name for name in reversed(chain) if name != report_id), None)
    common = head(
        viewer,
        {"status": draft.status, "trace_id": draft.trace_id or report_id},
        (draft.place,),
        (follows,) if follows else (),
        now,
    )
    return Act(
        REPORTS,
        draft.incident_id,
        Report(
            id=report_id,
            incident_id=draft.incident_id,
            kind=draft.kind,
            number=draft.number,
            event_type=draft.event_type,
            place=draft.place,
            reporter_id=viewer.officer_id,
            reporter_role=ReporterRole.OFFICER,
            headline=draft.headline,
            text=draft.text,
            restricted=draft.restricted,
            means=draft.means,
            from_unit=draft.from_unit,
            to_unit=draft.to_unit,
            follows=follows,
            facts=draft.facts,
            **common,
        ),
        viewer.officer_id,
    )


def head(
    viewer: Viewer,
    cause: Record,
    areas: tuple[str, ...],
    references: tuple[str, ...],
    now: datetime,
    grade: str = DataGrade.GENERAL,
) -> dict[str, Any]:
    """The envelope of a record that follows from `cause`; its status is the cause's. `grade`: of what it is
    about, for what an officer writes about it is no less."""
    return {
        "status": Status(cause["status"]),
        "occurred_at": now,
        "sent_at": now,
        "origin_unit": viewer.unit,
        "tier": tier_of(viewer.unit),
        "areas": areas,
        "references": references,
        "trace_id": cause["trace_id"],
        "data_grade": DataGrade(grade),
    }
