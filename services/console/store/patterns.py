"""Patterns of LIKE for words that an officer types."""

from __future__ import annotations


def pattern_of(words: str) -> str:
    """Return a LIKE pattern of the typed text; `%` and `_` are matched literally."""
    if not words:
        return ""
    literal = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{literal}%"
