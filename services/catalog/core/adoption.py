"""The topic compared with the ledger: records of set-up are adopted, decisions are restated.

Set-up writes entries beside the ledger. The ledger takes them over until a person has decided on an
entry; from then on the ledger alone says what the entry is, and publishes it again where set-up has
overwritten it. A record older than that of the ledger may be the ledger's own, read before the
next one; only a difference that lasts is an overwritten entry. Set-up deletes nothing: a tombstone
is the ledger's own, or a mistake.
"""

from __future__ import annotations

from enum import StrEnum

from services.catalog.core.versions import EntryVersion
from shared.contracts.catalog import CatalogEntry

PATIENCE_S = 30.0
"""A difference that lasts for so long is no record on its way."""


class Comparison(StrEnum):
    """The result of the comparison of a key."""

    EQUAL = "equal"
    ADOPT = "adopt"
    RESTATE = "restate"
    WAIT = "wait"


def compare(
    record: CatalogEntry | None, newest: EntryVersion | None, differs_for_s: float
) -> Comparison:
    """Compare the topic's record of a key, None for a tombstone, with the newest version."""
    if newest is None:
        return Comparison.EQUAL if record is None else Comparison.ADOPT
    expected_id = None if newest.retired else newest.record.id
    if expected_id == (None if record is None else record.id):
        return Comparison.EQUAL
    if record is not None and record.sent_at > newest.record.sent_at:
        return Comparison.ADOPT if newest.by_set_up else Comparison.RESTATE
    return Comparison.WAIT if differs_for_s < PATIENCE_S else Comparison.RESTATE
