"""Proposals of response modes, and decisions on proposals, as records."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial

from services.console.core.access import Viewer, is_entitled, may_sign_mode, may_stop_mode
from services.console.core.action_record import ActionRecord, head
from services.console.core.record import Record
from shared.contracts.fields import ResponseMode, Status
from shared.contracts.ids import content_id, transition_id
from shared.contracts.lifecycles.mode_proposal import VERBS
from shared.contracts.modes import ModeRequest, ModeVerb, ProposalState
from shared.contracts.refusals import RefusedFor
from shared.contracts.topics import MODE_REQUESTS

_ORDER = (ModeVerb.APPROVE, ModeVerb.REJECT, ModeVerb.END)


def denial_of(viewer: Viewer, row: Record, verb: ModeVerb) -> RefusedFor | None:
    """Return the reason to refuse the verb to the officer, or None."""
    if verb is ModeVerb.APPROVE:
        return may_sign_mode(viewer, row["unit"], _signed(row))
    proposer = row["proposed_by"] if verb is ModeVerb.REJECT else None
    return may_stop_mode(viewer, row["unit"], proposer)


def verbs_of(viewer: Viewer, row: Record) -> list[ModeVerb]:
    """Return the verbs offered to the officer on the proposal now."""
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
) -> tuple[str, ActionRecord]:
    """Return the id and the record of a proposal.

    Without a key, an equal proposal on an equal day (UTC) gives an equal id.
    """
    proposal_fields = (
        ("key", key)
        if key is not None
        else (unit, mode, until.astimezone(UTC).isoformat(), reason, now.date().isoformat())
    )
    proposal_id = content_id("mod", "person", viewer.officer_id, status, *proposal_fields)
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
    return proposal_id, ActionRecord(MODE_REQUESTS, unit, request, viewer.officer_id)


def act(
    viewer: Viewer, row: Record, verb: ModeVerb, version: int, reason: str, now: datetime
) -> ActionRecord:
    """Return the record to approve, reject or end a proposal at the `version` of the officer."""
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
    return ActionRecord(MODE_REQUESTS, unit, request, viewer.officer_id)


def _signed(row: Record) -> tuple[str, ...]:
    return tuple(signature["officer_id"] for signature in json.loads(row["signatures"]))
