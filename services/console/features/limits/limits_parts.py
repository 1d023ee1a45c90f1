"""The tables that the screen of limits works with."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from shared.contracts.limits import LimitsDocument
from shared.domain.limits.book import LimitBook, limits_key
from shared.domain.roster.escalation_chain import FilledPosts, escalation_chain


@dataclass(frozen=True)
class LimitParts:
    """Every version of every document, and the posts that have an officer now."""

    book: LimitBook = field(default_factory=LimitBook)
    posts: FilledPosts = field(default_factory=FilledPosts)
    preview_turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    """Previews are computed one at a time: it is work of the processor."""

    def published(self) -> dict[str, LimitsDocument]:
        """Return every version by the key of its record."""
        return {limits_key(document): document for document in self.book}

    def chain(self, unit: str) -> int:
        """Return the number of posts that are called about a unit, one after the other."""
        return len(escalation_chain(unit, self.posts))
