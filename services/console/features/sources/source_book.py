"""The sources of the catalogue, each with the record of its entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shared.contracts.catalog import CatalogEntry, kind_and_id
from shared.contracts.sources import SourceEntry


@dataclass(frozen=True, slots=True)
class CataloguedSource:
    """The entry of a source, with the id of its record and its version in the ledger.

    A record of set-up has no version.
    """

    entry: SourceEntry
    record_id: str
    version: int | None


class SourceBook:
    """The newest entry of each source; an entry that was retired is not here."""

    def __init__(self) -> None:
        self._sources: dict[str, CataloguedSource] = {}

    def apply(self, message: CatalogEntry) -> None:
        """Apply one entry of the catalogue; entries of further kinds are no sources."""
        if isinstance(message.entry, SourceEntry):
            source = CataloguedSource(message.entry, message.id, message.version)
            self._sources[message.entry.source] = source

    def remove(self, key: str) -> None:
        """Remove the source of a deleted entry; the key is `kind:id`."""
        kind, source_id = kind_and_id(key)
        if kind == "source":
            self._sources.pop(source_id, None)

    def find(self, source_id: str) -> CataloguedSource | None:
        """Return a source, or None."""
        return self._sources.get(source_id)

    def owned(self, is_owner: Callable[[str], bool]) -> list[CataloguedSource]:
        """Return the sources of these owners by id."""
        return sorted(
            (source for source in self._sources.values() if is_owner(source.entry.owner)),
            key=lambda source: source.entry.source,
        )
