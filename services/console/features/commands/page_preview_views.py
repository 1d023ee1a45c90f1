"""The page of a command as its units will read it, before anybody has issued it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from services.console.core.access import Viewer
from services.console.core.directory import Directory
from services.console.core.names import UnitNames
from services.console.core.page_previews import (
    PageDraft,
    Sending,
    channels_of,
    masked_roster,
    page_of,
    page_preview,
)
from services.console.core.record import Json
from services.console.features.commands.command_form import CommandForm
from shared.contracts.assignments import AssignmentEvent, AssignmentState
from shared.contracts.fields import DataGrade, Post, Tier
from shared.contracts.pages import SubjectKind
from shared.contracts.units import lineage, tier_of
from shared.domain.page_texts.assignments import of_assignment
from shared.domain.page_texts.names import Names
from shared.domain.roster.post_holders import PostHolder

WITHOUT_DESK = frozenset({Tier.GRID, Tier.MICROGRID})
"""Tiers whose units are called through their village: nobody is paged for them."""
_EXAMPLE_ID = "preview"
_EXAMPLE_SIGN = timedelta(minutes=30)
_EXAMPLE_FINISH = timedelta(hours=2)


def first_desk(units: Collection[str], directory: Directory) -> str | None:
    """Return the unit whose page is shown: the first with an officer on duty, else the first."""
    desks = sorted(unit for unit in units if tier_of(unit) not in WITHOUT_DESK)
    staffed = (unit for unit in desks if directory.is_staffed(unit))
    return next(staffed, desks[0] if desks else None)


def command_page_view(
    form: CommandForm,
    unit: str,
    acting: Viewer,
    viewer: Viewer,
    names: UnitNames,
    directory: Directory,
    sending: Sending,
    now: datetime,
    *,
    push: bool,
) -> Json:
    """Return how the page to the officer of `unit` reads on each channel in use."""
    line = lineage(unit)
    units = list(dict.fromkeys([*line, acting.unit]))
    roster = masked_roster(directory, units, viewer)
    holders = [holder for upper in line for holder in roster.holders(upper)]
    holder = holders[0] if holders else PostHolder(unit, Post.B, "nobody")
    event = _assignment(form, unit, acting, now)
    draft = PageDraft(
        subject_kind=SubjectKind.ASSIGNMENT,
        status=form.status,
        level=form.level,
        headline=form.title,
        text=of_assignment(event, Names(names.tree, roster, sending.zone), now),
        data_grade=DataGrade.GENERAL,
        to_note=False,
    )
    channels = channels_of(directory.slots_of(line), push=push)
    return {
        **page_preview(page_of(draft, holder, now), names.unit(holder.unit), channels, sending),
        "deadlines_given": form.sign_by is not None and form.finish_by is not None,
    }


def _assignment(form: CommandForm, unit: str, acting: Viewer, now: datetime) -> AssignmentEvent:
    """Return the assignment of one unit; deadlines that the form leaves open are examples."""
    sign_by = form.sign_by or min(now + _EXAMPLE_SIGN, form.finish_by or now + _EXAMPLE_SIGN)
    return AssignmentEvent(
        id=_EXAMPLE_ID,
        status=form.status,
        occurred_at=now,
        sent_at=now,
        origin_unit=acting.unit,
        tier=tier_of(acting.unit),
        assignment_id=_EXAMPLE_ID,
        command_id=_EXAMPLE_ID,
        version=1,
        unit=unit,
        unit_tier=tier_of(unit),
        state=AssignmentState.DELIVERED,
        level=form.level,
        event_type=form.event_type,
        title=form.title,
        instruction=form.instruction,
        issuer_unit=acting.unit,
        sign_by=sign_by,
        finish_by=form.finish_by or max(now + _EXAMPLE_FINISH, sign_by),
    )
