"""The rules of the tree: what an entry may name, and when it may be retired."""

from __future__ import annotations

from services.catalog.core.ledger import Ledger
from services.catalog.core.refusals import LedgerRefusal, named
from services.catalog.core.versions import named_units
from shared.contracts.catalog import Entry, PlainEntry, UnitEntry, catalog_key
from shared.contracts.dead_letter import Reason
from shared.contracts.units import is_within, parent_of, tier_of


def check_put(ledger: Ledger, entry: Entry) -> None:
    """Check an entry against the units in use; raises LedgerRefusal."""
    if isinstance(entry, UnitEntry):
        _check_unit(ledger, entry)
    absent = [unit for unit in named_units(entry) if not ledger.has_unit(unit)]
    if absent:
        raise LedgerRefusal(
            Reason.UNKNOWN_SUBJECT,
            f"{catalog_key(entry)} names units that are not in use: {named(absent)}",
        )
    if isinstance(entry, PlainEntry) and entry.source is not None:
        _check_source(ledger, entry, entry.source)


def check_retired(ledger: Ledger, entry: Entry) -> None:
    """Check that no entry in use names the unit that was retired; raises LedgerRefusal."""
    if not isinstance(entry, UnitEntry):
        return
    naming = sorted(ledger.naming(entry.unit))
    if naming:
        raise LedgerRefusal(
            Reason.NOT_ALLOWED,
            f"{catalog_key(entry)} is named by entries in use: {named(naming)}",
        )


def _check_source(ledger: Ledger, entry: PlainEntry, source: str) -> None:
    if source == catalog_key(entry):
        raise LedgerRefusal(Reason.SCHEMA, f"{source} is its own source")
    if ledger.entry(source) is None:
        raise LedgerRefusal(
            Reason.UNKNOWN_SUBJECT, f"the source of {catalog_key(entry)} is not in use: {source}"
        )


def _check_unit(ledger: Ledger, entry: UnitEntry) -> None:
    unit, parent = entry.unit, entry.parent
    if entry.tier is not tier_of(unit):
        raise LedgerRefusal(
            Reason.SCHEMA, f"unit:{unit} is a {tier_of(unit)} by its code, not a {entry.tier}"
        )
    if parent is None:
        above = parent_of(unit)
        if above is not None and ledger.has_unit(above):
            raise LedgerRefusal(
                Reason.SCHEMA, f"unit:{unit} needs a parent: {above} is in use and above it"
            )
    elif parent == unit or not is_within(unit, parent):
        # Rights follow the digits: a parent elsewhere would show a unit to one and give it to
        # another.
        raise LedgerRefusal(Reason.SCHEMA, f"unit:{unit} does not lie below {parent} by its code")
