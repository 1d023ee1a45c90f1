"""A CAP document as an external warning 外部预警; raises Refused with all that is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from services.ingest.core.accept import FUTURE
from services.ingest.core.cap import shapes
from services.ingest.core.cap.checks import problems
from services.ingest.core.cap.vocabulary import COLOURS, SEVERITIES
from services.ingest.core.cap.xml import Part, decoded, parse
from services.ingest.core.refusals import Refusal, Refused, refuse
from shared.contracts.fields import Level, Status, Tier
from shared.contracts.ids import content_id
from shared.contracts.reports import ExternalWarning

RECEIVED_FOR = "500000000000"
"""The unit that the city's agencies write to."""
LONGEST_TEXT = 60_000
"""A longer document is taken without its text."""
_SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"
_CODE = re.compile(
    r"(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])([0-9]{4}|[0-9]{7}|[0-9]{10})?", re.ASCII
)
"""A division of China: province, district, town or village (GB/T 2260 and below)."""
_FOREIGN = frozenset({"SAME", "FIPS6", "UGC"})
"""Geocodes that look alike and name places elsewhere."""
_EVENT = re.compile(r"1[1-4][A-Z0-9]{1,3}(:[a-z0-9_]{1,40})?", re.ASCII)
_MOST = 64


def one_warning(body: bytes, source: str, now: datetime) -> ExternalWarning:
    """The warning in a body of /v1/warnings, received from `source`."""
    alert = parse(body)
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
    shown = _preferred(infos)
    text = decoded(body)
    whole = text if isinstance(text, str) else text.decode("utf-8", "replace")
    return ExternalWarning(
        id=_id(source, alert.said("sender"), alert.said("identifier"), sent),
        status=Status(alert.said("status")),
        occurred_at=sent,
        sent_at=now,
        origin_unit=RECEIVED_FOR,
        tier=Tier.CITY,
        areas=_areas(infos),
        references=tuple(_id(source, *one) for one in follows[:_MOST]),
        source_id=source,
        cap_identifier=alert.said("identifier"),
        msg_type=alert.said("msgType"),  # type: ignore[arg-type]
        event_type=_event_type(infos),
        level=_level(shown),
        headline=_headline(shown, alert),
        signed=_signed(alert),
        source_text=whole if len(whole) <= LONGEST_TEXT else "",
    )


def _id(source: str, sender: str, identifier: str, sent: datetime) -> str:
    """A message is what its sender, identifier and time say; sent again it is the same record."""
    return content_id("wrn", source, sender, identifier, sent.astimezone(UTC).isoformat())


def _preferred(infos: Iterable[Part]) -> Part | None:
    """The block that is shown: Chinese before all others."""
    ordered = sorted(infos, key=lambda one: not one.said("language").lower().startswith("zh"))
    return next(iter(ordered), None)


def _headline(info: Part | None, alert: Part) -> str:
    said = (info.said("headline") or info.said("event")) if info is not None else ""
    return " ".join(said.split())[:200] or f"外部预警 {alert.said('identifier')}"[:200]


def _pairs(info: Part, *names: str) -> Iterable[tuple[str, str]]:
    for name in names:
        for one in info.each(name):
            yield one.said("valueName"), one.said("value")


def _event_type(infos: Iterable[Part]) -> str | None:
    """The national code, where the agency says one; without it the warning supports no rule."""
    for info in infos:
        for _, value in _pairs(info, "eventCode", "parameter"):
            if _EVENT.fullmatch(value):
                return value
    return None


def _level(info: Part | None) -> Level | None:
    """The colour that is named; else the one that CAP's severity is usually taken for."""
    if info is None:
        return None
    for name, value in _pairs(info, "parameter"):
        if "color" in name.lower() and value.lower() in COLOURS:
            return COLOURS[value.lower()]
    severity = info.said("severity")
    return COLOURS.get(severity.lower()) or SEVERITIES.get(severity)


def _areas(infos: Iterable[Part]) -> tuple[str, ...]:
    """Division codes of all areas, as units; other geocodes mean nothing here."""
    found: dict[str, None] = {}
    for info in infos:
        for area in info.each("area"):
            for name, value in _pairs(area, "geocode"):
                if name.upper() not in _FOREIGN and _CODE.fullmatch(value):
                    found.setdefault(value.ljust(12, "0"))
    return tuple(found)[:_MOST]


def _signed(alert: Part) -> bool:
    return any((one.namespace, one.name) == (_SIGNATURE, "Signature") for one in alert.children)
