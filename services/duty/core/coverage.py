"""The posts of a unit at a moment: their holders, the next change, and the gaps of the plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.contracts.duty import HORIZON_DAYS, DutyCoverage, DutyEntry, Gap, Member
from shared.contracts.fields import Post, ResponseMode
from shared.contracts.ids import content_id
from shared.contracts.pages import Channel, RosterSlot
from shared.contracts.units import tier_of
from shared.domain.bilingual import Bilingual
from shared.domain.roster.day_calendar import DayCalendar
from shared.domain.roster.timeline import Plan, plan_of, timeline
from shared.domain.roster.turns import Turn
from shared.domain.wording import POSTS

HORIZON = timedelta(days=HORIZON_DAYS)
EVALUATION_INTERVAL = timedelta(days=1)
"""Coverage is evaluated at least this often, since the horizon moves on."""
_MOST_GAPS = 400


@dataclass(frozen=True, slots=True)
class PostPublication:
    """The last publication about a post.

    `holder` is a fingerprint of the officer and of the channels to reach them, None = empty post.
    `gaps` are the gaps up to `evaluated_until`. `slots` and `coverages` count the published
    records.
    """

    holder: str | None = None
    slots: int = 0
    gaps: tuple[Gap, ...] = ()
    evaluated_until: datetime | None = None
    coverages: int = 0


@dataclass(frozen=True, slots=True)
class PostStatus:
    """A post now. `slot` and `coverage` are None where there is nothing new to publish."""

    post: Post
    published: PostPublication
    slot: RosterSlot | None
    coverage: DutyCoverage | None


@dataclass(frozen=True, slots=True)
class UnitStatus:
    """A unit now, and the next change of a holder (None: not within the horizon)."""

    posts: tuple[PostStatus, ...]
    next_change: datetime | None


def evaluate(
    unit: str,
    entries: Iterable[DutyEntry],
    mode: ResponseMode,
    calendar: DayCalendar,
    published: Mapping[Post, PostPublication],
    now: datetime,
    cause: str,
) -> UnitStatus:
    """Return the status of the unit at `now`, as if its response `mode` stayed.

    `entries` are in the order of their last change; `cause` is the id of the message or timer that
    asks. A post whose plan was removed is empty from now on.
    """
    plan = plan_of(entries, mode, calendar)
    posts: list[PostStatus] = []
    changes: list[datetime] = []
    for post in Post:
        if post not in plan.posts and post not in published:
            continue
        end = now + HORIZON
        turns = timeline(plan, post, now, end) or [Turn(now, end, None)]
        changes += [turn.end for turn in turns[:1] if turn.end < end]
        previous = published.get(post, PostPublication())
        slot, holder = _slot(unit, post, plan, turns, previous, now, cause)
        coverage = _coverage(unit, post, turns, previous, now, cause)
        updated = PostPublication(
            holder,
            previous.slots + (slot is not None),
            previous.gaps if coverage is None else coverage.gaps,
            previous.evaluated_until if coverage is None else coverage.end,
            previous.coverages + (coverage is not None),
        )
        posts.append(PostStatus(post, updated, slot, coverage))
    return UnitStatus(tuple(posts), min(changes, default=None))


def _slot(
    unit: str,
    post: Post,
    plan: Plan,
    turns: list[Turn],
    previous: PostPublication,
    now: datetime,
    cause: str,
) -> tuple[RosterSlot | None, str | None]:
    """Return the new slot, None when holder and channels are unchanged, and the holder."""
    member = _member_on(plan, turns[0])
    holder = content_id("member", member.model_dump_json()) if member is not None else None
    if previous.slots and holder == previous.holder:
        return None, holder
    slot = RosterSlot(
        id=content_id("slot", unit, post, previous.slots + 1),
        officer=member.officer if member is not None else None,
        channels=member.channels if member is not None else (Channel.CONSOLE,),
        **_head(unit, post, now, cause),
    )
    return slot, holder


def _member_on(plan: Plan, turn: Turn) -> Member | None:
    """Return the member on duty, with the telephone of the entry if it names one."""
    member = plan.members.get(turn.officer_id) if turn.officer_id is not None else None
    if member is None or turn.phone is None:
        return member
    officer = member.officer.model_copy(update={"phone": turn.phone})
    return member.model_copy(update={"officer": officer})


def _coverage(
    unit: str, post: Post, turns: list[Turn], previous: PostPublication, now: datetime, cause: str
) -> DutyCoverage | None:
    """Return the gaps of a post, None when nothing but the time has changed.

    A gap that the horizon cuts off grows with it and is published once.
    """
    open_ = tuple(Gap(begin=turn.begin, end=turn.end) for turn in turns if turn.officer_id is None)[
        :_MOST_GAPS
    ]
    if previous.evaluated_until is not None:
        moment = previous.evaluated_until
        unchanged = _within(open_, now, moment) == _within(previous.gaps, now, moment)
        if unchanged and not any(gap.begin >= moment for gap in open_):
            return None
    elif not open_:
        return None
    return DutyCoverage(
        id=content_id("cov", unit, post, previous.coverages + 1),
        begin=now,
        end=now + HORIZON,
        gaps=open_,
        headline=_headline(post, open_),
        **_head(unit, post, now, cause),
    )


def _within(
    gaps: tuple[Gap, ...], begin: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    clipped = ((max(gap.begin, begin), min(gap.end, end)) for gap in gaps)
    return [(first, last) for first, last in clipped if first < last]


def _head(unit: str, post: Post, now: datetime, cause: str) -> dict[str, Any]:
    return {
        "occurred_at": now,
        "sent_at": now,
        "origin_unit": unit,
        "tier": tier_of(unit),
        "areas": (unit,),
        "references": (cause,),
        "trace_id": cause,
        "unit": unit,
        "post": post,
    }


def _headline(post: Post, open_: tuple[Gap, ...]) -> str:
    zh, en = POSTS[post]
    if not open_:
        return Bilingual(
            f"{zh}今后{HORIZON_DAYS}天排满", f"{_capital(en)} is filled for {HORIZON_DAYS} days"
        ).joined()
    hours = sum((gap.end - gap.begin for gap in open_), timedelta()) / timedelta(hours=1)
    times = "time" if len(open_) == 1 else "times"
    return Bilingual(
        f"{zh}今后{HORIZON_DAYS}天空班{len(open_)}段共{hours:.0f}小时",
        f"{_capital(en)} stands empty {len(open_)} {times} in {HORIZON_DAYS} days, "
        f"{hours:.0f} hours in all",
    ).joined()


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
