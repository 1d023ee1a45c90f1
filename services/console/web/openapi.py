"""The OpenAPI document: what the routes say of themselves, and what holds for all of them.

Every refusal is a problem document (RFC 9457); every act answers 202 once Kafka has it. Lists end
at `limit`; those that go on have a cursor `after`, answered as `next`; the others are bounded by
what is here.
"""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from services.console.core.record import Json

BOUNDS = {
    "/api/duty": "At most 31 days; a post has one holder at a time.",
    "/api/duty/gaps": "At most one entry per post of a unit in the subtree.",
    "/api/duty/export": "One unit's plan.",
    "/api/modes": "At most one entry per unit that has decided, and its open proposals.",
    "/api/incidents/{incident_id}/reports": "The reports of one incident.",
    "/api/cases/{case_id}/review": "One document; at most 20 findings.",
    "/api/supervision/units": "The unit itself, the units one tier below and its departments.",
    "/api/units": "The units one tier below, its departments and groups.",
    "/api/commands/{command_id}/below": "The units one tier below.",
    "/api/overview": "One document; its map has one tile per town.",
    "/api/modes/preview": "One document.",
    "/api/me": "One document.",
    "/api/events": "A stream; at most 1000 missed lines are sent, else a `reset`.",
}
"""What bounds a read that takes no `limit`."""

_TOWN = "500118118000"
_WINDOW = {"begin_at": "2026-11-25T00:00:00Z", "end_at": "2026-11-25T06:00:00Z"}
_SELECTION = {"include": [{"kind": "subtree", "of": _TOWN, "tiers": ["village"]}]}
EXAMPLES: dict[tuple[str, str], Json] = {
    ("post", "/api/commands"): {
        "selection": _SELECTION,
        "event_type": "11A01",
        "level": "yellow",
        "title": "沿江巡查",
        "instruction": "每两小时一次",
        "status": "Exercise",
    },
    ("post", "/api/commands/preview"): {"selection": _SELECTION, "limit": 100},
    ("post", "/api/commands/{command_id}/{verb}"): {"version": 3},
    ("post", "/api/assignments/{assignment_id}/acknowledgements"): {
        "step": "report",
        "text": "已转移 32 人",
    },
    ("post", "/api/pages/{page_id}/answers"): {"verb": "coming", "text": "十分钟到"},
    ("post", "/api/alerts/{alert_id}/decisions"): {
        "verb": "approve",
        "level": "orange",
        "version": 4,
    },
    ("post", "/api/silences"): {**_WINDOW, "sensor_id": "gauge-zhutuo", "reason": "检修"},
    ("post", "/api/silences/{silence_id}/end"): {"end_at": None, "reason": "检修完成"},
    ("post", "/api/modes/proposals"): {
        "unit": _TOWN,
        "mode": "standby",
        "until": "2026-11-26T00:00:00Z",
        "reason": "强降雨",
    },
    ("post", "/api/modes/proposals/{proposal_id}/{verb}"): {"version": 1},
    ("put", "/api/duty/entries/{entry_id}"): {
        "rule": {
            "kind": "member",
            "officer": {"officer_id": "o-500118118000-b", "name": "李远"},
        },
        "version": 0,
    },
    ("post", "/api/duty/tests"): {"unit": _TOWN, "officer_id": "o-500118118000-b"},
    ("post", "/api/reports"): {
        "incident_id": "inc-0123456789abcdef0123456789abcdef",
        "kind": "initial",
        "means": "written",
        "place": _TOWN,
        "event_type": "11A01",
        "headline": "朱沱镇沿江道路被淹",
    },
    ("post", "/api/cases/{case_id}/review"): {
        "text": "转移及时，预警到户偏慢",
        "findings": [
            {"owner": _TOWN, "title": "补齐夜间值守", "finish_by": "2027-01-31T00:00:00Z"}
        ],
    },
    ("post", "/api/drills"): {
        "title": "防汛演练",
        "event_type": "11A01",
        "level": "orange",
        "place": _TOWN,
    },
    ("post", "/carriers/receipts"): {
        "page_id": "pag-0123456789abcdef0123456789abcdef",
        "verb": "delivered",
    },
    ("post", "/carriers/replies"): {"channel": "sms", "address": "10086", "text": "1"},
}

