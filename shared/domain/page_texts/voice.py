"""The text of a page as a telephone speaks it, and the keys that answer it.

A listener can neither scroll nor copy: the text is short, has no signs that a synthesiser would
read out or take for markup, and speaks long numbers digit by digit.
"""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from shared.contracts.fields import Language
from shared.contracts.pages import Page
from shared.domain import local_time
from shared.domain.bilingual import Bilingual, in_language
from shared.domain.page_texts import marks
from shared.domain.replies import KEYS, REPEAT_KEY
from shared.domain.shortening import shorten
from shared.domain.wording import LEVELS, SYSTEM, answer

LONGEST = 400
"""The most written characters before the keys: about a minute and a half of speech."""
_DIGITS = re.compile(r"\+?\d{5,}(?:-\d+)*")
_MARKUP = re.compile(r"[<>&\x00-\x1f\x7f]+")
_BRACKETS = re.compile(r"[\[\]【】{}()（）《》〈〉#*_|~^\\]+")
_PAUSES = re.compile(r"(?:\s*[，,]\s*)+")
_OPENING = Bilingual("这是烽火值班呼叫", "This is a Fenghuo duty call")


def spoken(page: Page, language: Language, zone: ZoneInfo, *, resend: bool) -> str:
    """Return a page as speech: who calls, what happened, and which key answers until when.

    The page's own text is cut first, never its headline, the mark of a drill or the keys.
    """
    drill = marks.STATUS[page.status].of(language)
    category = SYSTEM if page.subject_kind.is_system else LEVELS[page.level]
    headline = in_language(page.headline, language).removeprefix(drill)
    heads = [_OPENING.of(language), drill, category.of(language), headline]
    if resend:
        heads.insert(1, marks.RESENT.of(language))
    pause = "，" if language is Language.ZH else ", "
    stop = "。" if language is Language.ZH else ". "
    subject = _clean(pause.join(part for part in heads if part), pause)
    lines = in_language(page.text, language).split("\n")
    body = _clean(stop.join(bare for line in lines if (bare := line.rstrip("。. "))), pause)
    room = LONGEST - len(subject) - len(stop)
    if len(body) > room:
        body = shorten(body, room) if room >= 16 else ""
    words = stop.join(part.rstrip("。. ") for part in (subject, body) if part)
    return f"{_digits(words)}{stop}{keys(page, language, zone)}"


def keys(page: Page, language: Language, zone: ZoneInfo) -> str:
    """Return the possible keys with the time of the answer; a carrier repeats them on `9`."""
    by = local_time.spoken(page.answer_by, zone, page.sent_at).of(language)
    choices = [(key, answer(verb, to_note=page.to_note).of(language)) for key, verb in KEYS.items()]
    if language is Language.ZH:
        pressed = "，".join(f"{words}请按 {key}" for key, words in choices)
        return f"请于 {by} 前按键：{pressed}，重听请按 {REPEAT_KEY}。"
    pressed = ", ".join(f"{key} for {words}" for key, words in choices)
    return f"Press by {by}: {pressed}, {REPEAT_KEY} to hear it again."


def _clean(text: str, pause: str) -> str:
    """Return a text without markup and without signs that are not spoken."""
    plain = _BRACKETS.sub(pause, _MARKUP.sub(" ", text))
    return _PAUSES.sub(pause, plain).strip(" ，,")


def _digits(text: str) -> str:
    """Return a text whose long numbers, such as telephone numbers, are single digits."""
    return _DIGITS.sub(lambda match: " ".join(re.sub(r"\D", "", match[0])), text)
