"""Good requests for the routes of the console: every act, every list, every file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import quote

from PIL import Image

from deploy.example.officers import officer_id
from deploy.example.units import CITY, DISTRICT
from shared.contracts.fields import Post
from tests.faults.hostile.requests import HostileRequest

_TOWN = "500118118000"
_REAL = 0.7
"""The share of requests about something that exists."""
_READS = (
    "/", "/api/alarms", "/api/alerts?open=1", "/api/alerts/alr-1", "/api/assignments",
    f"/api/assignments?unit={_TOWN}&subtree=1", "/api/assignments/asg-1", "/api/cases?q=a",
    "/api/cases/alr-1", "/api/cases/alr-1/evaluation", "/api/cases/alr-1/export?format=pdf",
    "/api/cases/alr-1/photos", "/api/cases/alr-1/review", "/api/cases/alr-1/timeline",
    "/api/commands", "/api/commands/cmd-1", f"/api/commands/cmd-1/below?unit={_TOWN}", "/api/duty",
    "/api/duty/export?format=ics", "/api/duty/gaps", "/api/duty/reachability", "/api/feed",
    "/api/incidents/inc-1/reports", "/api/me", "/api/modes", "/api/overview", "/api/pages",
    "/api/pages/pag-1", "/api/photos/pho-1", "/api/reporting", "/api/sensors/silent",
    "/api/sensors/gas-1/readings?hours=3", "/api/silences", "/api/supervision",
    "/api/supervision/units", "/api/units", "/api/warnings", "/static/js/phone.js", "/metrics",
    "/readyz",
)  # fmt: skip


def console_requests() -> list[HostileRequest]:
    """Return one good request for each route, as an officer of the city sends it."""
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    selection = {"include": [{"unit": _TOWN, "tiers": ["village"]}]}
    bodies: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/api/alerts/alr-1/decisions", {"verb": "approve", "level": 2, "version": 1}),
        ("POST", "/api/alerts/alr-1/preview", {"verb": "approve", "reason": "已核实"}),
        ("POST", "/api/assignments/asg-1/acknowledgements", {"step": "sign", "text": "已签收"}),
        ("POST", "/api/cases/alr-1/review", {"text": "复盘", "findings": []}),
        (
            "POST",
            "/api/commands",
            {"selection": selection, "event_type": "12:gas_leak", "level": 3, "title": "巡查"},
        ),
        ("POST", "/api/commands/preview", {"selection": selection, "limit": 10}),
        (
            "POST",
            "/api/commands/page-preview",
            {"selection": selection, "event_type": "12:gas_leak", "level": "red", "title": "巡查"},
        ),
        ("POST", "/api/commands/cmd-1/remind", {"text": "请尽快", "unit": _TOWN}),
        (
            "POST",
            "/api/drills",
            {"title": "演练", "event_type": "12:gas_leak", "level": 3, "place": _TOWN},
        ),
        (
            "PUT",
            f"/api/duty/entries/ent-1?unit={CITY}",
            {
                "version": 1,
                "rule": {
                    "kind": "shift",
                    "unit": CITY,
                    "post": "b",
                    "officer_id": officer_id(CITY, Post.B),
                    "starts": datetime.now(UTC).isoformat(),
                    "ends": later,
                },
            },
        ),
        ("POST", f"/api/duty/entries/ent-1/cancel?unit={CITY}", {}),
        ("POST", "/api/duty/tests", {"unit": _TOWN}),
        (
            "POST",
            "/api/modes/proposals",
            {"unit": DISTRICT, "mode": "emergency", "until": later, "reason": "暴雨"},
        ),
        ("POST", "/api/modes/proposals/mop-1/approve", {"version": 1, "reason": "同意"}),
        ("POST", "/api/pages/pag-1/answers", {"verb": "acknowledge", "text": "收到"}),
        (
            "POST",
            "/api/reports",
            {"incident_id": "inc-1", "kind": "initial", "means": "written", "headline": "报告"},
        ),
        (
            "POST",
            "/api/silences",
            {"begin_at": datetime.now(UTC).isoformat(), "end_at": later, "reason": "检修"},
        ),
        ("POST", "/api/silences/sil-1/end", {"reason": "完成"}),
        ("POST", "/carriers/receipts", {"page_id": "pag-1", "verb": "acknowledge", "text": ""}),
        ("POST", "/carriers/keys", {"page_id": "pag-1", "key": "1"}),
        ("POST", "/carriers/replies", {"address": "+8613800000000", "channel": "sms", "text": "1"}),
        ("POST", "/login", {"officer_id": officer_id(CITY, Post.B), "password": "false"}),
    ]
    requests = [
        HostileRequest("", method, path, json.dumps(body, ensure_ascii=False).encode(), _headers())
        for method, path, body in bodies
    ]
    requests += [HostileRequest("", "GET", path) for path in _READS]
    picture, table, calendar = _picture(), _table(), _calendar()
    requests += [
        HostileRequest(
            "", "POST", "/api/assignments/asg-1/photos?note=a", picture, _type("image/png")
        ),
        HostileRequest("", "POST", "/api/duty/import?format=csv", table, _type("text/csv")),
        HostileRequest("", "POST", "/api/duty/import?format=ics", calendar, _type("text/calendar")),
    ]
    return requests


def with_real_ids(
    request: HostileRequest, ids: Mapping[str, Sequence[str]], chance: Random
) -> HostileRequest:
    """Return the request with ids that exist in place of those of the good requests."""
    path, body = request.path, request.body
    for name, choices in ids.items():
        if choices and chance.random() < _REAL:
            identifier = chance.choice(choices)
            path = path.replace(name, quote(identifier, safe=""))
            body = body.replace(f'"{name}"'.encode(), json.dumps(identifier).encode())
    return replace(request, path=path, body=body)


def _type(media_type: str) -> dict[str, str]:
    return {"content-type": media_type, "idempotency-key": "hst-file"}


def _headers() -> dict[str, str]:
    return {"content-type": "application/json", "idempotency-key": "hst-act"}


def _picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(file, "PNG")
    return file.getvalue()


def _table() -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows(
        [
            ["kind", "unit", "post", "officer_id", "starts", "ends"],
            ["shift", CITY, "b", "o", "", ""],
        ]
    )
    return file.getvalue().encode()


def _calendar() -> bytes:
    lines = (
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VTIMEZONE", "TZID:Beijing",
        "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0800", "TZOFFSETTO:+0800",
        "END:STANDARD", "END:VTIMEZONE", "BEGIN:VEVENT", "UID:1", "DTSTAMP:20270101T000000Z",
        "DTSTART;TZID=Beijing:20270701T080000", "DTEND;TZID=Beijing:20270701T200000",
        "SUMMARY:a", "END:VEVENT", "END:VCALENDAR",
    )  # fmt: skip
    return "\r\n".join(lines).encode()
