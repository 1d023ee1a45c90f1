"""The effects of a mode, as data (our own proposal, docs/sources.md S42).

No public text gives figures. Shares refer to normal mode. A stricter mode never gives more time,
never holds back repeats longer, never calls fewer people at once and never uses fewer channels.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.fields import Post, ResponseMode
from shared.contracts.pages import Channel


@dataclass(frozen=True, slots=True)
class Effects:
    """The figures of a mode.

    `deadline` is the share of the time to sign and to finish, `step` of the pause between two
    supervision calls, `wait` of the time for an answer to a call, `repeat` of the time in which
    repeated alarms are reported once (重复告警抑制窗口), `calls` of the calls that an officer gets one by
    one before a digest gathers them. `crew` are the posts of the first unit that are called at
    once. `channels` are used beside those of the roster, where an operator has set them up.
    """

    deadline: float
    step: float
    wait: float
    crew: tuple[Post, ...]
    channels: tuple[Channel, ...]
    repeat: float
    calls: float


EFFECTS: dict[ResponseMode, Effects] = {
    ResponseMode.NORMAL: Effects(1.0, 1.0, 1.0, (Post.B,), (), 1.0, 1.0),
    ResponseMode.RECOVERY: Effects(1.0, 1.0, 1.0, (Post.B,), (), 1.0, 1.0),
    ResponseMode.STANDBY: Effects(0.75, 0.75, 0.75, (Post.B,), (Channel.SMS,), 0.5, 1.5),
    ResponseMode.EMERGENCY: Effects(
        0.5, 0.5, 0.5, (Post.B, Post.A), (Channel.SMS, Channel.WEBHOOK), 0.2, 2.0
    ),
}
