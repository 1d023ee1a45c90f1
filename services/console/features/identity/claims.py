"""Claims of identity: an id, a name or a telephone number that a person types."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from services.console.core.directory import phone_digits
from shared.contracts.fields import PHONE_PATTERN

_MOST_CHARACTERS = 128


@dataclass(frozen=True, slots=True)
class IdentityClaim:
    """The words in one form; `phone` has the digits of a telephone number, else nothing."""

    words: str
    phone: str

    @property
    def key(self) -> str:
        """The key of failed attempts: all ways to write one name or number have one key."""
        return self.phone or self.words.casefold()


def claim_of(text: str) -> IdentityClaim:
    """Return the claim of a text: widths, spaces and the country code make no difference."""
    plain = unicodedata.normalize("NFKC", text[:_MOST_CHARACTERS])
    words = " ".join(plain.split())[:_MOST_CHARACTERS]
    phone = phone_digits(words) if re.fullmatch(PHONE_PATTERN, words) else ""
    return IdentityClaim(words, phone)
