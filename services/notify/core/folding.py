"""Which of the new calls go out one by one, and which go to their officer's digest.

A call over budget is one page on the console's list, marked with its digest: nothing rings, no other
channel is used. Its ladder goes on as ever, so silence leads to the next post at the same time. Reminders
and escalations about one command are one matter: as soon as a second one falls on the same officer they
are put together, whatever the budget (3,000 overdue assignments are one page that says 3,000).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notify.core.book import Book, PageLine
from services.notify.core.budgets import LONGEST_SHARE, Budget, Budgets, is_news
from services.notify.core.ladders import Ladder, Purpose
from shared.contracts.fields import Level, Post, Status
from shared.contracts.pages import Channel, SubjectKind
from shared.domain.response_modes.effects import EFFECTS

Reader = tuple[str, Status]
"""An officer in one world (drill or real): who has a digest."""
Purse = tuple[str, Status, Level, bool]
"""Officer, status, level, news: what a budget is for."""
Matter = tuple[str, Status, str, Purpose]
"""Officer, status, command, purpose: what supervision of one command asks of one officer."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Calls that went out one by one within their window."""

    calls: Mapping[Purse, int]
    matters: Mapping[Matter, int]


@dataclass(frozen=True, slots=True)
class Folded:
    """A page that goes to a digest, which leaves by `due_at`."""

    page_id: str
    cause_id: str
    reader: Reader
    unit: str
    post: Post
    due_at: datetime


_NEVER = (SubjectKind.DIGEST, SubjectKind.CONTACT_TEST)
"""Go out by themselves and use up no budget: a digest, and a test of the channels as such."""


def candidates(book: Book) -> list[PageLine]:
    """The console page of every new call that may be folded, the most urgent first."""
    lines = [
        line
        for line in book.new_pages.values()
        if line.page.channel is Channel.CONSOLE
        and line.page.version == 1
        and line.page.subject_kind not in _NEVER
    ]
    return sorted(lines, key=lambda line: book.ladders[line.ladder_id].priority)


def fold(lines: Iterable[PageLine], book: Book, spent: Spent, budgets: Budgets) -> list[Folded]:
    """Those of the `lines` (most urgent first) that are over their officer's budget."""
    lines = list(lines)
    calls, matters = Counter(spent.calls), Counter(spent.matters)
    matters.update(
        matter for line in lines if (matter := _matter(line, book.ladders[line.ladder_id]))
    )
    results = []
    for line in lines:
        page, ladder = line.page, book.ladders[line.ladder_id]
        news = is_news(ladder.subject_kind, page.round, ladder.priority)
        purse = (page.officer_id, page.status, ladder.level, news)
        budget = budgets.of(ladder.level, news=news)
        matter = _matter(line, ladder)
        among_others = matter is not None and matters[matter] > 1
        if not among_others and calls[purse] < budget.allows(EFFECTS[ladder.mode].calls):
            calls[purse] += 1
            continue
        results.append(
            Folded(
                page.page_id,
                page.id,
                (page.officer_id, page.status),
                page.unit,
                page.post,
                book.now + _hold(budget, page.answer_by - book.now),
            )
        )
    return results


def _matter(line: PageLine, ladder: Ladder) -> Matter | None:
    if ladder.subject_kind is not SubjectKind.SUPERVISION or ladder.command_id is None:
        return None
    return line.page.officer_id, line.page.status, ladder.command_id, ladder.purpose


def _hold(budget: Budget, answer_in: timedelta) -> timedelta:
    return max(timedelta(), min(timedelta(seconds=budget.hold_s), answer_in * LONGEST_SHARE))
