"""The documents that held at a moment, and those that would have held with a draft."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from shared.contracts.fields import ResponseMode
from shared.contracts.limits import LimitsDocument
from shared.domain.limits.assignments import AssignmentTimes, times_in
from shared.domain.limits.book import LimitBook, LimitsInForce


@dataclass(slots=True)
class Alternative:
    """The documents of a book, and the same with a draft in place of its earlier versions.

    The draft counts as in force at every moment, as the document that came in force last.
    """

    book: LimitBook
    draft: LimitsDocument
    _with_draft: dict[datetime, LimitsInForce] = field(default_factory=dict)
    _times: dict[tuple[int, ResponseMode], AssignmentTimes] = field(default_factory=dict)

    def before(self, subject: str, unit: str, at: datetime) -> LimitsDocument | None:
        """Return the document of a subject that held for a unit."""
        return self.book.at(at).of_unit(subject, unit)

    def after(self, subject: str, unit: str, at: datetime) -> LimitsDocument | None:
        """Return the document of a subject that would have held for a unit."""
        limits = self.book.at(at)
        with_draft = self._with_draft.get(limits.begin)
        if with_draft is None:
            with_draft = self._with_draft[limits.begin] = self._beside(limits)
        return with_draft.of_unit(subject, unit)

    def times(self, document: LimitsDocument, mode: ResponseMode) -> AssignmentTimes:
        """Return the times of a document about assignments in a mode, computed once."""
        key = id(document), mode
        result = self._times.get(key)
        if result is None:
            assert document.assignments is not None, f"{document.limits_id} is of another subject"
            result = self._times[key] = times_in(document.assignments, mode)
        return result

    def _beside(self, limits: LimitsInForce) -> LimitsInForce:
        documents = [item for item in limits.documents if item.limits_id != self.draft.limits_id]
        if self.draft.enabled:
            documents.append(self.draft)
        return LimitsInForce(documents, limits.begin, limits.end)
