"""A CAP document as an external warning 外部预警; raises Refused with all that is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from services.ingest.core.accept import FUTURE
from services.ingest.core.cap import shapes
from services.ingest.core.cap.checks import problems
from services.ingest.core.cap.codes import divisions, event_codes, pairs
from services.ingest.core.cap.encoding import text_of
from services.ingest.core.cap.vocabulary import COLOURS, SEVERITIES
from services.ingest.core.cap.xml import Part, parse
from services.ingest.core.refusals import Refusal, Refused, refuse
from shared.contracts.fields import LEVEL_ORDER, Level, Status, Tier
from shared.contracts.ids import content_id
from shared.contracts.reports import MOST_AREAS, ExternalWarning

RECEIVED_FOR = "500000000000"
"""The unit that the city's agencies write to."""
_SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"


def one_warning(
    body: bytes, source: str, now: datetime, charset: str | None = None
) -> ExternalWarning:
    """The warning in a body of /v1/warnings, received from `source`; `charset` as its header names it."""
    text = text_of(body, charset)
    alert = parse(text)
    if wrong := problems(alert):
        raise Refused(wrong)
    if alert.said("status") not in set(Status):
        what = f"messages of status {alert.said('status')} are not for people"
        raise refuse(Refusal.NOT_CAP, "alert.status", what, ", ".join(Status))
    sent = shapes.moment(alert.said("sent"))
    follows = shapes.references(alert.said("references"))
    assert sent is not None
    assert follows is not None
    if sent > now + FUTURE:
        raise refuse(Refusal.FUTURE_TIME, "alert.sent", f"{sent.isoformat()} lies in the future")
    infos = list(alert.each("info"))
    info = _gravest(infos)
    event_type = _event_type(infos, info)
    return ExternalWarning(
        id=_id(source, alert.said("sender"), alert.said("identifier"), sent),
        status=Status(alert.said("status")),
        occurred_at=sent,
        sent_at=now,
        origin_unit=RECEIVED_FOR,
        tier=Tier.CITY,
        areas=_areas(infos, info, event_type),
        references=tuple(_id(source, *follow) for follow in follows),
        source_id=source,
        cap_identifier=alert.said("identifier"),
        msg_type=alert.said("msgType"),  # type: ignore[arg-type]
        event_type=event_type,
        level=_level(info),
        effective_at=_moment(info, "effective"),
        expires_at=_moment(info, "expires"),
        headline=_headline(info, alert),
        signed=_signed(alert),
        source_text=text,
    )


def _id(source: str, sender: str, identifier: str, sent: datetime) -> str:
    """A message is what its sender, identifier and time say; sent again it is the same record."""
    return content_id("wrn", source, sender, identifier, sent.astimezone(UTC).isoformat())


def _gravest(infos: Sequence[Part]) -> Part | None:
    """The block that counts: the highest level; of those a Chinese one; of those the first."""

    def rank(info: Part) -> tuple[int, bool]:
        level = _level(info)
        return -1 if level is None else LEVEL_ORDER[level], _language(info).startswith("zh")

    return max(infos, key=rank, default=None)


def _language(info: Part) -> str:
    return info.said("language").lower()


def _moment(info: Part | None, name: str) -> datetime | None:
    return shapes.moment(info.said(name)) if info is not None else None


def _headline(info: Part | None, alert: Part) -> str:
    said = (info.said("headline") or info.said("event")) if info is not None else ""
    return " ".join(said.split())[:200] or f"外部预警 {alert.said('identifier')}"[:200]


def _event_type(infos: Sequence[Part], info: Part | None) -> str | None:
    """The national code of the block that counts, else that of a translation; without one the warning
    supports no rule."""
    if info is None:
        return None
    translations = [part for part in infos if _language(part) != _language(info)]
    codes = (code for translation in (info, *translations) for code in event_codes(translation))
    return next(codes, None)


def _level(info: Part | None) -> Level | None:
    """The colour that is named; else the one that CAP's severity is usually taken for."""
    if info is None:
        return None
    for name, value in pairs(info, "parameter"):
        if "color" in name.lower() and value.lower() in COLOURS:
            return COLOURS[value.lower()]
    severity = info.said("severity")
    return COLOURS.get(severity.lower()) or SEVERITIES.get(severity)


def _areas(infos: Sequence[Part], info: Part | None, event_type: str | None) -> tuple[str, ...]:
    """The divisions of the blocks about the same event as the one that counts, each once."""
    if info is None:
        return ()
    same = (part for part in infos if part is info or _is_about(part, info, event_type))
    result = dict.fromkeys(code for part in same for code in divisions(part))
    if len(result) > MOST_AREAS:
        what, allowed = f"names {len(result)} divisions", f"at most {MOST_AREAS}"
        raise refuse(Refusal.NOT_CAP, "alert.info.area", what, allowed)
    return tuple(result)


def _is_about(other: Part, info: Part, event_type: str | None) -> bool:
    """By its code, if it has one; else as a translation, or by the name of the event."""
    code = next(event_codes(other), None)
    if code is not None:
        return code == event_type
    return _language(other) != _language(info) or other.said("event") == info.said("event")


def _signed(alert: Part) -> bool:
    return any(
        (child.namespace, child.name) == (_SIGNATURE, "Signature") for child in alert.children
    )
