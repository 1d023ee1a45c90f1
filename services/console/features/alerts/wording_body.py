"""The words of an alert in a request, and their check: the act and its preview refuse the same."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from services.console.core.record import OutgoingRecord
from services.console.web.actions import Body
from services.console.web.problems import ApiProblem, missing_field
from shared.contracts.fields import Instant, Level, Position, UnitId
from shared.contracts.wordings import MOST_WORDS, WORDING_CHARACTERS, AlertWording
from shared.domain.bilingual import LINE_CHARACTERS, Bilingual

_FEWEST_CORNERS = 3


class WordPairBody(Body):
    """Words in Chinese and English; a missing language repeats the other one."""

    zh: Annotated[str, Field(max_length=WORDING_CHARACTERS)] = ""
    en: Annotated[str, Field(max_length=WORDING_CHARACTERS)] = ""

    def joined(self, most: int) -> str:
        """Return both languages as one text of the contract."""
        words = Bilingual(self.zh.strip() or self.en.strip(), self.en.strip() or self.zh.strip())
        return words.joined(most) if words.zh else ""


class CornerBody(Body):
    """A corner of a polygon, in degrees of WGS 84."""

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]


class WordingBody(Body):
    """The words, the area (units, and a polygon of at least three corners) and the validity."""

    headline: WordPairBody
    description: WordPairBody = WordPairBody()
    instruction: WordPairBody = WordPairBody()
    contact: Annotated[str, Field(max_length=100)] = ""
    areas: Annotated[tuple[UnitId, ...], Field(min_length=1, max_length=64)]
    polygon: Annotated[tuple[CornerBody, ...], Field(max_length=100)] = ()
    valid_until: Instant | None = None


def own_words(alert: OutgoingRecord, words: WordingBody | None) -> AlertWording:
    """Return an officer's words as a record; raise ApiProblem for words that cannot be proposed."""
    level = alert["proposed_level"]
    if words is None:
        raise missing_field("wording", "write the words")
    if level is None:
        raise stale_proposal("lift")
    headline = words.headline.joined(LINE_CHARACTERS)
    if not headline:
        raise missing_field("wording.headline", "write the headline")
    if 0 < len(words.polygon) < _FEWEST_CORNERS:
        raise missing_field("wording.polygon", "a polygon has at least three corners")
    return AlertWording(
        level=Level(level),
        headline=headline,
        description=words.description.joined(MOST_WORDS),
        instruction=words.instruction.joined(MOST_WORDS),
        contact=words.contact.strip(),
        areas=words.areas,
        polygon=tuple(Position(lat=corner.lat, lon=corner.lon) for corner in words.polygon),
        valid_until=words.valid_until,
    )


def stale_proposal(now: str) -> ApiProblem:
    """Return the refusal of a decision about a proposal that is no longer the present one."""
    return ApiProblem(
        409,
        "The proposal has changed",
        f"Now: {now}. Look again before you decide.",
        reason="stale_proposal",
    )
