"""The documents of limits that command goes by, and what it makes of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from services.command.core.reporting.profiles import ReportProfile, report_profile_of
from services.command.core.supervision.profiles import SlaProfile, profile_of
from shared.contracts.limits import LimitsDocument
from shared.domain.limits.book import LimitBook
from shared.domain.limits.profiles import ProfileBook

ASSIGNMENTS, REPORTS = "assignments", "reports"


class CommandLimits:
    """`documents` as read from their topic, and the profiles of each subject in force."""

    def __init__(self, documents: Iterable[LimitsDocument] = ()) -> None:
        self.documents = LimitBook(documents)
        self.assignments: ProfileBook[SlaProfile] = ProfileBook(
            self.documents, ASSIGNMENTS, profile_of
        )
        self.reports: ProfileBook[ReportProfile] = ProfileBook(
            self.documents, REPORTS, report_profile_of
        )

    def missing(self, now: datetime) -> str | None:
        """Return why command cannot decide: a subject without a document for every unit."""
        in_force = self.documents.at(now)
        missing = [
            subject for subject in (ASSIGNMENTS, REPORTS) if in_force.everywhere(subject) is None
        ]
        if not missing:
            return None
        return (
            f"no document of limits ({', '.join(missing)}) is in force for every unit: "
            "run the set-up, or publish one (fenghuo limits)"
        )
