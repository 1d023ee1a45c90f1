"""The notification of a push: what a phone shows while it is locked.

Everybody near the phone can read it. So it has the level, the public headline and the unit, and no
name, number or further text; these are behind the sign-in of the console.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict
from zoneinfo import ZoneInfo

from shared.contracts.fields import Language, Level
from shared.contracts.pages import AnswerVerb, Page
from shared.domain.bilingual import Bilingual
from shared.domain.local_time import spoken
from shared.domain.page_texts import marks
from shared.domain.page_texts.messages import public_headline
from shared.domain.wording import ANSWERS, LEVELS, SYSTEM

_NOTED = Bilingual("已知悉", "Noted")
_OPEN = Bilingual("打开", "Open")
_RECORDED = Bilingual("已记录", "Recorded")
_UNSENT = Bilingual(
    "答复没有送出，请打开烽火再答复。", "Your answer was not sent. Open Fenghuo and answer again."
)


class Choice(TypedDict):
    """A button of a notification: a verb of an answer, or `open`."""

    action: str
    title: str


class Notification(TypedDict):
    """The content of a push, in the language of its reader.

    The notifications of one `tag` replace each other. One that is `urgent` stays until it is
    touched.
    """

    page_id: str
    tag: str
    level: str
    lang: str
    title: str
    body: str
    urgent: bool
    actions: list[Choice]
    recorded: str
    unsent: str


def notification(
    page: Page, language: Language, zone: ZoneInfo, now: datetime, *, resend: bool
) -> Notification:
    """Return the notification of a page."""
    drill = marks.STATUS[page.status].of(language)
    category = SYSTEM if page.subject_kind.is_system else LEVELS[page.level]
    repeat = marks.RESENT.of(language) if resend else ""
    headline = public_headline(page, language).removeprefix(drill)
    gap = " " if language is Language.EN else ""
    deadline = spoken(page.answer_by, zone, now)
    coming = _NOTED if page.to_note else ANSWERS[AnswerVerb.COMING]
    choices = (
        (AnswerVerb.COMING.value, coming),
        (AnswerVerb.CANNOT.value, ANSWERS[AnswerVerb.CANNOT]),
        (AnswerVerb.NEED_HELP.value, ANSWERS[AnswerVerb.NEED_HELP]),
        ("open", _OPEN),
    )
    return Notification(
        page_id=page.page_id,
        tag=f"{page.subject_kind}:{page.subject_id}",
        level=page.level,
        lang=language,
        title=f"{drill}{repeat}[{category.of(language)}]{gap}{headline}",
        body=Bilingual(f"请在 {deadline.zh} 前答复", f"Answer by {deadline.en}").of(language),
        urgent=page.level is Level.RED,
        actions=[Choice(action=name, title=words.of(language)) for name, words in choices],
        recorded=_RECORDED.of(language),
        unsent=_UNSENT.of(language),
    )
