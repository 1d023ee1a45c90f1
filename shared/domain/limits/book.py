"""Documents of limits, and those that hold at a moment: the nearest unit's, the last in force.

A book has every version of every document; what is in force changes at known moments, so that the
answers for a span between two of them are computed once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby

from shared.contracts.fields import END_OF_INSTANTS, FIRST_INSTANT
from shared.contracts.limits import SUBJECTS, LimitsDocument
from shared.contracts.units import lineage


class LimitsInForce:
    """The documents in force from `begin` until `end`, by subject and unit."""

    def __init__(self, documents: Iterable[LimitsDocument], begin: datetime, end: datetime) -> None:
        self.begin, self.end = begin, end
        self.documents = tuple(sorted(documents, key=_precedence))
        self._by_unit: dict[str, dict[str | None, LimitsDocument]] = {
            subject: {
                document.unit: document
                for document in self.documents
                if getattr(document, subject) is not None
            }
            for subject in SUBJECTS
        }

    def everywhere(self, subject: str) -> LimitsDocument | None:
        """Return the document of a subject that holds where no unit has one of its own."""
        return self._by_unit[subject].get(None)

    def has_units(self, subject: str) -> bool:
        """Return whether some unit has a document of the subject of its own."""
        documents = self._by_unit[subject]
        return len(documents) > (None in documents)

    def of_unit(self, subject: str, unit: str) -> LimitsDocument | None:
        """Return the document of a subject for a unit: its own, else that of the nearest above."""
        documents = self._by_unit[subject]
        if self.has_units(subject):
            for name in lineage(unit):
                if name in documents:
                    return documents[name]
        return documents.get(None)


class LimitBook:
    """The documents of a table, by id and version."""

    def __init__(self, documents: Iterable[LimitsDocument] = ()) -> None:
        self._documents: dict[str, LimitsDocument] = {}
        self._latest: LimitsInForce | None = None
        for document in documents:
            self.put(document)

    def __len__(self) -> int:
        return len(self._documents)

    def copy(self) -> LimitBook:
        """Return a book of the present versions."""
        return LimitBook(self._documents.values())

    def __iter__(self) -> Iterator[LimitsDocument]:
        """Iterate over all versions."""
        return iter(self._documents.values())

    def get(self, key: str | None) -> LimitsDocument | None:
        """Return a version by the key of the record."""
        return None if key is None else self._documents.get(key)

    def put(self, document: LimitsDocument) -> None:
        """Take in a version; a repeat replaces itself."""
        self._documents[limits_key(document)] = document
        self._latest = None

    def drop(self, key: str) -> bool:
        """Remove a version by the key of its record; return whether it was known."""
        self._latest = None
        return self._documents.pop(key, None) is not None

    def at(self, now: datetime) -> LimitsInForce:
        """Return the documents in force at this moment."""
        latest = self._latest
        if latest is None or not latest.begin <= now < latest.end:
            latest = self._latest = in_force(self._documents.values(), now)
        return latest


def in_force(documents: Iterable[LimitsDocument], now: datetime) -> LimitsInForce:
    """Return of each document the highest version that is in force, unless it is switched off."""
    current, moments = [], []
    for document in documents:
        if document.in_force_from <= now:
            current.append(document)
        moments.append(document.in_force_from)
    begin = max((moment for moment in moments if moment <= now), default=FIRST_INSTANT)
    end = min((moment for moment in moments if moment > now), default=END_OF_INSTANTS)
    current.sort(key=lambda document: (document.limits_id, document.version))
    newest = [list(versions)[-1] for _, versions in groupby(current, lambda item: item.limits_id)]
    return LimitsInForce([document for document in newest if document.enabled], begin, end)


def limits_key(document: LimitsDocument) -> str:
    """Return the key of a version on the topic."""
    return f"{document.limits_id}:{document.version}"


def _precedence(document: LimitsDocument) -> tuple[datetime, str]:
    """Of two documents of a unit the one that came in force last holds; ids settle a tie."""
    return document.in_force_from, document.limits_id
