"""Acts of officers over HTTP: 202 once Kafka has the record.

The service that owns the object applies or refuses the act.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Header, Response
from pydantic import BaseModel, ConfigDict

from services.console.core.action_record import ActionRecord
from services.console.web.deps import ConsoleDeps
from services.console.web.idempotency import PATTERN, keyed_request
from services.console.web.responses import as_json

IdempotencyKey = Annotated[str | None, Header(pattern=PATTERN, alias="idempotency-key")]
"""The header of idempotency keys, which web/idempotency.py handles for every act.

A route that does not use the key declares it for the OpenAPI document only.
"""


class Body(BaseModel):
    """The body of a request; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


async def accept_action(
    console: ConsoleDeps,
    act: ActionRecord,
    once: Mapping[str, object] | None = None,
    **fields: object,
) -> Response:
    """Record an act, and return 202 with its id; `repeated` is true for a known act.

    The fields `once` are in the first answer alone and stored nowhere: they are null in the answer
    that is stored for a repeated request.
    """
    secret = dict(once or {})
    answer = {"id": act.message.id, "repeated": True, **dict.fromkeys(secret), **fields}
    new = await console.recorder.record(act, keyed_request(answer))
    return as_json({**answer, **(secret if new else {}), "repeated": not new}, 202)
