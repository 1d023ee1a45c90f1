"""The rule of the officers who have to be coming before the calls of an escalation end.

Notify ends the calls by this rule; the console shows the missing officers by this rule. An officer
of a higher unit stands in for any officer of the first unit: on the way up, each officer who
declines or is silent is replaced.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from shared.contracts.fields import Post
from shared.contracts.pages import Quorum
from shared.domain.roster.post_holders import PostHolder


@dataclass(frozen=True, slots=True)
class QuorumCount:
    """The number of officers who have to be coming, and the number of officers who count.

    With posts in a quorum, not every officer who is coming counts.
    """

    needed: int
    count: int

    @property
    def is_reached(self) -> bool:
        """True when enough officers are coming."""
        return self.count >= self.needed


def count_of(
    quorum: Quorum, coming: Iterable[PostHolder], holders: Iterable[PostHolder], start_unit: str
) -> QuorumCount:
    """Return the number of officers who have to be coming, and of those who count.

    `coming` has all posts on which the coming officers were called. `holders` has the holders of
    the posts of `start_unit`, the first unit, each officer once.
    """
    coming, holders = set(coming), set(holders)
    officers = {holder.officer_id for holder in coming}
    match quorum:
        case "any":
            return QuorumCount(1, len(officers))
        case "all":
            needed = len({holder.officer_id for holder in holders})
            return QuorumCount(max(1, needed), len(officers))
        case tuple():
            posts = {holder.post for holder in holders}.intersection(quorum)
            if not posts:
                return QuorumCount(1, len(officers))
            arrived = {holder.post for holder in coming if holder.unit == start_unit}
            standing_in = {holder.officer_id for holder in coming if holder.unit != start_unit}
            return QuorumCount(len(posts), len(posts & arrived) + len(standing_in))
        case _:
            return QuorumCount(quorum, len(officers))


def needs_one(quorum: Quorum) -> bool:
    """Return True when the first coming officer ends the calls."""
    return quorum in ("any", 1)


def posts_called_at_once(quorum: Quorum, crew: Collection[Post]) -> frozenset[Post]:
    """Return the posts of the first unit that are called at once, `crew` among them."""
    if needs_one(quorum):
        return frozenset(crew)
    if isinstance(quorum, tuple):
        return frozenset((*crew, *quorum))
    return frozenset(Post)


def words_of(quorum: Quorum) -> str | None:
    """Return a quorum in words: `all`, a number or posts; None when one answer is enough."""
    if needs_one(quorum):
        return None
    return " ".join(quorum) if isinstance(quorum, tuple) else str(quorum)


def quorum_of(words: str | None) -> Quorum:
    """Return the quorum with these words."""
    if words is None:
        return "any"
    if words == "all":
        return "all"
    return int(words) if words.isdecimal() else tuple(Post(post) for post in words.split())
