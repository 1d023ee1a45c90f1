"""The order of calls: B岗 -> A岗 -> 指挥长 of the first unit, then the duty post of each unit above.

Empty posts are skipped at once. An officer who holds two posts of a unit is called there once. In a
stricter response mode several posts of the first unit are called at once, as a crew. At the top the
last post is called `rounds` times; after that comes the last resort, the commander of the city.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from services.notify.core.escalation.profiles import TOP_ROUNDS, Timing
from shared.contracts.fields import Post, Tier
from shared.contracts.pages import Quorum
from shared.contracts.units import lineage
from shared.domain.roster.post_holders import PostHolder, Roster

_POSTS = {post: rank for rank, post in enumerate(Post)}

PAGED_TIERS = frozenset({Tier.CITY, Tier.DISTRICT, Tier.TOWN, Tier.VILLAGE})
"""Tiers with officers on duty. Grids and micro-grids read their inbox; their village is called."""


def calling_order(roster: Roster, start_unit: str) -> list[PostHolder]:
    """Return the holders in calling order: all of the start unit, the first of each ancestor."""
    units = lineage(start_unit)
    holders = roster.holders(units[0])
    for unit in units[1:]:
        holders.extend(roster.holders(unit)[:1])
    return holders


def last_resort(roster: Roster, start_unit: str) -> PostHolder | None:
    """Return the commander of the highest rostered unit, who is called when all others were."""
    for unit in reversed(lineage(start_unit)):
        for post in reversed(Post):
            holder = roster.holder(unit, post)
            if holder is not None:
                return holder
    return None


def at_or_after(
    holders: Sequence[PostHolder], start_unit: str, unit: str, post: Post
) -> PostHolder | None:
    """Return the holder of this post, or of the next filled post in calling order."""
    rank = _rank(start_unit, unit, post)
    return next(
        (holder for holder in holders if _rank(start_unit, holder.unit, holder.post) >= rank), None
    )


def after(
    holders: Sequence[PostHolder], start_unit: str, unit: str, post: Post
) -> PostHolder | None:
    """Return the holder of the next filled post, None at the top."""
    rank = _rank(start_unit, unit, post)
    return next(
        (holder for holder in holders if _rank(start_unit, holder.unit, holder.post) > rank), None
    )


def _rank(start_unit: str, unit: str, post: Post) -> tuple[int, int]:
    return lineage(start_unit).index(unit), _POSTS[post]


@dataclass(frozen=True, slots=True)
class CallPosition:
    """The present call of an escalation: the `round`-th call to this post, on this level."""

    unit: str
    post: Post
    escalation_level: int
    round: int


@dataclass(frozen=True, slots=True)
class NextCall:
    """A call to `holder`, and to the post holders in `crew` at the same time.

    `round` counts the calls on this level from 1; `wait_s` is the time for an answer in seconds.
    The calls end when the officers of `quorum` are coming.
    """

    holder: PostHolder
    escalation_level: int
    round: int
    wait_s: float
    crew: tuple[PostHolder, ...] = ()
    quorum: Quorum = "any"

    @property
    def position(self) -> CallPosition:
        """Return the position of this call."""
        return CallPosition(self.holder.unit, self.holder.post, self.escalation_level, self.round)


def opening(
    holders: Sequence[PostHolder],
    start_unit: str,
    first: PostHolder,
    timing: Timing,
    escalation_level: int,
    crew: Collection[Post] = (),
) -> NextCall:
    """Return the first call of an escalation, to `first` and the later posts of the crew."""
    return _call(holders, start_unit, first, timing, escalation_level, 1, crew)


def crew_of(
    holders: Sequence[PostHolder], start_unit: str, first: PostHolder, crew: Collection[Post]
) -> tuple[PostHolder, ...]:
    """Return the post holders who are called with `first`: later crew posts of the first unit."""
    if first.unit != start_unit or first.post not in crew:
        return ()
    return tuple(
        holder
        for holder in holders
        if holder.unit == start_unit
        and holder.post in crew
        and _POSTS[holder.post] > _POSTS[first.post]
    )


def next_call(
    holders: Sequence[PostHolder],
    start_unit: str,
    position: CallPosition,
    timing: Timing,
    *,
    declined: bool,
    climbs: bool = True,
    crew: Collection[Post] = (),
    rounds: int = TOP_ROUNDS,
) -> NextCall | None:
    """Return the call that follows an unanswered or declined call; None when none follows.

    `declined`: the officer answered that they cannot come, so the officer is not called again. An
    escalation that does not climb only repeats, and only at its top, up to `rounds` calls.
    """
    present = next(
        (
            holder
            for holder in holders
            if (holder.unit, holder.post) == (position.unit, position.post)
        ),
        None,
    )
    last = (
        position if present is None else (present, *crew_of(holders, start_unit, present, crew))[-1]
    )
    onward = after(holders, start_unit, last.unit, last.post)
    level = position.escalation_level
    if present is not None and not declined:
        first = holders[0] == present and climbs
        if first and timing.repeat_s is not None and position.round == 1:
            return _call(holders, start_unit, present, timing, level, 2, crew)
        if onward is None and position.round < rounds:
            return _call(holders, start_unit, present, timing, level, position.round + 1, crew)
    if onward is None or not (climbs or declined):
        return None
    return _call(holders, start_unit, onward, timing, level + 1, 1, crew)


def _call(
    holders: Sequence[PostHolder],
    start_unit: str,
    holder: PostHolder,
    timing: Timing,
    escalation_level: int,
    round_: int,
    crew: Collection[Post],
) -> NextCall:
    wait_s = timing.wait_s(
        first=holder == holders[0], own_unit=holder.unit == start_unit, round_=round_
    )
    return NextCall(
        holder,
        escalation_level,
        round_,
        wait_s,
        crew_of(holders, start_unit, holder, crew),
    )
