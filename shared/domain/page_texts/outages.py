"""The words of a call that an outage of the system delayed."""

from __future__ import annotations

from datetime import datetime

from shared.domain.bilingual import Bilingual, bilingual_of
from shared.domain.measures import span
from shared.domain.page_texts.lines import joined_text
from shared.domain.page_texts.marks import NONE

_SHOWN_S = 60.0
"""A timer is late by so much only when the system was away or far behind."""


def delay_of(seconds: float) -> Bilingual:
    """Return the sentence about a delay; NONE for a delay that no outage has caused."""
    if seconds < _SHOWN_S:
        return NONE
    delay = span(seconds)
    return Bilingual(
        f"【系统中断】到期时系统中断，本次呼叫迟了 {delay.zh}。",
        f"[SYSTEM OUTAGE] This fell due while the system was away: the call is {delay.en} late.",
    )


def delay(due_at: datetime | None, now: datetime) -> Bilingual:
    """Return the sentence about a timer that was due at `due_at` and fires now."""
    return NONE if due_at is None else delay_of((now - due_at).total_seconds())


def opened(text: str, outage: Bilingual) -> str:
    """Return the text with the sentence about an outage before it."""
    return joined_text(outage, bilingual_of(text)) if outage.zh else text
