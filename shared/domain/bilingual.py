"""Words for people in Chinese and English: one string on the wire, one language per reader.

A text that a machine or a plan writes holds both languages as `中文 ‖ English`. Whoever shows it to a
person asks `said` for that person's language; `services/console/static/js/lib/i18n.js` does the same. A text
without the separator is a person's own: everybody reads it as it was written.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from shared.contracts.fields import Language

SEPARATOR = " ‖ "
LINE_CHARACTERS = 200
"""Of both languages together, as contracts limit a line."""


class Both(NamedTuple):
    """The same words in both languages."""

    zh: str
    en: str

    def of(self, language: Language) -> str:
        """The words in one language."""
        return self.zh if language is Language.ZH else self.en

    def joined(self, most: int = LINE_CHARACTERS) -> str:
        """Both as one string of at most `most` characters; the longer half gives way first."""
        if self.zh == self.en:
            return self.zh[:most]
        room = most - len(SEPARATOR)
        zh = self.zh[: max(room // 2, room - len(self.en))].rstrip()
        return zh + SEPARATOR + self.en[: room - len(zh)].rstrip()


def both(text: str) -> Both:
    """The halves of a text; a text in one language is itself in both."""
    zh, separator, en = text.partition(SEPARATOR)
    return Both(zh, en) if separator else Both(text, text)


def said(text: str, language: Language) -> str:
    """What a reader of this language is shown of a text."""
    return both(text).of(language)


def all_said(value: Any, language: Language) -> Any:
    """A JSON value with every text in one language."""
    match value:
        case str():
            return said(value, language)
        case list():
            return [all_said(one, language) for one in value]
        case dict():
            return {name: all_said(one, language) for name, one in value.items()}
        case _:
            return value
