"""Who decides about a unit's mode, as data (our own proposal, docs/sources.md S42; posts: S26).

Officers of the unit itself or of a unit above it. Two different people sign; the last signature is
that of an A post or a commander. To stop (reject, end) takes one of those two posts, as lifting an
alert takes one signature; whoever proposed may also take it back while it is open. Command decides by
it, the console offers by it.
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


class Unfit(StrEnum):
    """Why an officer may not do it."""

    NOT_DECIDER = "not_decider"
    WRONG_POST = "wrong_post"
    SIGNED_ALREADY = "signed_already"


def next_posts(given: int) -> frozenset[Post]:
    """Posts that may give the next signature after `given`; none when all are there."""
    return SIGNATURES[given] if given < len(SIGNATURES) else frozenset()


def unfit_to_sign(
    unit: str, officer: str, officer_unit: str, post: Post, signed: Collection[str]
) -> Unfit | None:
    """Why this officer may not give the next signature, or None when he may."""
    if not is_within(unit, officer_unit):
        return Unfit.NOT_DECIDER
    if officer in signed:
        return Unfit.SIGNED_ALREADY
    return None if post in next_posts(len(signed)) else Unfit.WRONG_POST


def unfit_to_stop(
    unit: str, officer: str, officer_unit: str, post: Post, proposer: str | None = None
) -> Unfit | None:
    """Why this officer may not reject or end, or None when he may; `proposer` may by being it."""
    if not is_within(unit, officer_unit):
        return Unfit.NOT_DECIDER
    return None if officer == proposer or post in STOP else Unfit.WRONG_POST
