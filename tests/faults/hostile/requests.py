"""Classes of hostile HTTP requests to ingest and the console: mutations of good requests."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random
from typing import Any

from tests.faults.hostile.mutations import BYTES, FIELDS, mutated
from tests.support.cap import a_document

Json = dict[str, Any]


@dataclass(frozen=True)
class HostileRequest:
    """One request. `path` has its query and is sent byte for byte."""

    input_class: str
    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


_WORD = re.compile(rb"[^\s,:;<>=/\"]+")
_NOTABLE = (
    "%00", "%ff%fe", "%c0%af", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%5c..%5c",
    "%0d%0aSet-Cookie:a=b", "%E2%80%AE", "%F0%9F%94%A5", "1e999", "-1", "99999999999999999999999",
    "NaN", "true", "null", "[]", "%7B%7D", "0001-01-01T00:00:00%2B14:00",
    "9999-12-31T23:59:59-12:00", "2026-02-30", "%25%25", "'%20OR%201=1--", "%3Cscript%3E",
    "a" * 3_000, "%D8%00", "%ED%A0%80", "*", "0001-01-01T00:00:00%2B14:00~x",
    "9999-12-31T23:59:59-12:00~1~x", "1~x", "9~9~9~x", "~", "-1~%00", "%28%28%28", "\\",
)  # fmt: skip
"""Texts for parts of a path and for values of a query, in percent encoding."""


def _with(name: str, value: str) -> Callable[[Random, HostileRequest], HostileRequest]:
    return lambda _, request: replace(request, headers={**request.headers, name: value})


def _encoded(
    name: str, encode: Callable[[bytes], bytes]
) -> Callable[[Random, HostileRequest], HostileRequest]:
    def change(_: Random, request: HostileRequest) -> HostileRequest:
        headers = {**request.headers, "content-encoding": name}
        return replace(request, headers=headers, body=encode(request.body))

    return change


def _query(chance: Random, request: HostileRequest) -> HostileRequest:
    names = ("limit", "after", "status", "unit", "q", "since", "until", "place", "hours", "format")
    pairs = [f"{chance.choice(names)}={chance.choice(_NOTABLE)}" for _ in range(3)]
    return replace(request, path=request.path + "?" + "&".join(pairs))


def _path(chance: Random, request: HostileRequest) -> HostileRequest:
    parts = request.path.split("/")
    parts[chance.randrange(1, len(parts))] = chance.choice(_NOTABLE)
    return replace(request, path="/".join(parts))


FORMS: dict[str, Callable[[Random, HostileRequest], HostileRequest]] = {
    "method": lambda chance, request: replace(
        request, method=chance.choice(("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"))
    ),
    "trailing_slash": lambda _, request: replace(request, path=request.path + "/"),
    "path_text": _path,
    "query_text": _query,
    "repeated_query": lambda _, request: replace(request, path=request.path + "?" + "a=1&" * 2_000),
    "no_token": _with("authorization", ""),
    "foreign_token": _with("authorization", "Bearer " + "A" * 43),
    "basic_token": _with("authorization", "Basic YTpi"),
    "long_token": _with("authorization", "Bearer " + "t" * 6_000),
    "odd_token": _with("authorization", "Bearer \t,;=\"'"),
    "content_type": lambda chance, request: replace(
        request,
        headers={
            **request.headers,
            "content-type": chance.choice(
                (
                    "text/plain",
                    "application/x-www-form-urlencoded",
                    "multipart/form-data",
                    ";;",
                    "*/*",
                )
            ),
        },
    ),
    "charset": _with("content-type", "application/json; charset=utf-7"),
    "unknown_encoding": _with("content-encoding", "br, compress, x"),
    "false_gzip": _with("content-encoding", "gzip"),
    "gzip": _encoded("gzip", gzip.compress),
    "deflate": _encoded("deflate", zlib.compress),
    "gzip_bomb": _encoded("gzip", lambda _: gzip.compress(b" " * 20_000_000)),
    "body_over_limit": lambda _, request: replace(request, body=b" " * 1_200_000),
    "accept": _with("accept", "*/*;q=9, ,;application/" + "x" * 500),
    "language": _with("accept-language", "zh;q=abc,en;q=-1," + "x-" * 500),
    "origin": lambda chance, request: replace(
        request,
        headers={
            **request.headers,
            "origin": chance.choice(
                ("null", "http://[", "http://a[b]", "x:y:z", "http://evil.invalid")
            ),
        },
    ),
    "host": _with("host", "evil.invalid:99999"),
    "cookie": _with("cookie", "fenghuo_session=" + "%00" * 200 + "; =;;; a"),
    "forwarded": _with("x-forwarded-for", "127.0.0.1, ::1, ' OR 1=1"),
    "idempotency_key": lambda chance, request: replace(
        request,
        headers={
            **request.headers,
            "idempotency-key": chance.choice(("", "a" * 5_000, "é?", "\t")),
        },
    ),
    "last_event_id": _with("last-event-id", "-9e99;;" + "9" * 400),
    "range": _with("range", "bytes=0-,-1,99999999999-1"),
    "many_headers": lambda _, request: replace(
        request, headers={**request.headers, **{f"x-h{number}": "v" for number in range(90)}}
    ),
    "expect": _with("expect", "200-maybe"),
}
"""Forms of a request around its body."""


def ingest_requests(number: int, sensors: Sequence[str], village: str) -> list[HostileRequest]:
    """Return good requests for each route; `number` makes their ids unique."""
    moment = datetime.now(UTC)
    now = moment.isoformat()
    headers = {"content-type": "application/json"}
    reading = _reading(f"hst-{number}", sensors[number % len(sensors)], 3.5, moment)
    report = {
        "id": f"hst-{number}",
        "incident_id": f"hst-inc-{number}",
        "kind": "initial",
        "event_type": "12:gas_leak",
        "place": village,
        "reporter_id": "grid-9",
        "reporter_role": "grid_worker",
        "headline": "闻到燃气味",
        "occurred_at": now,
    }
    batch = {"readings": [{**reading, "id": f"hst-{number}-{part}"} for part in range(3)]}
    warning = a_document({"identifier": f"hst-{number}", "sent": now[:19] + "+00:00"})
    return [
        HostileRequest("", "POST", "/v1/readings", _json(reading), headers),
        HostileRequest("", "POST", "/v1/readings/batch", _json(batch), headers),
        HostileRequest("", "POST", "/v1/reports", _json(report), headers),
        HostileRequest(
            "", "POST", "/v1/warnings", warning, {"content-type": "application/cap+xml"}
        ),
    ]


def good_reading(identifier: str, sensor: str, value: float, now: datetime) -> HostileRequest:
    """Return a good reading of a gas detector."""
    headers = {"content-type": "application/json"}
    body = _json(_reading(identifier, sensor, value, now))
    return HostileRequest("good", "POST", "/v1/readings", body, headers)


def _reading(identifier: str, sensor: str, value: float, now: datetime) -> Json:
    return {
        "id": identifier,
        "sensor_id": sensor,
        "metric": "gas_lel",
        "value": value,
        "unit": "%LEL",
        "occurred_at": now.isoformat(),
    }


def _json(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def classes(door: str) -> list[str]:
    """Return the names of the classes of a door."""
    return [f"{door}:{name}" for name in (*BYTES, *FIELDS, *FORMS)]


def hostile(door: str, name: str, chance: Random, request: HostileRequest) -> HostileRequest:
    """Return the request with the mutation or form of this name."""
    request = replace(request, input_class=f"{door}:{name}")
    if name in FORMS:
        return FORMS[name](chance, request)
    if name in BYTES:
        return replace(request, body=BYTES[name](chance, request.body))
    try:
        value = json.loads((request.body or b"{}").decode())
    except ValueError:
        return replace(request, body=_token(name, chance, request.body))
    return replace(request, body=mutated(name, chance, value))


def _token(name: str, chance: Random, body: bytes) -> bytes:
    """Return XML, CSV or a calendar with the field mutation of this name in one of its words."""
    words = list(_WORD.finditer(body))
    if not words:
        return body
    word = chance.choice(words)
    value = json.loads(mutated(name, chance, {"occurred_at": word.group().decode("latin-1")}))
    text = str(value.get("occurred_at", "")).encode("utf-8", "surrogatepass")
    return body[: word.start()] + text + body[word.end() :]


XML: dict[str, bytes] = {
    "entity_bomb": b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">'
    + b"".join(b'<!ENTITY b%d "%s">' % (n, b"&b%d;" % (n - 1) * 10) for n in range(1, 9))
    + b"]><alert>&b8;</alert>",
    "external_entity": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><alert>&x;</alert>',
    "external_document_type": b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><alert/>',
    "deep_elements": b"<a>" * 20_000,
    "many_attributes": b"<alert " + b" ".join(b'a%d="1"' % n for n in range(20_000)) + b"/>",
    "character_data": b"<alert><![CDATA[" + b"]" * 5_000 + b"</alert>",
    "processing_instruction": b'<?xml version="1.1" encoding="x-none"?><?php x?><alert/>',
    "namespaces": b'<alert xmlns="urn:x" xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2"/>',
    "inclusion": b'<alert xmlns:xi="http://www.w3.org/2001/XInclude">'
    b'<xi:include href="file:///etc/passwd" parse="text"/></alert>',
}
"""Documents for the door of warnings."""


def xml_requests(chance: Random) -> Iterator[HostileRequest]:
    """Yield a request for each XML document."""
    media_types = ("application/cap+xml", "application/xml", "text/xml; charset=utf-16")
    for name, body in XML.items():
        headers = {"content-type": chance.choice(media_types)}
        yield HostileRequest(f"warning:{name}", "POST", "/v1/warnings", body, headers)
