"""The words, the area and the validity of an alert, as its signatures put them in force."""

from __future__ import annotations

import hashlib
from typing import Annotated

from pydantic import Field

from shared.contracts.fields import Clean, Contract, Instant, Level, Line, Position, UnitId

WORDING_CHARACTERS = 1_000
"""The most characters of a description or an instruction in one language."""
MOST_WORDS = 2 * WORDING_CHARACTERS + 3
WordingText = Annotated[str, Field(max_length=MOST_WORDS), Clean]
"""A text in both languages (shared/domain/bilingual.py)."""


class AlertWording(Contract):
    """The words of an alert at `level`, in Chinese and English (shared/domain/bilingual.py).

    `areas` are the units that the alert is for, `polygon` an area on the map beside them (at least
    three corners; the first is not repeated). Without `valid_until` the usual period of the level
    holds. `contact` is a telephone number for questions.
    """

    level: Level
    headline: Line
    description: WordingText = ""
    instruction: WordingText = ""
    contact: Annotated[str, Field(max_length=100), Clean] = ""
    areas: Annotated[tuple[UnitId, ...], Field(min_length=1, max_length=64)]
    polygon: Annotated[tuple[Position, ...], Field(max_length=100)] = ()
    valid_until: Instant | None = None

    def digest(self) -> str:
        """Return a hash: two wordings with an equal hash are equal."""
        return hashlib.sha256(self.to_wire()).hexdigest()[:32]
