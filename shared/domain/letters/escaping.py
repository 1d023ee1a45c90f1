"""The bytes of strangers as text that is safe on a terminal and on a screen."""

from __future__ import annotations

MOST_SHOWN_BYTES = 65_536


def escaped(content: bytes | None, most: int = MOST_SHOWN_BYTES) -> str:
    """Return bytes as printable text; each other byte or character as an escape."""
    if content is None:
        return ""
    text = content[:most].decode("utf-8", "backslashreplace")
    safe = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
    return safe + ("…" if len(content) > most else "")
