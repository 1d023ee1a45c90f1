"""The text of a page for a reader: in one language, plain, or as a public announcement."""

from __future__ import annotations

from services.notify.core.wording import marks
from services.notify.core.wording.graded import GRADED_ORDER
from shared.contracts.fields import DataGrade, Language
from shared.contracts.pages import Page, SubjectKind
from shared.domain.bilingual import in_language
from shared.domain.replies import reference_of
from shared.domain.wording import LEVELS, NOTES, REPLIES, SYSTEM

TO_NOTE = frozenset(
    {
        SubjectKind.SUPERVISION,
        SubjectKind.MODE,
        SubjectKind.ROSTER,
        SubjectKind.DIGEST,
        SubjectKind.FAULT,
        SubjectKind.FAULT_DIGEST,
    }
)
"""Subjects without a request to come."""


def message(page: Page, language: Language, *, resend: bool, link: str | None = None) -> str:
    """Return a page as one plain text, for channels that carry nothing else.

    The text has the subject, the request and the possible replies. The mark of a drill comes first.
    The reference, by which a reply names the page, is the end of the page's id.
    """
    drill = marks.STATUS[page.status].of(language)
    repeat = marks.RESENT.of(language) if resend else ""
    category = SYSTEM if page.subject_kind.is_system else LEVELS[page.level]
    opening = f"{drill}{repeat}[{category.of(language)}]"
    gap = " " if language is Language.EN else ""
    lines = [
        f"{opening}{gap}{in_language(page.headline, language).removeprefix(drill)}",
        in_language(page.text, language).strip(),
    ]
    replies = (NOTES if page.subject_kind in TO_NOTE else REPLIES).of(language)
    reference = reference_of(page.page_id)
    lines.append(
        f"{replies}（编号 {reference}）"
        if language is Language.ZH
        else f"{replies} (ref. {reference})"
    )
    if link is not None:
        lines.append(f"{link.rstrip('/')}/m")
    return "\n".join(line for line in lines if line)


def public_headline(page: Page, language: Language) -> str:
    """Return a page's headline for a loudspeaker or a screen.

    The words of a graded order are only for the unit that carries it out. The headlines of other
    graded pages hold no words of the subject from the start.
    """
    orders = (SubjectKind.ASSIGNMENT, SubjectKind.SUPERVISION)
    if page.data_grade is DataGrade.GENERAL or page.subject_kind not in orders:
        return in_language(page.headline, language)
    return in_language(marks.headline(page.status, GRADED_ORDER), language)


def cut(text: str, most_bytes: int) -> str:
    """Return the text cut to `most_bytes` bytes of UTF-8, never within a character."""
    raw = text.encode()
    return text if len(raw) <= most_bytes else raw[:most_bytes].decode(errors="ignore")
