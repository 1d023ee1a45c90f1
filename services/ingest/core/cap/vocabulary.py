"""The elements and values of CAP 1.2 (OASIS, cap12.xsd, docs/sources.md S8), also used for 1.1.

China's profile (docs/sources.md S9) writes the colour into `severity`; colours are allowed there
beside the values of CAP.
"""

from __future__ import annotations

from shared.contracts.fields import Level

NAMESPACES = frozenset(
    {"urn:oasis:names:tc:emergency:cap:1.2", "urn:oasis:names:tc:emergency:cap:1.1"}
)
COLOURS: dict[str, Level] = {
    "red": Level.RED,
    "orange": Level.ORANGE,
    "yellow": Level.YELLOW,
    "blue": Level.BLUE,
    "红色": Level.RED,
    "橙色": Level.ORANGE,
    "黄色": Level.YELLOW,
    "蓝色": Level.BLUE,
    "紅色": Level.RED,
    "黃色": Level.YELLOW,
    "藍色": Level.BLUE,
}
SEVERITIES: dict[str, Level | None] = {
    "Extreme": Level.RED,
    "Severe": Level.ORANGE,
    "Moderate": Level.YELLOW,
    "Minor": Level.BLUE,
    "Unknown": None,
}
"""Levels by severity: common practice, not a standard. A named colour has precedence."""

ALERT: dict[str, frozenset[str] | None] = {
    "identifier": None,
    "sender": None,
    "sent": None,
    "status": frozenset({"Actual", "Exercise", "System", "Test", "Draft"}),
    "msgType": frozenset({"Alert", "Update", "Cancel", "Ack", "Error"}),
    "scope": frozenset({"Public", "Restricted", "Private"}),
}
"""Required elements that occur once, with the allowed values; None allows any text."""
INFO: dict[str, frozenset[str] | None] = {
    "event": None,
    "urgency": frozenset({"Immediate", "Expected", "Future", "Past", "Unknown"}),
    "severity": frozenset({*SEVERITIES, *COLOURS, "unknown", "Red", "Orange", "Yellow", "Blue"}),
    "certainty": frozenset({"Observed", "Likely", "Possible", "Unlikely", "Unknown"}),
}
CATEGORIES = frozenset(
    {"Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra"}
    | {"CBRNE", "Other"}
)
RESPONSES = frozenset(
    {"Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"}
)

OPTIONAL: dict[str, frozenset[str]] = {
    "alert": frozenset(
        {"source", "restriction", "addresses", "code", "note", "references", "incidents", "info"}
    ),
    "info": frozenset(
        {"language", "category", "responseType", "audience", "eventCode", "effective", "onset"}
        | {"expires", "senderName", "headline", "description", "instruction", "web", "contact"}
        | {"parameter", "resource", "area"}
    ),
    "area": frozenset({"areaDesc", "polygon", "circle", "geocode", "altitude", "ceiling"}),
}
"""Optional elements. Elements of other namespaces (signatures) are allowed anywhere."""
