"""The live stream in the console's AsyncAPI document: a channel over HTTP beside those over Kafka."""

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
)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProjectionLag(_Body):
    """Records not projected yet, and what is not working."""

    records: int
    problems: dict[str, str]


class BeatMessage(_Body):
    """The server's time, and how far what it shows is behind the log."""

    now: AwareDatetime
    behind: ProjectionLag


class FeedLineMessage(BaseModel):
    """A line of the feed. What it has beside these fields depends on its kind."""

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
    """Something about assignments changed; what it was is not for this officer: look again."""

    seq: int
    kind: Literal["assignments"]
    status: Status
    hint: Literal[True]


class ResetMessage(_Body):
    """Nothing."""


MESSAGES: dict[str, tuple[str, TypeAdapter[Any]]] = {
    "hello": ("First; its id is the position where the stream begins.", TypeAdapter(BeatMessage)),
    "beat": (
        "Every ten seconds; has no id. Who hears none is offline.",
        TypeAdapter(BeatMessage),
    ),
    "line": (
        "A line of the feed; its id is its `seq`, the position to resume at.",
        TypeAdapter(HintMessage | FeedLineMessage),
    ),
    "reset": (
        "More was missed than is sent again (also by a client that is too slow), or the position is of "
        "another database: load anew.",
        TypeAdapter(ResetMessage),
    ),
}
_PURPOSE = (
    "Server-sent events, GET /api/events?status=Actual|Exercise|Test&after=POSITION, with the bearer token "
    "or the session. Lines from now on; with `Last-Event-ID` (or `after`) those behind that position first, "
    "each once and in order. A client that takes nothing for ten to twenty seconds is cut and resumes; a "
    "credential that ends closes the stream within a minute. Too many streams: 503 with Retry-After."
)


def _reference(name: str) -> str:
    return f"#/components/messages/{CHANNEL}.{name}/payload/$defs/{{model}}"


def with_stream(document: Json) -> Json:
    """The service's AsyncAPI 3.0 document with the stream as one more channel that it sends on."""
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
