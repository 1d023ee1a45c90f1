"""Routes of silences 静默 and maintenance windows 检修窗口, with their counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from services.console.core import access
from services.console.core.access import span_of
from services.console.features.silences import actions, queries, views
from services.console.features.silences.actions import SilenceDraft
from services.console.features.silences.responses import RecordedSilence, SilenceList
from services.console.store.connections import reading
from services.console.web.actions import Body, IdempotencyKey, accept_action
from services.console.web.deps import Deps
from services.console.web.parameters import Limit, StatusQuery
from services.console.web.problems import ApiProblem, unknown
from services.console.web.response_models import json_response, recorded
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer, SignedInViewer
from shared.contracts.duty import DayKinds
from shared.contracts.fields import (
    DoorStatus,
    EventType,
    Identifier,
    Instant,
    RuleId,
    SensorId,
    Status,
    Text,
    UnitId,
    WallTime,
)
from shared.contracts.silences import (
    AHEAD,
    LONGEST,
    LONGEST_WEEKLY,
    LONGEST_WINDOW,
    Matcher,
    SilenceKind,
    WeeklyWindow,
)
from shared.domain.silence_windows import is_period

router = APIRouter(prefix="/api", tags=["silences"])

Why = Annotated[Text, Field(min_length=1)]


class SilenceBody(Body):
    """The alarms to silence, the time, and the reason.

    An alarm matches if it agrees with all fields that are present; at least one is required. With
    `until_cleared` the silence ends when all alarms that it hid have been clear for half an hour,
    at `end_at` at the latest. With `days` (of the week) it hides only from `daily_from` to
    `daily_until` on these days, on the wall clock of the office.
    """

    kind: SilenceKind = SilenceKind.SILENCE
    place: UnitId | None = None
    event_type: EventType | None = None
    rule_id: RuleId | None = None
    sensor_id: SensorId | None = None
    begin_at: Instant
    end_at: Instant
    until_cleared: bool = False
    days: DayKinds = ()
    daily_from: WallTime | None = None
    daily_until: WallTime | None = None
    reason: Why
    status: DoorStatus = Status.ACTUAL


class SilenceEndBody(Body):
    """A new end of a silence with the reason; null ends it at once."""

    end_at: Instant | None = None
    reason: Why


@router.get("/silences", responses=json_response(SilenceList))
async def list_silences(
    console: Deps,
    viewer: PlaceViewer,
    status: StatusQuery = Status.ACTUAL,
    standing: Annotated[bool, Query()] = False,
    limit: Limit = 100,
) -> Response:
    """List the silences of the subtree and those from above that cover it.

    With `standing` the list leaves out silences that have ended.
    """
    async with reading(console.database) as connection:
        rows = await queries.silences(
            connection, span_of(viewer.root), viewer.root, status, standing, limit
        )
    now = console.clock.now()
    return as_json({"silences": [views.silence(row, viewer, console.names, now) for row in rows]})


@router.post("/silences", status_code=202, responses=recorded(RecordedSilence))
async def create_silence(
    console: Deps, viewer: SignedInViewer, body: SilenceBody, _key: IdempotencyKey = None
) -> Response:
    """Request a silence or a maintenance window for the subtree of the officer."""
    acting = console.acting(
        viewer, lambda item: access.may_silence(item, body.place or item.unit), body.place
    )
    named = (body.place, body.event_type, body.rule_id, body.sensor_id)
    if not any(named):
        raise ApiProblem(
            422,
            "This would silence everything",
            "Name a place, an event type, a rule or a sensor.",
            reason="invalid",
        )
    matcher = Matcher(
        place=body.place,
        event_type=body.event_type,
        rule_id=body.rule_id,
        sensor_id=body.sensor_id,
    )
    now = console.clock.now()
    weekly = _weekly_window(body)
    _demand_period(body.kind, weekly, body.begin_at, body.end_at, now)
    draft = SilenceDraft(
        body.kind,
        matcher,
        body.begin_at,
        body.end_at,
        body.reason,
        body.status,
        body.until_cleared,
        weekly,
    )
    act = actions.silence(acting, draft, now)
    return await accept_action(console, act, silence_id=act.key)


@router.post("/silences/{silence_id}/end", status_code=202, responses=recorded(RecordedSilence))
async def end_silence(
    console: Deps,
    viewer: SignedInViewer,
    silence_id: Identifier,
    body: SilenceEndBody,
    _key: IdempotencyKey = None,
) -> Response:
    """End a silence at once, or change its end."""
    async with reading(console.database) as connection:
        existing_record = await queries.silence(connection, silence_id)
    if existing_record is None:
        raise unknown("silence")
    acting = console.acting(
        viewer,
        lambda item: access.may_end_silence(item, existing_record["unit"]),
        existing_record["unit"],
    )
    now = console.clock.now()
    if body.end_at is not None:
        _demand_period(
            SilenceKind(existing_record["kind"]),
            views.weekly_window(existing_record),
            existing_record["begin_at"],
            body.end_at,
            now,
        )
    act = actions.end_silence(acting, existing_record, body.end_at, body.reason, now)
    return await accept_action(console, act, silence_id=silence_id)


def _weekly_window(body: SilenceBody) -> WeeklyWindow | None:
    """Return the weekly window of a request; None without days."""
    begin, until = body.daily_from, body.daily_until
    if not body.days and begin is None and until is None:
        return None
    try:
        if begin is None or until is None or body.until_cleared:
            raise ValueError("a weekly window has a begin and an end, and ends on its last day")
        return WeeklyWindow(days=body.days, begin=begin, until=until)
    except ValueError:
        raise ApiProblem(
            422,
            "This is no weekly window",
            "Name days of the week, and a begin and an end at most "
            f"{LONGEST_WINDOW // timedelta(hours=1)} hours apart. A weekly silence ends on its "
            "last day, not with its alarms.",
            reason="bad_period",
        ) from None


def _demand_period(
    kind: SilenceKind, weekly: WeeklyWindow | None, begin: datetime, end: datetime, now: datetime
) -> None:
    """Refuse a period that the alerting service would refuse."""
    if not is_period(kind, weekly, begin, end, now):
        longest = LONGEST[kind] if weekly is None else LONGEST_WEEKLY
        raise ApiProblem(
            422,
            "A silence cannot last so",
            f"It ends after its beginning and after now, at most {longest // timedelta(hours=1)} "
            f"hours later, and begins within {AHEAD.days} days. A weekly silence has at least one "
            "window in this time.",
            reason="bad_period",
        )
