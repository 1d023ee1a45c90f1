"""Who decides about a unit's mode, as data (our own proposal: domain reference 3.9 names the 指挥长).

Officers of the unit itself or of a unit above it. Two different people sign; the last signature is
that of an A post or a commander. To stop (reject, end) takes one of those two posts, as lifting an
alert takes one signature; whoever proposed may also take it back while it is open.
"""

from __future__ import annotations

from collections.abc import Collection

from shared.contracts.fields import Post
from shared.contracts.units import is_within

SIGNATURES: tuple[frozenset[Post], ...] = (
    frozenset(Post),
    frozenset({Post.A, Post.COMMANDER}),
)
"""Posts that may give the first, the second, … signature; as many different people are needed."""

STOP: frozenset[Post] = frozenset({Post.A, Post.COMMANDER})
"""Posts that may reject an open proposal or end a mode in force."""


def next_posts(given: int) -> frozenset[Post]:
    """Posts that may give the next signature after `given`; none when all are there."""
    return SIGNATURES[given] if given < len(SIGNATURES) else frozenset()


def unfit_to_sign(
    unit: str, officer: str, officer_unit: str, post: Post, signed: Collection[str]
) -> str | None:
    """Why this officer may not give the next signature, or None when he may."""
    if officer in signed:
        return f"{officer} has signed already: another person decides"
    return _outside(unit, officer_unit) or _post(post, next_posts(len(signed)))


def unfit_to_stop(
    unit: str, officer: str, officer_unit: str, post: Post, proposer: str | None
) -> str | None:
    """Why this officer may not reject or end, or None when he may; `proposer` may by being it."""
    outside = _outside(unit, officer_unit)
    return outside if outside or officer == proposer else _post(post, STOP)


def _outside(unit: str, officer_unit: str) -> str | None:
    if is_within(unit, officer_unit):
        return None
    return f"the mode of {unit} is decided there or above, not by {officer_unit}"


def _post(post: Post, allowed: Collection[Post]) -> str | None:
    return None if post in allowed else f"this takes {' or '.join(sorted(allowed))}, not {post}"
