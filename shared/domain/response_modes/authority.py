"""Authority over a unit's mode, as data (our own proposal, docs/sources.md S42; posts: S26).

Officers of the unit or of a unit above decide. Two different people sign; the last signature is
that of an A post or a commander. One of these two posts stops a mode (reject, end), as one
signature lifts an alert; the proposer may also withdraw an open proposal. Command decides by these
tables, the console offers by them.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from shared.contracts.fields import Post
from shared.contracts.units import is_within

SIGNATURES: tuple[frozenset[Post], ...] = (
    frozenset(Post),
    frozenset({Post.A, Post.COMMANDER}),
)
"""Posts that may give the first, the second, … signature; as many different people are needed."""

STOP: frozenset[Post] = frozenset({Post.A, Post.COMMANDER})
"""Posts that may reject an open proposal or end a mode in force."""


class ModeActRefusal(StrEnum):
    """The reason why an officer may not act on a mode."""

    NOT_DECIDER = "not_decider"
    WRONG_POST = "wrong_post"
    SIGNED_ALREADY = "signed_already"


def next_posts(count: int) -> frozenset[Post]:
    """Return the posts of the next signature after `count` signatures; none when all are there."""
    return SIGNATURES[count] if count < len(SIGNATURES) else frozenset()


def refusal_to_sign(
    unit: str, officer: str, officer_unit: str, post: Post, signed: Collection[str]
) -> ModeActRefusal | None:
    """Return the reason against the next signature of this officer, or None."""
    if not is_within(unit, officer_unit):
        return ModeActRefusal.NOT_DECIDER
    if officer in signed:
        return ModeActRefusal.SIGNED_ALREADY
    return None if post in next_posts(len(signed)) else ModeActRefusal.WRONG_POST


def refusal_to_stop(
    unit: str, officer: str, officer_unit: str, post: Post, proposer: str | None = None
) -> ModeActRefusal | None:
    """Return the reason against a rejection or end by this officer, or None.

    The `proposer` may always withdraw.
    """
    if not is_within(unit, officer_unit):
        return ModeActRefusal.NOT_DECIDER
    return None if officer == proposer or post in STOP else ModeActRefusal.WRONG_POST
