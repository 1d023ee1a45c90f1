"""Texts cut to a length: at a border of sentences or words, never inside a name or a number."""

from __future__ import annotations

MORE = "…"
"""The mark of a text that was cut."""
_SENTENCE = frozenset("。；，！？：\n;")
_INSIDE = frozenset("·（(+-.0123456789")
"""Characters beside which a space does not end a word: `四明村 · 网格 004`, `023 4985 0000`."""


def shorten(text: str, most: int) -> str:
    """Return the text with at most `most` characters; a cut text ends with `…`.

    The cut is at the last border of sentences in the second half, or else at the last border of
    words there. A text without any border is cut between two characters.
    """
    if len(text) <= most:
        return text
    room = most - len(MORE)
    places = range(room, room // 2, -1)
    place = next((place for place in places if text[place - 1] in _SENTENCE), None)
    if place is None:
        place = next((place for place in places if _is_border(text, place)), None)
    if place is None:
        place = next((place for place in places if not _is_inside_run(text, place)), room)
    return text[:place].rstrip("。；，！？：; \n,·") + MORE


def _is_border(text: str, place: int) -> bool:
    """Return whether a space follows a whole word at this place."""
    if not text[place].isspace() or text[place - 1].isspace():
        return False
    after = text[place:].lstrip()[:1]
    return text[place - 1] not in _INSIDE and after not in _INSIDE


def _is_inside_run(text: str, place: int) -> bool:
    """Return whether both neighbours belong to one word or number of ASCII characters."""
    before, after = text[place - 1], text[place]
    return before.isascii() and after.isascii() and (before.isalnum() or after.isalnum())
