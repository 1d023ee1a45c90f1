"""Dead letters for the console's screen, with hostile text in every field that has any."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

from services.console.features.letters.letter_window import LetterExcerpt
from shared.contracts.dead_letter import DeadLetter, Reason
from shared.contracts.ids import dead_letter_id
from shared.contracts.letter_acts import LetterAct, LetterVerb
from shared.contracts.topics import ALERT_DECISIONS, READINGS, REPORTS, TopicSpec
from shared.contracts.units import tier_of
from tests.support.console_events import CITY

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>\u202e\x1b[31m"


def an_excerpt(
    spec: TopicSpec,
    offset: int,
    at: datetime,
    reason: Reason = Reason.SCHEMA,
    *,
    text: str = "gauge-zhutuo",
    service: str = "scoring",
) -> LetterExcerpt:
    """Return a letter of partition 0; `text` is detail, sender, key and body."""
    letter = DeadLetter(
        id=dead_letter_id(service, spec.name, 0, offset),
        reason=reason,
        detail=text,
        service=service,
        topic=spec.name,
        partition=0,
        offset=offset,
        key_b64=base64.b64encode(text.encode()).decode(),
        refused_at=at,
    )
    return LetterExcerpt(letter, text, text.encode() + b"\xff", 1_418)


def excerpts(now: datetime) -> list[LetterExcerpt]:
    """Return letters of several topics, services and reasons, the newest of a bug of ours."""
    readings = [
        an_excerpt(READINGS, number, now - timedelta(hours=1, seconds=number))
        for number in range(30)
    ]
    return [
        *readings,
        an_excerpt(REPORTS, 7, now - timedelta(minutes=5), text=HOSTILE, service="command"),
        an_excerpt(REPORTS, 7, now - timedelta(minutes=5), text=HOSTILE, service="alerting"),
        an_excerpt(
            ALERT_DECISIONS, 3, now - timedelta(minutes=2), Reason.NOT_ALLOWED, service="alerting"
        ),
        an_excerpt(
            REPORTS, 9, now - timedelta(minutes=1), Reason.HANDLER_ERROR, service="alerting"
        ),
    ]


def an_act(verb: LetterVerb, spec: TopicSpec, offset: int, at: datetime) -> LetterAct:
    """Return an operator's act on a record of partition 0."""
    is_sent = verb is LetterVerb.SENT
    return LetterAct(
        id=f"lta-{verb}-{offset}",
        occurred_at=at,
        sent_at=at,
        origin_unit=CITY,
        tier=tier_of(CITY),
        verb=verb,
        actor="op-1",
        reason="the gauge is in the catalogue now",
        topic=spec.name,
        partition=0,
        offsets=(offset,),
        to_partition=0 if is_sent else None,
        to_offsets=(offset + 1_000,) if is_sent else (),
    )
