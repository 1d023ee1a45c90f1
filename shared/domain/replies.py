"""Replies to pages on channels that carry only text: the same verbs on every channel.

A reply is a number or a word; if several pages wait, the end of the page's id follows; then comes
the reason. A text that is not understood is no answer: the sender is informed, and nothing is
guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from shared.contracts.pages import AnswerVerb

REFERENCE_LENGTH = 6

_WORDS: dict[AnswerVerb, frozenset[str]] = {
    AnswerVerb.COMING: frozenset(
        {"1", "能到岗", "能", "来", "收到", "已知悉", "知悉", "coming", "yes", "noted"}
    ),
    AnswerVerb.CANNOT: frozenset({"2", "不能", "不能到岗", "不能处理", "cannot", "no"}),
    AnswerVerb.HAND_OVER: frozenset({"3", "转接", "转", "hand_over", "handover"}),
    AnswerVerb.NEED_HELP: frozenset({"4", "需要支援", "支援", "请求支援", "need_help", "help"}),
}
KEYS: dict[str, AnswerVerb] = {
    "1": AnswerVerb.COMING,
    "2": AnswerVerb.CANNOT,
    "3": AnswerVerb.HAND_OVER,
    "4": AnswerVerb.NEED_HELP,
}
"""The keys of a telephone: the numbers of a text reply."""
REPEAT_KEY = "9"
"""The key on which the text is spoken once more."""
_VERBS = {word: verb for verb, words in _WORDS.items() for word in words}
_WIDE = str.maketrans("１２３４，。：；、　", "1234,.:;, ")
_SPLIT = re.compile(r"[\s,.:;]+")
_REFERENCE = re.compile(rf"[0-9a-f]{{{REFERENCE_LENGTH}}}")


@dataclass(frozen=True, slots=True)
class Reply:
    """An understood reply. `reference` is the end of a page's id, or None."""

    verb: AnswerVerb
    reference: str | None
    text: str


def reference_of(page_id: str) -> str:
    """Return the reference to a page in a reply: the last characters of its id."""
    return page_id[-REFERENCE_LENGTH:]


def understand(text: str) -> Reply | None:
    """Return the reply in a text of a person, None when the first word is not a verb."""
    words = [word for word in _SPLIT.split(text.translate(_WIDE).strip()) if word]
    verb = _VERBS.get(words[0].lower()) if words else None
    if verb is None:
        return None
    reason = words[1:]
    reference = None
    if reason and _REFERENCE.fullmatch(reason[0].lower()):
        reference, reason = reason[0].lower(), reason[1:]
    return Reply(verb, reference, " ".join(reason)[:4000])
