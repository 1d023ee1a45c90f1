"""The escalation chain: officers who are called about an assignment (docs/sources.md S26).

The chain starts with the unit's own B岗, A岗 and 指挥长. Then follows one duty officer of each unit
above, up to the city: the B岗, or else the next filled post, in the order in which notify calls. A
grid or micro-grid has no duty roster; its chain starts at the village. Empty posts are skipped.
"""

from __future__ import annotations

from shared.contracts.fields import Post
from shared.contracts.pages import RosterSlot, unit_and_post
from shared.contracts.units import lineage

PostRef = tuple[str, Post]
"""A unit and one of its posts."""


class FilledPosts:
    """The posts that have an officer now, by the newest record of each roster slot."""

    def __init__(self) -> None:
        self._filled: set[PostRef] = set()
        self._chains: dict[str, tuple[PostRef, ...]] = {}

    def update(self, slot: RosterSlot) -> None:
        """Apply a record of the roster topic."""
        self._chains.clear()
        if slot.officer is None:
            self._filled.discard((slot.unit, slot.post))
        else:
            self._filled.add((slot.unit, slot.post))

    def remove(self, key: str) -> None:
        """Remove the post of a deleted record; the key is `unit:post`."""
        self._chains.clear()
        if (ref := unit_and_post(key)) is not None:
            self._filled.discard(ref)

    def chain_from(self, start: str) -> tuple[PostRef, ...]:
        """Return the filled posts of this unit and of the units above.

        The chain is cached: the deadline of a district asks for the chain of each village.
        """
        chain = self._chains.get(start)
        if chain is None:
            posts = self._posts(start)
            for above in lineage(start)[1:]:
                posts += self._posts(above)[:1]
            chain = self._chains[start] = tuple(posts) or ((start, Post.B),)
        return chain

    def _posts(self, unit: str) -> list[PostRef]:
        return [ref for post in Post if (ref := (unit, post)) in self._filled]


def escalation_chain(unit: str, posts: FilledPosts) -> tuple[PostRef, ...]:
    """Return the posts to call, rung by rung; without any roster the B岗 of the first unit."""
    return posts.chain_from(unit.partition("/")[0] if "/grid/" in unit else unit)
