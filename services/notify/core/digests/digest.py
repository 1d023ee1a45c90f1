"""One digest of an officer, as stored."""

from __future__ import annotations

from dataclasses import dataclass

from services.notify.core.digests.states import DigestState
from shared.contracts.fields import DataGrade, Level, Post, Status
from shared.contracts.pages import Answer


@dataclass(slots=True)
class Digest:
    """One digest of an officer.

    - `system`: the digest carries faults of the system itself, and nothing else.
    - `cause_id` is the record of the first page; `unanswered` counts the open pages.
    - `answer` is passed on to the pages in the order of their ids: `passing` is True while further
      pages are to get the answer, `passed_on` is the last page with the answer.
    """

    digest_id: str
    cause_id: str
    officer_id: str
    status: Status
    system: bool
    unit: str
    post: Post
    state: DigestState
    answer: Answer | None = None
    passing: bool = False
    passed_on: str = ""
    unanswered: int = 0

    def pass_on(self) -> None:
        """Begin to pass the outcome of the digest on to its pages."""
        self.passing, self.passed_on = True, ""


@dataclass(frozen=True, slots=True)
class DigestContent:
    """The unanswered calls of one kind in a digest, shown in one line.

    `grade` is the highest data grade among the `count` calls.
    """

    level: Level
    priority: int
    headline: str
    count: int
    grade: DataGrade = DataGrade.GENERAL
