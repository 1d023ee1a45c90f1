"""The part of the process that the screen of dead letters works with."""

from __future__ import annotations

from dataclasses import dataclass

from services.console.features.letters.letter_source import LetterSource


@dataclass(frozen=True)
class LetterParts:
    """The log of dead letters."""

    letters: LetterSource
