"""Masking: one table of data classes by the relation of the viewer to the unit.

A right to see a place does not open all data there: it may reach below the own unit, or be granted
elsewhere. The data classes come from the contracts: `data_grade` of an envelope, `pii` of a field.
"""

from __future__ import annotations

from enum import StrEnum

from services.console.core.access import Viewer, sees
from shared.contracts.fields import DataGrade
from shared.contracts.units import is_within, lineage


class Relation(StrEnum):
    """The relation of the own unit of the viewer to the unit that the data are about."""

    OWN = "own"
    ABOVE = "above"
    BELOW = "below"
    UNRELATED = "other"


class DataClass(StrEnum):
    """Classes of data: text of a graded record, name and addresses of a person.

    `on_duty` is the telephone of the officer on duty: the units above have to reach the desk.
    """

    GENERAL = "general"
    IMPORTANT = "important"
    CORE = "core"
    NAME = "name"
    CONTACT = "contact"
    ON_DUTY = "on_duty"


_OPEN: dict[DataClass, frozenset[Relation]] = {
    DataClass.GENERAL: frozenset(Relation),
    DataClass.IMPORTANT: frozenset({Relation.OWN, Relation.ABOVE}),
    DataClass.CORE: frozenset({Relation.OWN, Relation.ABOVE}),
    DataClass.NAME: frozenset({Relation.OWN, Relation.ABOVE}),
    DataClass.CONTACT: frozenset({Relation.OWN}),
    DataClass.ON_DUTY: frozenset({Relation.OWN, Relation.ABOVE}),
}


PERSONAL = {
    "name": DataClass.NAME,
    "phone": DataClass.CONTACT,
    "addresses": DataClass.CONTACT,
}
"""Fields that are marked `pii` in the contracts, with their class."""


def relation_of(viewer: Viewer, unit: str) -> Relation:
    """Return the relation of the viewer to `unit`: above is responsible, below is a part."""
    if viewer.unit == unit:
        return Relation.OWN
    if is_within(unit, viewer.unit):
        return Relation.ABOVE
    return Relation.BELOW if is_within(viewer.unit, unit) else Relation.UNRELATED


def opens(viewer: Viewer, unit: str, data: DataClass | DataGrade | str) -> bool:
    """Return True when data of this class about `unit` are shown to the viewer."""
    return relation_of(viewer, unit) in _OPEN[DataClass(data)]


def sees_photos(viewer: Viewer, unit: str, *, restricted: bool = False) -> bool:
    """Return True when photos from `unit` are shown to the viewer.

    Photos show people and homes, so a granted right to see the place is not enough. Restricted
    photos are for the units in the line of the place, as restricted reports are.
    """
    if restricted and viewer.unit not in lineage(unit):
        return False
    return sees(viewer, unit) and opens(viewer, unit, DataClass.IMPORTANT)
