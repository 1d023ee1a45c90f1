"""The call of a digest, and the effect of an answer on the calls in the digest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from services.notify.core.digests.digest import Digest, DigestContent
from services.notify.core.digests.states import DigestTrigger
from services.notify.core.escalation.answers import apply_answer
from services.notify.core.escalation.engine import EscalationEngine
from services.notify.core.escalation.escalation import Escalation, Purpose
from services.notify.core.wording import digests as wording
from services.notify.core.wording.digests import DigestLine
from shared.contracts.fields import LEVEL_ORDER, Level, highest_grade
from shared.contracts.pages import Answer, AnswerVerb, SubjectKind
from shared.domain.roster.post_holders import PostHolder
from shared.domain.wording import LEVELS, SYSTEM

_NAMED_CONTENTS = 5
"""The number of contents with a line each; further contents are only counted."""


def send_digest(
    digest: Digest, contents: Sequence[DigestContent], engine: EscalationEngine
) -> None:
    """Call the officer about the unanswered calls in a due digest, if any."""
    working_set = engine.working_set
    if not contents:
        working_set.step_digest(digest, DigestTrigger.SETTLED)
        return
    working_set.step_digest(digest, DigestTrigger.SENT)
    holders = engine.roster.holders(digest.unit)
    holder = next((holder for holder in holders if holder.officer_id == digest.officer_id), None)
    if holder is None:
        # The officer has left the post. The console keeps the digest; its calls go on.
        holder = PostHolder(digest.unit, digest.post, digest.officer_id)
    escalation = digest_escalation(digest, contents, working_set.now)
    engine.open(escalation, [holder], first=holder, named_after=digest.digest_id)


def pass_outcome_on(
    digest: Digest, page_ids: Sequence[str], engine: EscalationEngine, *, last: bool
) -> None:
    """Apply the outcome of a digest to these pages: the answer, or that nobody was reached."""
    working_set = engine.working_set
    for page_id in page_ids:
        page_row = working_set.pages[page_id]
        if digest.answer is None:
            engine.digest_unanswered(page_row)
            continue
        escalation = working_set.escalations[page_row.escalation_id]
        apply_answer(answer_for_content(digest.answer, escalation, page_id), engine)
    digest.passing = not last
    digest.passed_on = page_ids[-1] if page_ids else digest.passed_on
    working_set.changed_digests[digest.digest_id] = digest


def digest_escalation(
    digest: Digest, contents: Iterable[DigestContent], now: datetime
) -> Escalation:
    """Return the escalation of a digest, as urgent and as graded as the highest content."""
    ordered = sorted(
        contents, key=lambda content: (content.priority, -content.count, content.headline)
    )
    levels: Counter[Level] = Counter()
    for content in ordered:
        levels[content.level] += content.count
    by_level = sorted(levels.items(), key=lambda item: -LEVEL_ORDER[item[0]])
    lines = [
        DigestLine(
            SYSTEM if digest.system else LEVELS[content.level], content.count, content.headline
        )
        for content in ordered[:_NAMED_CONTENTS]
    ]
    unnamed = sum(content.count for content in ordered[_NAMED_CONTENTS:])
    return Escalation(
        escalation_id="",
        cause_id=digest.cause_id,
        trace_id=digest.digest_id,
        subject_kind=SubjectKind.FAULT_DIGEST if digest.system else SubjectKind.DIGEST,
        subject_id=digest.digest_id,
        purpose=Purpose.INFORM,
        status=digest.status,
        level=max(levels, key=LEVEL_ORDER.__getitem__),
        place=digest.unit,
        start_unit=digest.unit,
        headline=(
            wording.fault_digest_headline(levels.total())
            if digest.system
            else wording.digest_headline(by_level)
        ),
        text=wording.of_digest(lines, unnamed),
        data_grade=highest_grade(*(content.grade for content in ordered)),
        occurred_at=now,
        opened_at=now,
    )


def answer_for_content(answer: Answer, escalation: Escalation, page_id: str) -> Answer:
    """Return the answer to one call in a digest, derived from the answer to the digest.

    `cannot` holds for every call. `coming` answers a call without an owed act; for an owed act,
    `coming` counts as `read`. One answer cannot promise a hundred unread acts, and a promise would
    keep each act from the next post.
    """
    verb = answer.verb
    if verb is AnswerVerb.COMING and escalation.owes_an_act:
        verb = AnswerVerb.READ
    arrive_by = answer.arrive_by if verb is AnswerVerb.COMING else None
    return answer.model_copy(update={"page_id": page_id, "verb": verb, "arrive_by": arrive_by})
