"""Communication tests 通信测试 and what is known of how an officer is reached: by channel, how well lately.

A test is a page that asks for nothing but a sign that it has come. It has the status `Test`, so nothing
real is counted with it; what it shows of a channel is a fact about the real world all the same.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.contracts.envelope import Envelope, RealWorld
from shared.contracts.fields import (
    Contract,
    Count,
    Finite,
    Identifier,
    Instant,
    Post,
    Status,
    UnitId,
    Version,
)
from shared.contracts.pages import Channel


class Outcome(StrEnum):
    """What came of one page, the best first. `silent`: it left and nothing was heard of it in time."""

    ANSWERED = "answered"
    READ = "read"
    DELIVERED = "delivered"
    SILENT = "silent"
    FAILED = "failed"


class ChannelReach(Contract):
    """What is known of one officer's channel at `at`, when something was last learnt of it.

    `good` of `weight` recent pages came through (shared/domain/channel_health/score.py), `misses` is how many of
    the last ones in a row did not. `heard_at` is when something last came through, `tested_at` when a
    communication test last ended and `tested` how.
    """

    channel: Channel
    good: Annotated[Finite, Field(ge=0)]
    weight: Annotated[Finite, Field(ge=0)]
    misses: Count
    at: Instant
    last: Outcome
    heard_at: Instant | None = None
    tested_at: Instant | None = None
    tested: Outcome | None = None

    @model_validator(mode="after")
    def _at_most_all(self) -> Self:
        if self.good > self.weight:
            raise ValueError("good is a part of weight")
        if (self.tested is None) is not (self.tested_at is None):
            raise ValueError("tested and tested_at belong together")
        return self


class Reachability(RealWorld):
    """How one officer has been reached lately, complete; the newest version per officer holds."""

    type: Literal["reachability"] = "reachability"
    officer_id: Identifier
    version: Version
    channels: Annotated[tuple[ChannelReach, ...], Field(max_length=16)]


class ContactTestRequest(Envelope):
    """An officer's wish to test now how the officers of `unit` are reached, or one of them (`of`).

    A request until notify has started it: for one's own unit or one below it.
    """

    type: Literal["contact_test_request"] = "contact_test_request"
    status: Literal[Status.TEST] = Status.TEST
    unit: UnitId
    of: Identifier | None = None
    officer_id: Identifier
    post: Post