_PROBLEM: Json = {
    "type": "object",
    "description": "RFC 9457. `reason` is of a closed set, for programs.",
    "required": ["type", "status", "title"],
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "status": {"type": "integer"},
        "title": {"type": "string"},
        "detail": {"type": "string"},
        "reason": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["where", "what"],
                "properties": {"where": {"type": "string"}, "what": {"type": "string"}},
            },
        },
    },
}
_RECORDED: Json = {
    "type": "object",
    "description": (
        "Kafka has the act; the owning service applies or refuses it. `repeated`: it was there before. "
        "An act that makes something adds its id."
    ),
    "properties": {"id": {"type": "string"}, "repeated": {"type": "boolean"}},
    "additionalProperties": True,
}
REFUSALS: dict[int, tuple[str, str, str]] = {
    401: ("Sign in first", "signed_out", "No session or token, or one that has ended."),
    403: (
        "Not allowed",
        "outside_subtree",
        "Not this officer's to see or to do; `reason` says why.",
    ),
    404: ("No such alert", "unknown", "There is none, or none that this officer may see."),
    409: (
        "The idempotency key has been used",
        "key_reused",
        "Not as the officer saw it, done before with another content, or a key used before.",
    ),
    413: ("The body is too large", "too_large", "64 KiB, for files 1 MiB, for photos 4 MiB."),
    415: ("Not a photo", "photo_type", "By its content it is no JPEG, PNG or WebP."),
    422: (
        "The request is not valid",
        "invalid",
        "Understood, but not acceptable: each error named.",
    ),
    503: ("Not available now", "unavailable", "Nothing is lost: the same request again is safe."),
}
_LOOKS_ONLY = frozenset({"/api/commands/preview", "/api/logout"})


def install(app: FastAPI) -> None:
    """Let the application answer with the whole document; made once."""

    def openapi() -> Json:
        if app.openapi_schema is None:
            app.openapi_schema = completed(
                get_openapi(
                    title=app.title, version=app.version, description=__doc__, routes=app.routes
                )
            )
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def completed(document: Json) -> Json:
    """The routes' own document with what holds for all of them."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)  # FastAPI's own form of refusal, which nobody gets
    schemas |= {"Problem": _PROBLEM, "Recorded": _RECORDED}
    components["securitySchemes"] = {
        "officer": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": "fenghuo_session"},
        "carrier": {"type": "apiKey", "in": "header", "name": "webhook-signature"},
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(path, method, operation)
    return document


def _complete(path: str, method: str, operation: Json) -> None:
    text = " ".join(operation.get("description", "").split())
    operation["summary"] = text.partition(". ")[0].rstrip(".")[:120]
    operation["description"] = " ".join(part for part in (text, BOUNDS.get(path)) if part)
    carrier = path.startswith("/carriers/")
    operation["tags"] = [path.split("/")[1 if carrier else 2]]
    operation["security"] = [{"carrier": []}] if carrier else [{"officer": []}, {"session": []}]
    example = EXAMPLES.get((method, path))
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is not None and example is not None:
        content["example"] = example
    answers = operation["responses"]
    if "202" in answers:
        answers["202"]["description"] = "Recorded"
        answers["202"]["content"] = _json({"$ref": "#/components/schemas/Recorded"})
    for status in _refusals(path, method):
        answers[str(status)] = _refusal(status)


def _refusals(path: str, method: str) -> list[int]:
    results = [401, 422, 503]
    if not path.startswith("/carriers/"):
        results.append(403)
    if "{" in path or path.startswith("/carriers/"):
        results.append(404)
    if method != "get":
        results.append(413)
        if path.startswith("/api/") and path not in _LOOKS_ONLY:
            results.append(409)
    if method != "get" and path.endswith("/photos"):
        results.append(415)
    return sorted(results)


def _refusal(status: int) -> Json:
    title, reason, description = REFUSALS[status]
    example: Json = {"type": "about:blank", "status": status, "title": title, "reason": reason}
    if status == 422:
        example["errors"] = [{"where": "body.text", "what": "say why"}]
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": schema, "example": example}},
    }


def _json(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}
