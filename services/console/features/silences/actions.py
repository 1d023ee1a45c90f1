"""Silences and maintenance windows that officers ask for, as records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.console.core.access import Viewer
from services.console.core.action_record import ActionRecord, head
from services.console.core.record import Record
from shared.contracts.fields import Status
from shared.contracts.ids import content_id, transition_id
from shared.contracts.silences import Matcher, SilenceKind, SilenceRequest
from shared.contracts.topics import SILENCES


@dataclass(frozen=True, slots=True)
class SilenceDraft:
    """A silence or maintenance window as an officer wants it."""

    kind: SilenceKind
    matcher: Matcher
    begin_at: datetime
    end_at: datetime
    reason: str
    status: Status


def silence(viewer: Viewer, wanted: SilenceDraft, now: datetime) -> ActionRecord:
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
    return ActionRecord(
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
) -> ActionRecord:
    """Another end for a silence as the officer saw it: later, or (None) at once."""
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
