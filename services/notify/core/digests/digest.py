"""One digest as stored, what it holds, and the call that it becomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.notify.core import wording
from services.notify.core.digests.states import DigestState
from services.notify.core.ladders import Ladder, Purpose
from services.notify.core.wording import DigestLine
from shared.contracts.fields import LEVEL_ORDER, DataGrade, Level, Post, Status, highest_grade
from shared.contracts.pages import Answer, AnswerVerb, SubjectKind

_LINES = 5
"""So many kinds of content are named; the rest is counted."""


@dataclass(slots=True)
class Digest:
    """One digest of an officer. `cause_id` is the record of the first page in it; `waiting` how many of
    its pages still wait. `answer` is what was answered to it, passed on to the contents in the order of
    their pages' ids; `passing`: not all have it yet, `passed_on` is the last that has."""

    digest_id: str
    cause_id: str
    officer_id: str
    status: Status
    unit: str
    post: Post
    state: DigestState
    answer: Answer | None = None
    passing: bool = False
    passed_on: str = ""
    waiting: int = 0

    def pass_on(self) -> None:
        """Begin to tell the contents what has become of the digest."""
        self.passing, self.passed_on = True, ""


@dataclass(frozen=True, slots=True)
class Content:
    """`count` waiting calls of one kind in a digest, all told in one line; `grade` is the highest of theirs."""

    level: Level
    priority: int
    headline: str
    count: int
    grade: DataGrade = DataGrade.GENERAL


def to_call(digest: Digest, contents: Iterable[Content], now: datetime) -> Ladder:
    """The ladder of a digest: as urgent as the most urgent of its contents, graded as the highest."""
    order = sorted(
        contents, key=lambda content: (content.priority, -content.count, content.headline)
    )
    levels: Counter[Level] = Counter()
    for one in order:
        levels[one.level] += one.count
    by_level = sorted(levels.items(), key=lambda item: -LEVEL_ORDER[item[0]])
    lines = [
        DigestLine(content.level, content.count, content.headline) for content in order[:_LINES]
    ]
    rest = sum(content.count for content in order[_LINES:])
    return Ladder(
        ladder_id="",
        cause_id=digest.cause_id,
        trace_id=digest.digest_id,
        subject_kind=SubjectKind.DIGEST,
        subject_id=digest.digest_id,
        purpose=Purpose.INFORM,
        status=digest.status,
        level=max(levels, key=LEVEL_ORDER.__getitem__),
        place=digest.unit,
        start_unit=digest.unit,
        headline=wording.digest_headline(by_level),
        text=wording.of_digest(lines, rest),
        data_grade=highest_grade(*(content.grade for content in order)),
        occurred_at=now,
        opened_at=now,
    )


def for_content(answer: Answer, ladder: Ladder, page_id: str) -> Answer:
    """What an answer to a digest says about one call in it.

    That somebody cannot holds for all of it. That he is coming answers what only informs; where an act is
    owed he has read it: one thumb promises no hundred acts that nobody has looked at, and a promise would
    keep each of them from the next post for as long as it lasts.
    """
    verb = answer.verb
    if verb is AnswerVerb.COMING and ladder.owes_an_act:
        verb = AnswerVerb.READ
    arrive_by = answer.arrive_by if verb is AnswerVerb.COMING else None
    return answer.model_copy(update={"page_id": page_id, "verb": verb, "arrive_by": arrive_by})
