"""The catalogue: the names of units in the texts of pages."""

from __future__ import annotations

from services.notify.core.reference_data import ReferenceData
from shared.contracts.catalog import CatalogEntry


def update_table(entry: CatalogEntry, reference: ReferenceData) -> None:
    """Add a unit or a group; other entries are ignored."""
    reference.units.take(entry)
