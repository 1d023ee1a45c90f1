"""The acceptance of a CAP document as an external warning 外部预警."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import get_args

from services.ingest.core.cap import formats
from services.ingest.core.cap.checks import find_problems
from services.ingest.core.cap.codes import concerned, divisions, event_codes, pairs
from services.ingest.core.cap.encoding import text_of
from services.ingest.core.cap.vocabulary import COLOURS, SEVERITIES
from services.ingest.core.cap.xml import CapElement, parse
from services.ingest.core.refusals import ProblemKind, RequestRefused, refusal
from services.ingest.core.times import FUTURE
from shared.contracts.fields import LEVEL_ORDER, DoorStatus, Level, Status
from shared.contracts.ids import content_id
from shared.contracts.reports import MOST_AREAS, ExternalWarning
from shared.contracts.units import tier_of
from shared.domain.shortening import shorten

_LINE_CHARACTERS = 200
_TEXT_CHARACTERS = 4_000
_SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"


def accept_warning(
    body: bytes, source: str, now: datetime, charset: str | None = None, *, receiver: str
) -> ExternalWarning:
    """Return the warning in a body of `/v1/warnings`, sent by `source`.

    `receiver` is the topmost unit of the installation: a warning about its whole province is about
    the receiver. `charset` is the character set that the header names. Raises RequestRefused with
    all problems.
    """
    text = text_of(body, charset)
    alert = parse(text)
    if problems := find_problems(alert):
        raise RequestRefused(problems)
    if alert.child_text("status") not in get_args(DoorStatus):
        message = f"messages of status {alert.child_text('status')} are not for people"
        raise refusal(ProblemKind.NOT_CAP, "alert.status", message, ", ".join(get_args(DoorStatus)))
    sent = formats.parse_time(alert.child_text("sent"))
    references = formats.parse_references(alert.child_text("references"))
    assert sent is not None
    assert references is not None
    if sent > now + FUTURE:
        raise refusal(
            ProblemKind.FUTURE_TIME, "alert.sent", f"{sent.isoformat()} lies in the future"
        )
    infos = list(alert.children_named("info"))
    info = _most_severe(infos)
    event_type = _event_type(infos, info)
    return ExternalWarning(
        id=_id(source, alert.child_text("sender"), alert.child_text("identifier"), sent),
        status=Status(alert.child_text("status")),
        occurred_at=sent,
        sent_at=now,
        origin_unit=receiver,
        tier=tier_of(receiver),
        areas=_areas(infos, info, event_type, receiver),
        references=tuple(_id(source, *reference) for reference in references),
        source_id=source,
        cap_identifier=alert.child_text("identifier"),
        msg_type=alert.child_text("msgType"),  # type: ignore[arg-type]
        event_type=event_type,
        level=_level(info),
        effective_at=_time(info, "effective"),
        expires_at=_time(info, "expires"),
        headline=_headline(info, alert),
        sender_name=_line(info, "senderName") or None,
        description=_text(info, "description"),
        instruction=_text(info, "instruction"),
        signed=_signed(alert),
        source_text=text,
    )


def _id(source: str, sender: str, identifier: str, sent: datetime) -> str:
    """Return an id made of sender, identifier and time: a message sent again is the same record."""
    return content_id("wrn", source, sender, identifier, sent.astimezone(UTC).isoformat())


def _most_severe(infos: Sequence[CapElement]) -> CapElement | None:
    """Return the block with the highest level; of equal levels a Chinese block, then the first."""

    def rank(info: CapElement) -> tuple[int, bool]:
        level = _level(info)
        return -1 if level is None else LEVEL_ORDER[level], _language(info).startswith("zh")

    return max(infos, key=rank, default=None)


def _language(info: CapElement) -> str:
    return info.child_text("language").lower()


def _time(info: CapElement | None, name: str) -> datetime | None:
    return formats.parse_time(info.child_text(name)) if info is not None else None


def _headline(info: CapElement | None, alert: CapElement) -> str:
    headline = _line(info, "headline") or _line(info, "event")
    return headline or f"外部预警 {alert.child_text('identifier')}"[:_LINE_CHARACTERS]


def _line(info: CapElement | None, name: str) -> str:
    """Return the words of an element on one line; "" without the element."""
    return " ".join(info.child_text(name).split())[:_LINE_CHARACTERS] if info is not None else ""


def _text(info: CapElement | None, name: str) -> str:
    """Return the words of an element, cut at a border of sentences; "" without the element."""
    return shorten(info.child_text(name).strip(), _TEXT_CHARACTERS) if info is not None else ""


def _event_type(infos: Sequence[CapElement], info: CapElement | None) -> str | None:
    """Return the national code of the most severe block, else of a translation, else None.

    Without a code the warning supports no rule.
    """
    if info is None:
        return None
    translations = [block for block in infos if _language(block) != _language(info)]
    codes = (code for translation in (info, *translations) for code in event_codes(translation))
    return next(codes, None)


def _level(info: CapElement | None) -> Level | None:
    """Return the level of the named colour, else the usual level of the CAP severity."""
    if info is None:
        return None
    for name, value in pairs(info, "parameter"):
        if "color" in name.lower() and value.lower() in COLOURS:
            return COLOURS[value.lower()]
    severity = info.child_text("severity")
    return COLOURS.get(severity.lower()) or SEVERITIES.get(severity)


def _areas(
    infos: Sequence[CapElement], info: CapElement | None, event_type: str | None, receiver: str
) -> tuple[str, ...]:
    """Return the divisions of all blocks about the event of the most severe block, each once."""
    if info is None:
        return ()
    blocks = (block for block in infos if block is info or _is_about(block, info, event_type))
    codes = (code for block in blocks for code in divisions(block))
    areas = dict.fromkeys(concerned(code, receiver) for code in codes)
    if len(areas) > MOST_AREAS:
        message, allowed = f"names {len(areas)} divisions", f"at most {MOST_AREAS}"
        raise refusal(ProblemKind.NOT_CAP, "alert.info.area", message, allowed)
    return tuple(areas)


def _is_about(block: CapElement, info: CapElement, event_type: str | None) -> bool:
    """Compare the code of a block, if it has one; else its language, or the name of its event."""
    code = next(event_codes(block), None)
    if code is not None:
        return code == event_type
    return _language(block) != _language(info) or block.child_text("event") == info.child_text(
        "event"
    )


def _signed(alert: CapElement) -> bool:
    return any(
        (child.namespace, child.name) == (_SIGNATURE, "Signature") for child in alert.children
    )
