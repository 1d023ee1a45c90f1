"""The values that a service derives from documents of a subject, once for each one in force."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar

from shared.contracts.limits import LimitsDocument
from shared.domain.limits.book import LimitBook, LimitsInForce, limits_key

P = TypeVar("P")


class Profiles(Generic[P]):
    """The profiles of all units at a moment: `everywhere`, but for units with a document."""

    def __init__(
        self,
        limits: LimitsInForce,
        subject: str,
        everywhere: LimitsDocument,
        make: Callable[[LimitsDocument], P],
    ) -> None:
        self.limits = limits
        self.everywhere = make(everywhere)
        self._subject, self._make = subject, make
        self._by_document = {limits_key(everywhere): self.everywhere}
        self._varies = limits.has_units(subject)

    def of(self, unit: str) -> P:
        """Return the profile of a unit: of its own document, else of the nearest one above."""
        if not self._varies:
            return self.everywhere
        document = self.limits.of_unit(self._subject, unit)
        assert document is not None, "a document holds for every unit"
        key = limits_key(document)
        profile = self._by_document.get(key)
        if profile is None:
            profile = self._by_document[key] = self._make(document)
        return profile


class ProfileBook(Generic[P]):
    """The profiles in force by the documents of a subject; `make` gives that of a document."""

    def __init__(
        self, documents: LimitBook, subject: str, make: Callable[[LimitsDocument], P]
    ) -> None:
        self._documents = documents
        self._subject, self._make = subject, make
        self._latest: Profiles[P] | None = None

    def at(self, now: datetime) -> Profiles[P] | None:
        """Return the profiles at a moment; None while no document holds for every unit."""
        limits = self._documents.at(now)
        if self._latest is None or self._latest.limits is not limits:
            everywhere = limits.everywhere(self._subject)
            self._latest = (
                None
                if everywhere is None
                else Profiles(limits, self._subject, everywhere, self._make)
            )
        return self._latest
