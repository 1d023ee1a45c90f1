"""Call plans of operators: files of deploy/calls, read by notify (docs/channels.md).

Items are written without their envelope, as in every pack (shared/definitions/yaml_files/items.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.contracts.duty import ZoneName
from shared.contracts.envelope import RealWorld
from shared.contracts.fields import (
    Contract,
    Finite,
    Level,
    Line,
    Post,
    ResponseMode,
    RuleId,
    Version,
)
from shared.contracts.pages import Channel, Quorum

Wait = Annotated[Finite, Field(ge=1, le=7_200)]
"""Seconds; timers are looked at several times a second (shared/runtime/timers.py)."""


class ChannelStep(Contract):
    """These channels are used `after_s` seconds after the call began, while nobody has answered."""

    after_s: Annotated[Finite, Field(ge=0, le=3_600)]
    channels: Annotated[tuple[Channel, ...], Field(min_length=1, max_length=12)]


class CallPlan(RealWorld):
    """The waiting times of a call and the channels of its steps.

    The plan applies to `levels`, or to pages about faults of the system itself (`system`). With
    `modes` it applies in these response modes, exactly as written; without `modes` it applies in
    all others, and a stricter mode shortens every wait
    (shared/domain/response_modes/effects.py). The first post is called for `first_s`, once more for
    `repeat_s` (None: no repeat), further posts of the unit for `post_s`, units above for `tier_s`,
    the last post `rounds` times. `promise_s` is the time that an officer who is coming has to act
    when they name no time. With a `quorum` above one the posts of the first unit are called at
    once, and the calls go on until enough officers are coming. Channels without a step are used at
    once.
    """

    type: Literal["call_plan"] = "call_plan"
    call_id: RuleId
    version: Version
    enabled: bool = True
    levels: Annotated[tuple[Level, ...], Field(max_length=5)] = ()
    system: bool = False
    modes: Annotated[tuple[ResponseMode, ...], Field(max_length=4)] = ()
    first_s: Wait
    repeat_s: Wait | None = None
    post_s: Wait
    tier_s: Wait
    promise_s: Annotated[Finite, Field(ge=60, le=43_200)]
    quorum: Quorum = "any"
    rounds: Annotated[int, Field(ge=1, le=9)] = 3
    steps: Annotated[tuple[ChannelStep, ...], Field(max_length=8)] = ()
    source: Line

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if bool(self.levels) is self.system:
            raise ValueError("a plan applies either to levels or to the system's own faults")
        for name, values in (("levels", self.levels), ("modes", self.modes)):
            _refuse_twice(name, values)
        if isinstance(self.quorum, tuple):
            _refuse_twice("quorum", self.quorum)
        _refuse_twice("steps", [channel for step in self.steps for channel in step.channels])
        times = [step.after_s for step in self.steps]
        if times != sorted(set(times)):
            raise ValueError("steps: each step comes later than the one before")
        return self


class ContactTestPlan(RealWorld):
    """The communication tests of posts: on all channels of the officer on duty, or on `channels`.

    Each post has a day of its own in every `every_days` days and a minute of its own between
    `begin` and `end`, local time; there are no tests at other times. `wait_s` is the time for an
    answer.
    """

    type: Literal["contact_test_plan"] = "contact_test_plan"
    test_id: RuleId
    version: Version
    enabled: bool = True
    posts: Annotated[tuple[Post, ...], Field(min_length=1, max_length=3)]
    channels: Annotated[tuple[Channel, ...], Field(max_length=12)] = ()
    every_days: Annotated[int, Field(ge=1, le=366)]
    begin: time = time(9, 0)
    end: time = time(17, 0)
    zone: ZoneName = "Asia/Shanghai"
    wait_s: Annotated[Finite, Field(ge=60, le=86_400)] = 1_800
    source: Line

    @model_validator(mode="after")
    def _by_day(self) -> Self:
        if self.begin.tzinfo is not None or self.end.tzinfo is not None:
            raise ValueError("begin and end are local time, their zone stands in zone")
        if self.end <= self.begin:
            raise ValueError("end must lie after begin on the same day")
        _refuse_twice("posts", self.posts)
        _refuse_twice("channels", self.channels)
        return self


def _refuse_twice(name: str, values: Sequence[str]) -> None:
    repeated = sorted({value for value in values if values.count(value) > 1})
    if repeated:
        raise ValueError(f"{name}: {', '.join(repeated)} is named twice")
