"""Communication tests 通信测试 and the recent reachability of officers by channel.

A test is a page that asks only for a sign of its arrival. Its status is `Test`, so no real count
includes it; its result about a channel is a fact about the real world.
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
    """The result of a page, the best first. `silent`: the page left and no sign came in time."""

    ANSWERED = "answered"
    READ = "read"
    DELIVERED = "delivered"
    SILENT = "silent"
    FAILED = "failed"


class ChannelReach(Contract):
    """The health of an officer's channel at `at`, the time of the last result.

    `good` of `weight` recent pages arrived (shared/domain/channel_health/score.py); `misses` is the
    number of consecutive failures at the end. `heard_at` is the time of the last arrival;
    `tested_at` and `tested` are the end and the result of the last communication test.
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
    """The recent reachability of an officer, complete; the newest version per officer holds."""

    type: Literal["reachability"] = "reachability"
    officer_id: Identifier
    version: Version
    channels: Annotated[tuple[ChannelReach, ...], Field(max_length=16)]


class ContactTestRequest(Envelope):
    """An officer's request to test the officers of `unit` now, or one of them (`of`).

    The unit is the officer's own or lies below it.
    """

    type: Literal["contact_test_request"] = "contact_test_request"
    status: Literal[Status.TEST] = Status.TEST
    unit: UnitId
    of: Identifier | None = None
    officer_id: Identifier
    post: Post
