"""What a unit's plan says at a moment: who holds each post, until when, and what is left open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.contracts.duty import HORIZON_DAYS, DutyCoverage, DutyEntry, Gap
from shared.contracts.fields import Post, ResponseMode
from shared.contracts.ids import content_id
from shared.contracts.pages import Channel, RosterSlot
from shared.contracts.units import tier_of
from shared.domain.bilingual import Both
from shared.domain.roster.timeline import Plan, plan_of, timeline
from shared.domain.roster.turns import Turn
from shared.domain.wording import POSTS

HORIZON = timedelta(days=HORIZON_DAYS)
LOOK_EVERY = timedelta(days=1)
"""Coverage is looked at again at least this often, since the horizon moves on."""
_MOST_GAPS = 400


@dataclass(frozen=True, slots=True)
class Told:
    """What was last published of a post.

    `holder`: a fingerprint of the officer and how he is reached, None = empty. `gaps` as seen up to
    `seen_until`. `slots` and `coverages` count what was published.
    """

    holder: str | None = None
    slots: int = 0
    gaps: tuple[Gap, ...] = ()
    seen_until: datetime | None = None
    coverages: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """A post now. `slot` and `coverage` are None where nothing new is to be told."""

    post: Post
    told: Told
    slot: RosterSlot | None
    coverage: DutyCoverage | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """A unit now, and when a holder changes next (None: not within the horizon)."""

    posts: tuple[Standing, ...]
    next_change: datetime | None


def outlook(
    unit: str,
    entries: Iterable[DutyEntry],
    mode: ResponseMode,
    told: Mapping[Post, Told],
    now: datetime,
    cause: str,
) -> Outlook:
    """The unit at `now`, as if its response `mode` stayed. `entries` in the order of their last change;
    `cause`: the id of what made us look. A post whose plan was taken away stands empty from now on."""
    plan = plan_of(entries, mode)
    standings: list[Standing] = []
    changes: list[datetime] = []
    for post in Post:
        if post not in plan.posts and post not in told:
            continue
        end = now + HORIZON
        ahead = timeline(plan, post, now, end) or [Turn(now, end, None)]
        changes += [turn.end for turn in ahead[:1] if turn.end < end]
        before = told.get(post, Told())
        slot, holder = _slot(unit, post, plan, ahead, before, now, cause)
        coverage = _coverage(unit, post, ahead, before, now, cause)
        after = Told(
            holder,
            before.slots + (slot is not None),
            before.gaps if coverage is None else coverage.gaps,
            before.seen_until if coverage is None else coverage.end,
            before.coverages + (coverage is not None),
        )
        standings.append(Standing(post, after, slot, coverage))
    return Outlook(tuple(standings), min(changes, default=None))


def _slot(
    unit: str,
    post: Post,
    plan: Plan,
    ahead: list[Turn],
    before: Told,
    now: datetime,
    cause: str,
) -> tuple[RosterSlot | None, str | None]:
    """The new slot, None when the same person is reached the same way; and who holds the post."""
    officer = ahead[0].officer_id
    member = plan.members.get(officer) if officer is not None else None
    holder = content_id("member", member.model_dump_json()) if member is not None else None
    if before.slots and holder == before.holder:
        return None, holder
    slot = RosterSlot(
        id=content_id("slot", unit, post, before.slots + 1),
        officer=member.officer if member is not None else None,
        channels=member.channels if member is not None else (Channel.CONSOLE,),
        **_head(unit, post, now, cause),
    )
    return slot, holder


def _coverage(
    unit: str, post: Post, ahead: list[Turn], before: Told, now: datetime, cause: str
) -> DutyCoverage | None:
    """What is left open, None when nothing has changed but the time: a gap that the horizon cuts off
    grows with it, and is told once."""
    open_ = tuple(Gap(begin=turn.begin, end=turn.end) for turn in ahead if turn.officer_id is None)[
        :_MOST_GAPS
    ]
    if before.seen_until is not None:
        moment = before.seen_until
        same = _within(open_, now, moment) == _within(before.gaps, now, moment)
        if same and not any(gap.begin >= moment for gap in open_):
            return None
    elif not open_:
        return None
    return DutyCoverage(
        id=content_id("cov", unit, post, before.coverages + 1),
        begin=now,
        end=now + HORIZON,
        gaps=open_,
        headline=_headline(post, open_),
        **_head(unit, post, now, cause),
    )


def _within(
    found: tuple[Gap, ...], begin: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    clipped = ((max(gap.begin, begin), min(gap.end, end)) for gap in found)
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
        return Both(
            f"{zh}今后{HORIZON_DAYS}天排满", f"{_capital(en)} is filled for {HORIZON_DAYS} days"
        ).joined()
    hours = sum((gap.end - gap.begin for gap in open_), timedelta()) / timedelta(hours=1)
    times = "time" if len(open_) == 1 else "times"
    return Both(
        f"{zh}今后{HORIZON_DAYS}天空班{len(open_)}段共{hours:.0f}小时",
        f"{_capital(en)} stands empty {len(open_)} {times} in {HORIZON_DAYS} days, {hours:.0f} hours in all",
    ).joined()


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
