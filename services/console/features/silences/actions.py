"""Silences and maintenance windows of officers, as records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.console.core.access import Viewer
from services.console.core.action_record import ActionRecord, head
from services.console.core.record import OutgoingRecord
from shared.contracts.fields import Status
from shared.contracts.ids import content_id, transition_id
from shared.contracts.silences import Matcher, SilenceKind, SilenceRequest, WeeklyWindow
from shared.contracts.topics import SILENCES


@dataclass(frozen=True, slots=True)
class SilenceDraft:
    """A silence or maintenance window in the words of an officer."""

    kind: SilenceKind
    matcher: Matcher
    begin_at: datetime
    end_at: datetime
    reason: str
    status: Status
    until_cleared: bool = False
    weekly: WeeklyWindow | None = None


def silence(viewer: Viewer, draft: SilenceDraft, now: datetime) -> ActionRecord:
    """Return the record of a new silence; an equal silence has an equal id."""
    silence_id = content_id(
        "sil",
        viewer.officer_id,
        draft.kind,
        draft.matcher.model_dump_json(exclude_none=True),
        draft.begin_at.isoformat(),
        draft.end_at.isoformat(),
        draft.status,
        *(("until_cleared",) if draft.until_cleared else ()),
        *((draft.weekly.model_dump_json(),) if draft.weekly is not None else ()),
    )
    area = draft.matcher.place or viewer.unit
    return ActionRecord(
        SILENCES,
        silence_id,
        SilenceRequest(
            id=content_id("req", silence_id, "create"),
            silence_id=silence_id,
            verb="create",
            kind=draft.kind,
            matcher=draft.matcher,
            begin_at=draft.begin_at,
            end_at=draft.end_at,
            until_cleared=draft.until_cleared,
            weekly=draft.weekly,
            officer_id=viewer.officer_id,
            post=viewer.post,
            reason=draft.reason,
            **head(viewer, {"status": draft.status, "trace_id": silence_id}, (area,), (), now),
        ),
        viewer.officer_id,
    )


def end_silence(
    viewer: Viewer,
    existing_record: OutgoingRecord,
    end_at: datetime | None,
    reason: str,
    now: datetime,
) -> ActionRecord:
    """Return the record of a new end for a silence at the version shown; None ends it at once."""
    silence_id, version = existing_record["silence_id"], existing_record["version"]
    verb: Literal["extend", "end"] = "end" if end_at is None else "extend"
    cause = (transition_id(silence_id, version),)
    return ActionRecord(
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
