"""What is left out of what a person sees: one table, data class by relation of the viewer to the unit.

A right to see a place does not open everything there: it may reach below the own unit, or be granted
somewhere else. Data classes are those of the contracts: an envelope's `data_grade`, a field's `pii`.
"""

from __future__ import annotations

from enum import StrEnum

from services.console.core.access import Viewer, sees
from shared.contracts.fields import DataGrade
from shared.contracts.units import is_within


class Relation(StrEnum):
    """Where the viewer's own unit stands to the unit that something is about."""

    OWN = "own"
    ABOVE = "above"
    BELOW = "below"
    OTHER = "other"


class DataClass(StrEnum):
    """What a field holds: text of a graded record, a person's name, how a person is reached."""

    GENERAL = "general"
    IMPORTANT = "important"
    CORE = "core"
    NAME = "name"
    CONTACT = "contact"


_OPEN: dict[DataClass, frozenset[Relation]] = {
    DataClass.GENERAL: frozenset(Relation),
    DataClass.IMPORTANT: frozenset({Relation.OWN, Relation.ABOVE}),
    DataClass.CORE: frozenset({Relation.OWN, Relation.ABOVE}),
    DataClass.NAME: frozenset({Relation.OWN, Relation.ABOVE}),
    DataClass.CONTACT: frozenset({Relation.OWN}),
}


PERSONAL = {
    "name": DataClass.NAME,
    "phone": DataClass.CONTACT,
    "addresses": DataClass.CONTACT,
}
"""Fields marked `pii` in the contracts, by what they hold."""


def relation_of(viewer: Viewer, unit: str) -> Relation:
    """Of the viewer's own unit to `unit`: above = responsible for it, below = part of it."""
    if viewer.unit == unit:
        return Relation.OWN
    if is_within(unit, viewer.unit):
        return Relation.ABOVE
    return Relation.BELOW if is_within(viewer.unit, unit) else Relation.OTHER


def opens(viewer: Viewer, unit: str, data: DataClass | DataGrade | str) -> bool:
    """Whether data of this class about `unit` is shown to the viewer."""
    return relation_of(viewer, unit) in _OPEN[DataClass(data)]


def sees_photos(viewer: Viewer, unit: str) -> bool:
    """Whether photos from `unit` are shown to the viewer: people and homes are on them, so they are not
    for whoever was only granted a look at the place."""
    return sees(viewer, unit) and opens(viewer, unit, DataClass.IMPORTANT)
