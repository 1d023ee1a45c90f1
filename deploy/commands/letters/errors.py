"""The refusal of a command on letters, in both languages."""

from __future__ import annotations

from shared.domain.bilingual import Bilingual


class LetterError(Exception):
    """The command cannot be done; the sentence says why."""

    def __init__(self, sentence: Bilingual) -> None:
        super().__init__(sentence.en)
        self.sentence = sentence
