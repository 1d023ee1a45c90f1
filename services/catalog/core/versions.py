"""The versions of an entry, and the units that an entry names."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.catalog import (
    CatalogEntry,
    Entry,
    GroupEntry,
    PlainEntry,
    SensorEntry,
    UnitEntry,
    catalog_key,
)
from shared.contracts.fields import Post
from shared.contracts.sources import SourceEntry


@dataclass(frozen=True, slots=True)
class EntryVersion:
    """A version of an entry.

    `record` is that of the topic, of a retired entry the last before the tombstone. `by_set_up`:
    set-up has written the version to the topic, and no person has decided on the entry.
    """

    version: int
    record: CatalogEntry
    retired: bool = False
    by_set_up: bool = False

    @property
    def key(self) -> str:
        """The key of the entry, `kind:id`."""
        return catalog_key(self.record.entry)

    @property
    def live(self) -> Entry | None:
        """The entry, None when it is retired."""
        return None if self.retired else self.record.entry


@dataclass(frozen=True, slots=True)
class Authorship:
    """The author of a version, the record that made it, and the reason.

    Set-up has no post and gives no reason.
    """

    cause_id: str
    actor: str
    unit: str
    post: Post | None = None
    reason: str = ""


def unit_key(unit: str) -> str:
    """Return the key of a unit's entry."""
    return f"unit:{unit}"


def named_units(entry: Entry) -> tuple[str, ...]:
    """Return the units that an entry names: they cannot be retired while the entry is in use."""
    match entry:
        case UnitEntry(parent=parent):
            return () if parent is None else (parent,)
        case GroupEntry(owner=owner, members=members):
            return tuple(dict.fromkeys((owner, *members)))
        case SourceEntry(owner=owner, places=places):
            return tuple(dict.fromkeys((owner, *(place for place in places if place != "*"))))
        case SensorEntry(place=place, owner=owner):
            return tuple(dict.fromkeys((place, owner or place)))
        case PlainEntry(place=place):
            return () if place is None else (place,)


def unit_of(entry: Entry) -> str | None:
    """Return the unit that an entry concerns; None for an entry without a unit."""
    match entry:
        case UnitEntry(unit=unit):
            return unit
        case GroupEntry(owner=owner) | SourceEntry(owner=owner):
            return owner
        case SensorEntry(place=place):
            return place
        case _:
            return None
