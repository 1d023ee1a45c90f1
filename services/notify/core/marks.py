"""The marks that open a page's words: a drill, a repeat, a promise that was not kept."""

from __future__ import annotations

from shared.contracts.fields import Status
from shared.domain.bilingual import LINE_CHARACTERS, Both, both

TEXT_CHARACTERS = 8_000
"""Of a page's text, in both languages together."""
NONE = Both("", "")
STATUS: dict[Status, Both] = {
    Status.ACTUAL: NONE,
    Status.EXERCISE: Both("【演练】", "[DRILL] "),
    Status.TEST: Both("【测试】", "[TEST] "),
}
LAPSED = Both("【承诺超时】", "[PROMISE OVERDUE] ")
"""Opens the words to somebody who said that he comes and has not acted in time."""
RESENT = Both("【重发】", "[SENT AGAIN] ")
"""Opens the text of a page that may have been delivered before: its first outcome is unknown."""
_OURS = tuple(mark for marks in STATUS.values() for mark in marks if mark)


def before(mark: Both, words: Both) -> Both:
    """The words behind a mark."""
    return Both(mark.zh + words.zh, mark.en + words.en)


def headline(status: Status, text: str, mark: Both = NONE) -> str:
    """A headline, a drill marked at the very beginning of both halves; the mark is ours to give: what is
    real never begins with it, whoever wrote the text."""
    words = both(text)
    bare = before(mark, Both(_bare(words.zh), _bare(words.en)))
    return before(STATUS[status], bare).joined(LINE_CHARACTERS)


def resent(text: str) -> str:
    """The text of a repeated transport, marked once."""
    words = both(text)
    if words.zh.startswith(RESENT.zh):
        return text
    return before(RESENT, words).joined(TEXT_CHARACTERS)


def _bare(text: str) -> str:
    bare = text
    while mark := next((MINE for MINE in _OURS if bare.startswith(MINE)), None):
        bare = bare.removeprefix(mark)
    return bare or text.strip("【】[] ")
