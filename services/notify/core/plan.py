"""Who is called next. B岗 -> A岗 -> 指挥长 of the first unit, then the duty post of each unit above.

Empty posts are skipped at once; a person who holds two posts of a unit is called there once. In a
stricter response mode several posts of the first unit are one rung: its crew is called at once. At the
top the last post is called `rounds` times; after that comes the last resort, the city's commander.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from services.notify.core.profiles import TOP_ROUNDS, Timing
from services.notify.core.roster import Roster, Seat
from shared.contracts.fields import Post, Tier
from shared.contracts.units import ancestor_at, lineage

_POSTS = {post: rank for rank, post in enumerate(Post)}

PAGED_TIERS = frozenset({Tier.CITY, Tier.DISTRICT, Tier.TOWN, Tier.VILLAGE})
"""Units that have a duty desk; grids and micro-grids see their inbox, their village is called."""


def ladder(roster: Roster, start_unit: str) -> list[Seat]:
    """The filled seats in calling order: all of the start unit, then the first of each ancestor."""
    units = lineage(start_unit)
    seats = roster.seats(units[0])
    for unit in units[1:]:
        seats.extend(roster.seats(unit)[:1])
    return seats


def last_resort(roster: Roster, start_unit: str) -> Seat | None:
    """Whom to call when the ladder is exhausted: the commander of the highest rostered unit."""
    for unit in reversed(lineage(start_unit)):
        for post in reversed(Post):
            seat = roster.seat(unit, post)
            if seat is not None:
                return seat
    return None


def first_unit(roster: Roster, place: str) -> str:
    """Where the calling about a place begins: its nearest rostered unit from the town upwards."""
    town = ancestor_at(place, Tier.TOWN) or place
    return next((unit for unit in lineage(town) if roster.seats(unit)), town)


def at_or_after(seats: Sequence[Seat], start_unit: str, unit: str, post: Post) -> Seat | None:
    """The seat of this post, or where it is empty the next filled one of the ladder."""
    here = _rank(start_unit, unit, post)
    return next((s for s in seats if _rank(start_unit, s.unit, s.post) >= here), None)


def after(seats: Sequence[Seat], start_unit: str, unit: str, post: Post) -> Seat | None:
    """The next seat of the ladder, None at its top."""
    here = _rank(start_unit, unit, post)
    return next((s for s in seats if _rank(start_unit, s.unit, s.post) > here), None)


def _rank(start_unit: str, unit: str, post: Post) -> tuple[int, int]:
    return lineage(start_unit).index(unit), _POSTS[post]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a ladder stands: this post has been called `round` times on this rung."""

    unit: str
    post: Post
    rung: int
    round: int


@dataclass(frozen=True, slots=True)
class Call:
    """The next call: whom (and who `also` at once), on which rung, the how-manieth on it, and how
    long it may take."""

    seat: Seat
    rung: int
    round: int
    wait_s: float
    also: tuple[Seat, ...] = ()


def opening(
    seats: Sequence[Seat],
    start_unit: str,
    at: Seat,
    timing: Timing,
    rung: int,
    crew: Collection[Post] = (),
) -> Call:
    """The first call of a ladder, to the seat `at` and the rest of its crew."""
    return _call(seats, start_unit, at, timing, rung, 1, crew)


def crew_of(
    seats: Sequence[Seat], start_unit: str, seat: Seat, crew: Collection[Post]
) -> tuple[Seat, ...]:
    """Who is called together with `seat`: later posts of the crew, at the first unit."""
    if seat.unit != start_unit or seat.post not in crew:
        return ()
    return tuple(
        one
        for one in seats
        if one.unit == start_unit and one.post in crew and _POSTS[one.post] > _POSTS[seat.post]
    )


def next_call(
    seats: Sequence[Seat],
    start_unit: str,
    at: Position,
    timing: Timing,
    *,
    declined: bool,
    climbs: bool = True,
    crew: Collection[Post] = (),
    rounds: int = TOP_ROUNDS,
) -> Call | None:
    """The call that follows an unanswered or declined one; None when there is no further one.

    `declined`: the person said that he cannot, so he is not called again. A ladder that does not
    climb only repeats, and only at its top, up to `rounds` calls.
    """
    same = next((s for s in seats if (s.unit, s.post) == (at.unit, at.post)), None)
    last = (same, *crew_of(seats, start_unit, same, crew))[-1] if same is not None else at
    onward = after(seats, start_unit, last.unit, last.post)
    if same is not None and not declined:
        first = seats[0] == same and climbs
        if first and timing.repeat_s is not None and at.round == 1:
            return _call(seats, start_unit, same, timing, at.rung, 2, crew)
        if onward is None and at.round < rounds:
            return _call(seats, start_unit, same, timing, at.rung, at.round + 1, crew)
    if onward is None or not (climbs or declined):
        return None
    return _call(seats, start_unit, onward, timing, at.rung + 1, 1, crew)


def _call(
    seats: Sequence[Seat],
    start_unit: str,
    seat: Seat,
    timing: Timing,
    rung: int,
    round_: int,
    crew: Collection[Post],
) -> Call:
    wait_s = timing.wait_s(first=seat == seats[0], own_unit=seat.unit == start_unit, round_=round_)
    return Call(seat, rung, round_, wait_s, crew_of(seats, start_unit, seat, crew))
