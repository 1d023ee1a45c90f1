"""The refusal of a change of the ledger."""

from __future__ import annotations

from shared.contracts.dead_letter import Reason

MOST_NAMED = 5
"""A refusal names so many of the entries in its way."""


class LedgerRefusal(Exception):
    """The request is refused; nothing was changed."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def named(keys: list[str]) -> str:
    """Return the first keys for a sentence, and how many there are."""
    more = f" and {len(keys) - MOST_NAMED} more" if len(keys) > MOST_NAMED else ""
    return ", ".join(keys[:MOST_NAMED]) + more
