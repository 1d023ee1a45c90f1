"""Dead letters as they were read for a screen."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.dead_letter import DeadLetter
from shared.domain.letters.history import LetterHistory


@dataclass(frozen=True, slots=True)
class LetterExcerpt:
    """A letter with the sender and the beginning of the refused body.

    `size` is the length of the body in the letter, None without a body.
    """

    letter: DeadLetter
    sender: str
    body: bytes
    size: int | None


@dataclass(frozen=True, slots=True)
class LetterWindow:
    """Letters in no order, the acts on them, and the number of older letters that were not read."""

    letters: list[LetterExcerpt]
    history: LetterHistory
    unread: int
