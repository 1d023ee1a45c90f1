"""Models of the responses with dead letters."""

from __future__ import annotations

from datetime import datetime

from services.console.web.response_models import ResponseModel
from shared.contracts.dead_letter import Cut, Reason
from shared.contracts.letter_acts import LetterVerb
from shared.domain.letters.history import LetterState


class LetterGroupView(ResponseModel):
    """The number of dead letters of one topic, service, reason and state."""

    contract = "DeadLetter"

    topic: str
    service: str
    reason: Reason
    state: LetterState
    count: int
    first: datetime
    last: datetime


class LetterActView(ResponseModel):
    """The newest act on a refused record."""

    contract = "LetterAct"

    verb: LetterVerb
    actor: str
    reason: str
    at: datetime


class LetterView(ResponseModel):
    """A dead letter; text from outside is escaped."""

    contract = "DeadLetter"

    id: str
    place: str
    topic: str
    partition: int
    offset: int
    service: str
    reason: Reason
    detail: str
    sender: str
    key: str
    body: str
    size: int | None
    cut: list[Cut]
    refused_at: datetime
    state: LetterState
    act: LetterActView | None
    may: list[LetterVerb]


class LetterList(ResponseModel):
    """The newest dead letters with their counts."""

    groups: list[LetterGroupView]
    letters: list[LetterView]
    total: int
    unread: int
