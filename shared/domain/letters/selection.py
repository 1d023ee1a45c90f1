"""The sender of a refused record, and the selection of letters by it and by other marks."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.contracts.dead_letter import DeadLetter
from shared.domain.letters.history import LetterState

_SENDER_FIELDS = (
    "officer_id",
    "reporter_id",
    "source_id",
    "sensor_id",
    "actor",
    "origin_unit",
)
"""The fields that name a sender, the most exact first."""
_MOST_CHARS = 96
_MOST_PARSED = 65_536
"""A longer body is not parsed for its sender: the key names it."""


def bytes_of(encoded: str | None) -> bytes | None:
    """Return the bytes of a base64 text of a letter; a hostile text gives no bytes."""
    if encoded is None:
        return None
    try:
        return base64.b64decode(encoded)
    except (binascii.Error, ValueError):
        return b""


def sender_of(letter: DeadLetter) -> str:
    """Return the sender that the refused body names, else the record's key; text from outside."""
    value = bytes_of(letter.value_b64) or b""
    if len(value) <= _MOST_PARSED:
        try:
            body: Any = json.loads(value)
        except (ValueError, RecursionError):
            body = None
        if isinstance(body, dict):
            for name in _SENDER_FIELDS:
                if isinstance(text := body.get(name), str) and text:
                    return text[:_MOST_CHARS]
    key = bytes_of(letter.key_b64) or b""
    return key[:_MOST_CHARS].decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class LetterSelection:
    """Marks that a letter must have; an empty mark selects every letter."""

    topics: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    states: frozenset[LetterState] = frozenset()
    sender: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def selects(self, letter: DeadLetter, state: LetterState, sender: str) -> bool:
        """Return whether a letter has all marks."""
        return (
            (not self.topics or letter.topic in self.topics)
            and (not self.services or letter.service in self.services)
            and (not self.reasons or letter.reason in self.reasons)
            and (not self.states or state in self.states)
            and self.sender in (None, sender)
            and (self.since is None or letter.refused_at >= self.since)
            and (self.until is None or letter.refused_at < self.until)
        )
