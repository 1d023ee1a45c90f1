"""The live stream in the AsyncAPI document: a channel over HTTP beside the channels over Kafka."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from services.console.core.record import Json
from shared.contracts.fields import Level, Status

CHANNEL = "console.events"
KINDS = (
    "alarm",
    "alert",
    "answer",
    "assignments",
    "command",
    "mode",
    "page",
    "sensor",
    "supervision",
    "system",
)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProjectionLag(_Body):
    """The number of unprojected records, and the failing parts."""

    records: int
    problems: dict[str, str]


class BeatMessage(_Body):
    """The time of the server, and how far the read models are behind the log."""

    now: AwareDatetime
    behind: ProjectionLag


class FeedLineMessage(BaseModel):
    """An event of the feed. Further fields depend on its kind."""

    model_config = ConfigDict(extra="allow", frozen=True)

    seq: int
    kind: Annotated[str, Field(json_schema_extra={"enum": list(KINDS)})]
    status: Status
    unit: str
    unit_name: str
    level: Level | None
    at: AwareDatetime
    subject_id: str
    headline: str | None = None
    state: str | None = None
    transition: str | None = None


class HintMessage(_Body):
    """A change of assignments that this officer may not read: load the lists again."""

    seq: int
    kind: Literal["assignments"]
    status: Status
    hint: Literal[True]


class ResetMessage(_Body):
    """An empty object."""


MESSAGES: dict[str, tuple[str, TypeAdapter[Any]]] = {
    "hello": (
        "The first event; its id is the position where the stream begins.",
        TypeAdapter(BeatMessage),
    ),
    "beat": (
        "Sent every ten seconds, without an id. A client that receives none is offline.",
        TypeAdapter(BeatMessage),
    ),
    "line": (
        "An event of the feed; its id is its `seq`, the position to resume at.",
        TypeAdapter(HintMessage | FeedLineMessage),
    ),
    "reset": (
        "The client has missed more than is sent again, or its position is of another database: "
        "load everything again.",
        TypeAdapter(ResetMessage),
    ),
}
_PURPOSE = (
    "Server-sent events, GET /api/events?status=Actual|Exercise|Test&after=POSITION, with the "
    "bearer token or the session. Events of the feed from now on; with `Last-Event-ID` or `after` "
    "the events after that position first, each once and in order. A client that reads nothing for "
    "ten to twenty seconds is disconnected and resumes; the end of a credential closes the stream "
    "within a minute. Too many streams: 503 with Retry-After."
)


def _reference(name: str) -> str:
    return f"#/components/messages/{CHANNEL}.{name}/payload/$defs/{{model}}"


def with_stream(document: Json) -> Json:
    """Return the AsyncAPI 3.0 document with the stream as one more channel to send on."""
    components = dict(document.get("components", {}))
    messages = {
        f"{CHANNEL}.{name}": {
            "name": name,
            "title": f"event: {name}",
            "summary": summary,
            "contentType": "application/json",
            "payload": payload.json_schema(ref_template=_reference(name)),
        }
        for name, (summary, payload) in MESSAGES.items()
    }
    components["messages"] = {**components.get("messages", {}), **messages}
    channel: Json = {
        "address": "/api/events",
        "title": "The live stream",
        "description": _PURPOSE,
        "messages": {
            name: {"$ref": f"#/components/messages/{CHANNEL}.{name}"} for name in MESSAGES
        },
    }
    operation: Json = {
        "action": "send",
        "channel": {"$ref": f"#/channels/{CHANNEL}"},
        "summary": "Lines, and a heartbeat, to every open screen.",
        "bindings": {"http": {"method": "GET", "bindingVersion": "0.3.0"}},
    }
    return {
        **document,
        "channels": {**document["channels"], CHANNEL: channel},
        "operations": {**document.get("operations", {}), f"send.{CHANNEL}": operation},
        "components": components,
    }
