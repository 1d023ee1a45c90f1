"""The text of a page for a reader: in one language, plain, or as a public announcement."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from zoneinfo import ZoneInfo

from shared.contracts.fields import DataGrade, Language
from shared.contracts.pages import Channel, Page, SubjectKind
from shared.domain import local_time
from shared.domain.bilingual import in_language
from shared.domain.page_texts import marks
from shared.domain.page_texts.graded import GRADED_ORDER
from shared.domain.page_texts.names import BEIJING
from shared.domain.replies import reference_of
from shared.domain.shortening import shorten
from shared.domain.wording import LEVELS, NOTES, REPLIES, SYSTEM


class Length(NamedTuple):
    """The longest text of a channel, in the given size."""

    most: int
    size: Callable[[str], int] = len


def utf8(text: str) -> int:
    """Return the size of a text in bytes."""
    return len(text.encode())


LENGTHS: dict[Channel, Length] = {
    Channel.SMS: Length(500),
    Channel.WECOM: Length(2_048, utf8),
}
"""Eight parts of a long Chinese SMS, and the limit of WeCom in bytes."""
_LEAST = 16
"""A shorter rest of a cut line says nothing."""


def message(
    page: Page,
    language: Language,
    *,
    resend: bool,
    link: str | None = None,
    zone: ZoneInfo = BEIJING,
    channel: Channel | None = None,
) -> str:
    """Return a page as one plain text, for channels that carry nothing else.

    The text has the subject, the request, and the possible replies with their time. The mark of a
    drill comes first. The reference, by which a reply names the page, is the end of the page's id.
    Where the channel's texts are short, the end of the page's own text is left out, never the
    subject or the replies.
    """
    drill = marks.STATUS[page.status].of(language)
    repeat = marks.RESENT.of(language) if resend else ""
    category = SYSTEM if page.subject_kind.is_system else LEVELS[page.level]
    opening = f"{drill}{repeat}[{category.of(language)}]"
    gap = " " if language is Language.EN else ""
    subject = f"{opening}{gap}{in_language(page.headline, language).removeprefix(drill)}"
    closing = [_replies(page, language, zone)]
    if link is not None:
        closing.append(f"{link.rstrip('/')}/m")
    lines = [line for line in in_language(page.text, language).strip().split("\n") if line]
    if channel in LENGTHS:
        most, size = LENGTHS[channel]
        lines = _fitting(lines, most - size("\n".join([subject, *closing])), size)
    return "\n".join([subject, *lines, *closing])


def _replies(page: Page, language: Language, zone: ZoneInfo) -> str:
    replies = (NOTES if page.to_note else REPLIES).of(language)
    reference = reference_of(page.page_id)
    by = local_time.spoken(page.answer_by, zone, page.sent_at).of(language)
    if language is Language.ZH:
        return f"请于 {by} 前{replies}（编号 {reference}）"
    return f"{replies} by {by} (ref. {reference})"


def _fitting(lines: list[str], room: int, size: Callable[[str], int]) -> list[str]:
    """Return the first lines that have room; the last of them may be cut."""
    fitting: list[str] = []
    for line in lines:
        room -= size("\n")
        if size(line) > room:
            length = min(len(line) - 1, max(room, 0))
            while length >= _LEAST and size(shorten(line, length)) > room:
                length -= 1
            return [*fitting, shorten(line, length)] if length >= _LEAST else fitting
        fitting.append(line)
        room -= size(line)
    return fitting


def public_headline(page: Page, language: Language) -> str:
    """Return a page's headline for a loudspeaker or a screen.

    The words of a graded order are only for the unit that carries it out. The headlines of other
    graded pages hold no words of the subject from the start.
    """
    orders = (SubjectKind.ASSIGNMENT, SubjectKind.SUPERVISION)
    if page.data_grade is DataGrade.GENERAL or page.subject_kind not in orders:
        return in_language(page.headline, language)
    return in_language(marks.headline(page.status, GRADED_ORDER), language)
