"""The officers who have to be coming before the calls of an escalation end.

An officer of a higher unit stands in for any officer of the first unit: whoever declines or is
silent there is replaced on the way up.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from shared.contracts.fields import Post
from shared.contracts.pages import Quorum
from shared.domain.roster.post_holders import PostHolder


def crew_posts(quorum: Quorum, crew: Collection[Post]) -> frozenset[Post]:
    """Return the posts of the first unit that are called at once, `crew` among them."""
    match quorum:
        case "any" | 1:
            return frozenset(crew)
        case tuple():
            return frozenset((*crew, *quorum))
        case _:
            return frozenset(Post)


def is_reached(
    quorum: Quorum, coming: Sequence[PostHolder], holders: Sequence[PostHolder], start_unit: str
) -> bool:
    """Return True when enough officers are coming.

    `holders` are the holders in calling order; those of the first unit come first.
    """
    count = len({holder.officer_id for holder in coming})
    own = [holder for holder in holders if holder.unit == start_unit]
    match quorum:
        case "any":
            return count >= 1
        case "all":
            return count >= max(1, len({holder.officer_id for holder in own}))
        case tuple():
            arrived = {holder.post for holder in coming if holder.unit == start_unit}
            filled = {holder.post for holder in own}
            owed = sum(post in filled and post not in arrived for post in quorum)
            standing_in = {holder.officer_id for holder in coming if holder.unit != start_unit}
            return count >= 1 and len(standing_in) >= owed
        case _:
            return count >= quorum
