"""What a mode changes, as data (our own proposal, docs/sources.md S42).

No public text gives figures. Shares are of what holds in normal mode; a stricter mode never gives
more time, stays silent longer about what comes again, calls fewer people at once or uses fewer ways
to reach them.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.fields import Post, ResponseMode
from shared.contracts.pages import Channel


@dataclass(frozen=True, slots=True)
class Effects:
    """`deadline`: share of the time to sign and to finish. `step`: of the pause between two rungs of
    supervision. `wait`: of the time an answer to a call may take. `crew`: the posts of the first unit
    that are called at once. `channels`: used beside those that the roster names, where they are set up.
    `repeat`: of the time for which what is raised again and again is told once (重复告警抑制窗口).
    `calls`: share of the calls that an officer gets one by one before they are put together.
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
