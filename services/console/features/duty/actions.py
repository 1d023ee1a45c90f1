"""Requests that change a duty plan, as records."""

from __future__ import annotations

from datetime import datetime

from services.console.core.access import Viewer
from services.console.core.action_record import ActionRecord, head
from shared.contracts.duty import DutyRequest, DutyRule, Member
from shared.contracts.fields import Status
from shared.contracts.ids import content_id
from shared.contracts.topics import DUTY_REQUESTS

_YOUNGER_FIELDS = ("days", "until", "phone")
"""Fields that older entries lack: an entry without them keeps its id."""


def put(
    viewer: Viewer, unit: str, entry_id: str, rule: DutyRule, version: int, now: datetime
) -> ActionRecord:
    """Return the record to add or replace an entry at `version` (0: a new entry)."""
    return _request(viewer, unit, entry_id, rule, version, now)


def cancel(viewer: Viewer, unit: str, entry_id: str, version: int, now: datetime) -> ActionRecord:
    """Return the record to cancel an entry."""
    return _request(viewer, unit, entry_id, None, version, now)


def entry_id_of(unit: str, rule: DutyRule) -> str:
    """Return the id of an entry of a file: from the officer for a member, else from the content."""
    if isinstance(rule, Member):
        return content_id("member", unit, rule.officer.officer_id)
    empty = {name for name in _YOUNGER_FIELDS if not getattr(rule, name, None)}
    return content_id("entry", unit, rule.model_dump_json(exclude=empty))


def _request(
    viewer: Viewer, unit: str, entry_id: str, rule: DutyRule | None, version: int, now: datetime
) -> ActionRecord:
    verb = "put" if rule is not None else "cancel"
    rule_json = rule.model_dump_json() if rule is not None else ""
    request_id = content_id("drq", unit, entry_id, verb, viewer.officer_id, version, rule_json)
    request = DutyRequest(
        id=request_id,
        verb="put" if rule is not None else "cancel",
        entry_id=entry_id,
        unit=unit,
        rule=rule,
        officer_id=viewer.officer_id,
        post=viewer.post,
        **head(viewer, {"status": Status.ACTUAL, "trace_id": request_id}, (unit,), (), now),
    )
    return ActionRecord(DUTY_REQUESTS, unit, request, viewer.officer_id)
