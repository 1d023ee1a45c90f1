"""Acts of officers: 202 once Kafka has the record; the owning service applies or refuses it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Response
from pydantic import BaseModel, ConfigDict

from services.console.core.action_record import ActionRecord
from services.console.web.deps import ConsoleDeps
from services.console.web.idempotency import PATTERN, keyed_request
from services.console.web.responses import as_json

IdempotencyKey = Annotated[str | None, Header(pattern=PATTERN, alias="idempotency-key")]
"""Honoured for every act by web/idempotency.py; a route that makes no id of it names it for the
document.
"""


class Body(BaseModel):
    """What a request brings: nothing beside what is named."""

    model_config = ConfigDict(extra="forbid", frozen=True)


async def accept_action(console: ConsoleDeps, act: ActionRecord, **more: object) -> Response:
    """202 with the act's id once Kafka has it; `repeated` when it had it before."""
    answer = {"id": act.message.id, "repeated": True, **more}
    new = await console.recorder.record(act, keyed_request(answer))
    return as_json({**answer, "repeated": not new}, 202)
