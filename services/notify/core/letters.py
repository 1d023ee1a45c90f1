"""A page as its reader gets it: in one language, as plain text, or as what everybody may hear."""

from __future__ import annotations

from services.notify.core import marks
from services.notify.core.wording import GRADED_ORDER
from shared.contracts.fields import DataGrade, Language
from shared.contracts.pages import Page, SubjectKind
from shared.domain.bilingual import said
from shared.domain.replies import reference_of
from shared.domain.wording import LEVELS, NOTES, REPLIES

_TO_NOTE = frozenset(
    {SubjectKind.SUPERVISION, SubjectKind.MODE, SubjectKind.ROSTER, SubjectKind.DIGEST}
)
"""What asks nobody to come."""


def message(page: Page, language: Language, *, resend: bool, link: str | None = None) -> str:
    """A page as one plain text, for channels that carry nothing else: what it is, what is asked, how
    to answer. The mark of a drill comes before everything else. The reference is the end of the page's
    id and names it in a reply."""
    drill = marks.STATUS[page.status].of(language)
    again = marks.RESENT.of(language) if resend else ""
    opening = f"{drill}{again}[{LEVELS[page.level].of(language)}]"
    gap = " " if language is Language.EN else ""
    lines = [
        f"{opening}{gap}{said(page.headline, language).removeprefix(drill)}",
        said(page.text, language).strip(),
    ]
    asked = (NOTES if page.subject_kind in _TO_NOTE else REPLIES).of(language)
    reference = reference_of(page.page_id)
    lines.append(
        f"{asked}（编号 {reference}）" if language is Language.ZH else f"{asked} (ref. {reference})"
    )
    if link is not None:
        lines.append(f"{link.rstrip('/')}/m")
    return "\n".join(line for line in lines if line)


def in_public(page: Page, language: Language) -> str:
    """A page's headline where everybody hears or reads it: an order that is graded is for whoever carries it
    out. Other graded headlines have no words from the start."""
    orders = (SubjectKind.ASSIGNMENT, SubjectKind.SUPERVISION)
    if page.data_grade is DataGrade.GENERAL or page.subject_kind not in orders:
        return said(page.headline, language)
    return said(marks.headline(page.status, GRADED_ORDER), language)


def cut(text: str, most_bytes: int) -> str:
    """The text shortened to so many bytes of UTF-8, never within a character."""
    raw = text.encode()
    return text if len(raw) <= most_bytes else raw[:most_bytes].decode(errors="ignore")
