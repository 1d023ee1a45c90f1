"""The right to change an entry: deny first, by the unit whose ledger rights an officer uses.

A unit's own entry is written by a unit above it, that of the root by the root itself. What lies at
a place (sensors) or belongs to a unit (groups, sources) is written by this unit too; a source that
may send for places elsewhere, by the root alone. Entries without a unit (topics, services, data
sets) are written by the root alone. This is our own rule.
"""

from __future__ import annotations

from services.catalog.core.ledger import Ledger
from shared.contracts.catalog import Entry, GroupEntry, SensorEntry, UnitEntry
from shared.contracts.sources import SourceEntry
from shared.contracts.units import is_within


def may_write(ledger: Ledger, writer: str, entry: Entry) -> bool:
    """Return whether officers with the ledger rights of `writer` may change the entry."""
    match entry:
        case UnitEntry(unit=unit):
            return is_within(unit, writer) and (unit != writer or ledger.is_root(writer))
        case SensorEntry(place=place):
            return is_within(place, writer)
        case GroupEntry(owner=owner):
            return is_within(owner, writer)
        case SourceEntry(owner=owner, places=places):
            within = all(place != "*" and is_within(place, writer) for place in places)
            return is_within(owner, writer) and (within or ledger.is_root(writer))
        case _:
            return ledger.is_root(writer)
