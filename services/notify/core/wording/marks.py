"""The marks that open a page's words: a drill, a repeat, an overdue promise."""

from __future__ import annotations

from shared.contracts.fields import Status
from shared.domain.bilingual import LINE_CHARACTERS, Both, both

TEXT_CHARACTERS = 8_000
"""The longest text of a page, in both languages together."""
NONE = Both("", "")
STATUS: dict[Status, Both] = {
    Status.ACTUAL: NONE,
    Status.EXERCISE: Both("【演练】", "[DRILL] "),
    Status.TEST: Both("【测试】", "[TEST] "),
}
LAPSED = Both("【承诺超时】", "[PROMISE OVERDUE] ")
"""The mark for an officer who answered `coming` and has not acted in time."""
RESENT = Both("【重发】", "[SENT AGAIN] ")
"""The mark of a page that may have arrived already: the outcome of an attempt is unknown."""
_STATUS_MARKS = tuple(text for mark in STATUS.values() for text in mark if text)


def opened_by(mark: Both, words: Both) -> Both:
    """Return the words with a mark before them."""
    return Both(mark.zh + words.zh, mark.en + words.en)


def headline(status: Status, text: str, mark: Both = NONE) -> str:
    """Return a headline; both halves of a drill's begin with the mark of a drill.

    Only this function sets the mark: a mark in the text is removed, so that a real headline never
    begins with one.
    """
    words = both(text)
    bare = opened_by(mark, Both(_without_marks(words.zh), _without_marks(words.en)))
    return opened_by(STATUS[status], bare).joined(LINE_CHARACTERS)


def resent(text: str) -> str:
    """Return the text with the mark of a repeat, once."""
    words = both(text)
    if words.zh.startswith(RESENT.zh):
        return text
    return opened_by(RESENT, words).joined(TEXT_CHARACTERS)


def _without_marks(text: str) -> str:
    bare = text
    while mark := next((mark for mark in _STATUS_MARKS if bare.startswith(mark)), None):
        bare = bare.removeprefix(mark)
    return bare or text.strip("【】[] ")
