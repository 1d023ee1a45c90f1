"""Models of the responses with events of the feed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from services.console.stream.asyncapi import KINDS
from services.console.web.response_models import ResponseModel, optional
from shared.contracts.fields import Level, Post, ResponseMode, Status
from shared.contracts.pages import AnswerVerb, Channel
from shared.contracts.supervision import SupervisionClock


class FeedEventView(ResponseModel):
    """An event of the feed. The fields from `headline` on depend on `kind`."""

    seq: int
    kind: Annotated[str, Field(json_schema_extra={"enum": list(KINDS)})]
    status: Status
    unit: str
    unit_name: str
    level: Level | None
    at: datetime
    subject_id: str
    headline: str = optional()
    masked: bool = optional()
    state: str = optional()
    transition: str = optional()
    verb: AnswerVerb = optional()
    count: int = optional()
    recipients: int = optional()
    issued: Level = optional()
    proposed: Level = optional()
    sensor_id: str = optional()
    sensor_name: str = optional()
    mode: ResponseMode = optional()
    post: Post = optional()
    rung: int = optional()
    round: int = optional()
    channel: Channel = optional()
    clock: SupervisionClock = optional()
    target_unit: str = optional()
    target_name: str = optional()
    target_post: Post = optional()
    late_by_s: float = optional()


class FeedHint(ResponseModel):
    """A change of assignments that the officer may not read: load the lists again."""

    seq: int
    kind: Literal["assignments"]
    status: Status
    hint: Literal[True]


class FeedEventList(ResponseModel):
    """Events of the feed."""

    lines: list[FeedEventView | FeedHint]
