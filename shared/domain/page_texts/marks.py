"""The marks that open a page's words: a drill, a repeat, an overdue promise."""

from __future__ import annotations

from shared.contracts.fields import Status
from shared.domain.bilingual import LINE_CHARACTERS, Bilingual, bilingual_of

TEXT_CHARACTERS = 8_000
"""The longest text of a page, in both languages together."""
NONE = Bilingual("", "")
STATUS: dict[Status, Bilingual] = {
    Status.ACTUAL: NONE,
    Status.EXERCISE: Bilingual("【演练】", "[DRILL] "),
    Status.TEST: Bilingual("【测试】", "[TEST] "),
}
LAPSED = Bilingual("【承诺超时】", "[PROMISE OVERDUE] ")
"""The mark for an officer who answered `coming` and has not acted in time."""
RESENT = Bilingual("【重发】", "[SENT AGAIN] ")
"""The mark of a page that may have arrived already: the outcome of an attempt is unknown."""
_STATUS_MARKS = tuple(text for mark in STATUS.values() for text in mark if text)


def opened_by(mark: Bilingual, words: Bilingual) -> Bilingual:
    """Return the words with a mark before them."""
    return Bilingual(mark.zh + words.zh, mark.en + words.en)


def headline(status: Status, text: str, mark: Bilingual = NONE) -> str:
    """Return a headline; both halves of a drill's begin with the mark of a drill.

    Only this function sets the mark: a mark in the text is removed, so that a real headline never
    begins with one.
    """
    words = bilingual_of(text)
    bare = opened_by(mark, Bilingual(_without_marks(words.zh), _without_marks(words.en)))
    return opened_by(STATUS[status], bare).joined(LINE_CHARACTERS)


def resent(text: str) -> str:
    """Return the text with the mark of a repeat, once."""
    words = bilingual_of(text)
    if words.zh.startswith(RESENT.zh):
        return text
    return opened_by(RESENT, words).joined(TEXT_CHARACTERS)


def _without_marks(text: str) -> str:
    bare = text
    while mark := next((mark for mark in _STATUS_MARKS if bare.startswith(mark)), None):
        bare = bare.removeprefix(mark)
    return bare or text.strip("【】[] ")
