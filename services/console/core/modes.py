"""Response modes as the console shows and changes them: what holds where, what a change would do."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from services.console.core.access import (
    Viewer,
    is_entitled,
    may_sign_mode,
    may_stop_mode,
)
from services.console.core.acts import Act, head
from services.console.core.masking import opens
from services.console.core.names import Names
from services.console.core.record import Record
from shared.contracts.fields import ResponseMode, Status
from shared.contracts.ids import content_id, transition_id
from shared.contracts.lifecycles.mode_proposal import VERBS
from shared.contracts.modes import ModeRequest, ModeVerb, ProposalState
from shared.contracts.refusals import RefusedFor
from shared.contracts.topics import MODE_REQUESTS
from shared.domain.response_modes.effective import Effective, Modes
from shared.domain.response_modes.order import STRICTNESS
from shared.domain.response_modes.wording import preview

Json = dict[str, Any]

_ORDER = (ModeVerb.APPROVE, ModeVerb.REJECT, ModeVerb.END)


def modes_of(rows: Iterable[Record]) -> Modes:
    """The decisions of the read model."""
    return Modes(
        (
            Status(row["status"]),
            Effective(ResponseMode(row["mode"]), row["version"], row["unit"]),
        )
        for row in rows
    )


def effective_view(modes: Modes, status: Status, unit: str, names: Names) -> Json:
    """What holds for a unit, and whose decision it is."""
    result = modes.effective(status, unit)
    return {
        "unit": unit,
        "unit_name": names.unit(unit),
        "mode": result.mode,
        "version": result.version,
        "decided_at": result.unit,
        "decided_at_name": None if result.unit is None else names.unit(result.unit),
        "own": modes.own(status, unit).mode,
    }


def proposal_view(row: Record, viewer: Viewer, modes: Modes, names: Names) -> Json:
    """A proposal with what this officer can do about it and what it changes."""
    return {
        "proposal_id": row["proposal_id"],
        "status": row["status"],
        "version": row["version"],
        "state": row["state"],
        "unit": row["unit"],
        "unit_name": names.unit(row["unit"]),
        "mode": row["mode"],
        "until": row["until"],
        "decide_by": row["decide_by"],
        "proposed_by": row["proposed_by"],
        "signatures": json.loads(row["signatures"]),
        "next_posts": list(row["next_posts"]),
        "alert_id": row["alert_id"],
        "reason": row["reason"] if opens(viewer, row["unit"], row["data_grade"]) else "",
        "sent_at": row["sent_at"],
        "may": verbs_of(viewer, row),
        "preview": change(modes, Status(row["status"]), row["unit"], row["mode"], names),
    }


def change(modes: Modes, status: Status, unit: str, own: str, names: Names) -> Json:
    """What holds at `unit` now and after it decided `own`, in words."""
    now = modes.effective(status, unit)
    above = modes.inherited(status, unit)
    after = max(ResponseMode(own), above.mode, key=STRICTNESS.__getitem__)
    zh, en = preview(names.unit(unit), now.mode, after)
    return {"from": now.mode, "to": after, "inherited": above.mode, "zh": zh, "en": en}


def denial_of(viewer: Viewer, row: Record, verb: ModeVerb) -> RefusedFor | None:
    """Why this officer may not do it, or None."""
    if verb is ModeVerb.APPROVE:
        return may_sign_mode(viewer, row["unit"], _signed(row))
    proposer = row["proposed_by"] if verb is ModeVerb.REJECT else None
    return may_stop_mode(viewer, row["unit"], proposer)


def verbs_of(viewer: Viewer, row: Record) -> list[ModeVerb]:
    """What this officer can do about the proposal now."""
    possible = VERBS[ProposalState(row["state"])]
    verbs = [verb for verb in _ORDER if verb in possible]
    return [verb for verb in verbs if is_entitled(viewer, partial(denial_of, row=row, verb=verb))]


def propose(
    viewer: Viewer,
    status: Status,
    unit: str,
    mode: ResponseMode,
    until: datetime,
    reason: str,
    key: str | None,
    now: datetime,
) -> tuple[str, Act]:
    """A proposal's id and its record. Without a key, the same proposal again on the same day (UTC) is the same."""
    what = (
        ("key", key)
        if key is not None
        else (unit, mode, until.astimezone(UTC).isoformat(), reason, now.date().isoformat())
    )
    proposal_id = content_id("mod", "person", viewer.officer_id, status, *what)
    request = ModeRequest(
        id=content_id("mrq", proposal_id, ModeVerb.PROPOSE),
        unit=unit,
        verb=ModeVerb.PROPOSE,
        proposal_id=proposal_id,
        mode=mode,
        until=until,
        officer_id=viewer.officer_id,
        post=viewer.post,
        reason=reason,
        **head(viewer, {"status": status, "trace_id": proposal_id}, (unit,), (), now),
    )
    return proposal_id, Act(MODE_REQUESTS, unit, request, viewer.officer_id)


def act(
    viewer: Viewer, row: Record, verb: ModeVerb, version: int, reason: str, now: datetime
) -> Act:
    """Approve, reject or end as the officer saw the proposal at `version`."""
    proposal_id, unit = row["proposal_id"], row["unit"]
    cause = (transition_id(proposal_id, version),)
    request = ModeRequest(
        id=content_id("mrq", proposal_id, verb, viewer.officer_id, version),
        unit=unit,
        verb=verb,
        proposal_id=proposal_id,
        officer_id=viewer.officer_id,
        post=viewer.post,
        reason=reason,
        **head(viewer, row, (unit,), cause, now),
    )
    return Act(MODE_REQUESTS, unit, request, viewer.officer_id)


def _signed(row: Record) -> tuple[str, ...]:
    return tuple(load["officer_id"] for load in json.loads(row["signatures"]))
