"""Models of the responses with the reachability of officers."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.console.web.response_models import ResponseModel
from shared.contracts.fields import Post
from shared.contracts.pages import Channel
from shared.contracts.reachability import Outcome
from shared.domain.channel_health.score import Reach


class ReachabilityCounts(ResponseModel):
    """Numbers of posts by reachability."""

    reachable: int
    doubtful: int
    unknown: int
    unreachable: int
    empty: int
    gaps: int
    silent: int


class ChannelView(ResponseModel):
    """A channel of an officer, and the result of the last call through it."""

    contract = "ChannelReach"

    channel: Channel
    zh: str
    en: str
    score: float
    reach: Reach
    last: Outcome | None
    at: datetime | None
    heard_at: datetime | None
    tested: Outcome | None
    tested_at: datetime | None


class PostView(ResponseModel):
    """A duty post, the officer who holds it, and the channels of the officer."""

    contract = "RosterSlot"

    unit: str
    unit_name: str
    post: Post
    officer_id: str | None
    name: str | None
    phone: str | None
    reach: Reach | Literal["empty"]
    gap: bool
    silent: list[Channel]
    channels: list[ChannelView]


class ReachabilityList(ResponseModel):
    """The duty posts of a unit and of its subtree."""

    unit: str
    unit_name: str
    at: datetime
    counts: ReachabilityCounts
    posts: list[PostView]
    next: str | None
