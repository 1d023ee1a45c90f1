"""CAP documents of our own: a valid document, and variants of it."""

from __future__ import annotations

CITY = "500000000000"
HEAD = {
    "identifier": "50000041600000_20260701075500_0",
    "sender": "weather@example.gov.cn",
    "sent": "2026-07-01T15:55:00+08:00",
    "status": "Actual",
    "msgType": "Alert",
    "scope": "Public",
}
INFO = {
    "language": "zh-CN",
    "category": "Met",
    "event": "暴雨",
    "urgency": "Expected",
    "severity": "Severe",
    "certainty": "Likely",
    "eventCode": "<valueName>GB/T 35561</valueName><value>11B03</value>",
    "expires": "2026-07-01T21:55:00+08:00",
    "headline": "永川区气象台发布暴雨橙色预警",
    "area": "<areaDesc>朱沱镇</areaDesc>"
    "<geocode><valueName>division</valueName><value>500118118</value></geocode>",
}
LATER = {
    "identifier": "50000041600000_20260701080000_0",
    "sent": "2026-07-01T16:00:00+08:00",
    "references": f"{HEAD['sender']},{HEAD['identifier']},{HEAD['sent']}",
}
"""The elements of a message that follows the valid document."""


def elements(values: dict[str, str]) -> str:
    return "".join(f"<{name}>{value}</{name}>\n" for name, value in values.items() if value != "-")


def a_document(
    head: dict[str, str] | None = None,
    info: dict[str, str] | None = None,
    *,
    more: str = "",
    declaration: str = '<?xml version="1.0" encoding="UTF-8"?>\n',
    version: str = "1.2",
    encoding: str = "utf-8",
) -> bytes:
    """Return the valid document with these elements in place of its own; `-` omits an element."""
    text = (
        f'{declaration}<alert xmlns="urn:oasis:names:tc:emergency:cap:{version}">\n'
        f"{elements({**HEAD, **(head or {})})}"
        f"<info>\n{elements({**INFO, **(info or {})})}</info>\n{more}</alert>"
    )
    return text.encode(encoding)
