"""Tests of channels, as records."""

from __future__ import annotations

from datetime import datetime

from services.console.core.access import Viewer
from services.console.core.action_record import ActionRecord, head
from shared.contracts.fields import Status
from shared.contracts.ids import content_id
from shared.contracts.reachability import ContactTestRequest
from shared.contracts.topics import CONTACT_TESTS


def start_test(
    viewer: Viewer, unit: str, of: str | None, key: str | None, now: datetime
) -> ActionRecord:
    """Return the record to test the channels of a unit's officers, or of a single officer.

    Without a key, a request of an officer about equal people has an equal id for an hour.
    """
    once = ("key", key) if key is not None else (unit, of or "", f"{now:%Y-%m-%dT%H}")
    request_id = content_id("ctr", viewer.officer_id, *once)
    common = head(viewer, {"status": Status.TEST, "trace_id": request_id}, (unit,), (), now)
    request = ContactTestRequest(
        id=request_id,
        unit=unit,
        of=of,
        officer_id=viewer.officer_id,
        post=viewer.post,
        **{**common, "status": Status.TEST},
    )
    return ActionRecord(CONTACT_TESTS, unit, request, viewer.officer_id)
