"""What a mode changes, as data (our own proposal; no public text gives figures, domain reference 3.9).

Shares are of the service-level profile of normal mode; a stricter mode never gives more time, calls
fewer people at once or uses fewer ways to reach them.
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
    """

    deadline: float
    step: float
    wait: float
    crew: tuple[Post, ...]
    channels: tuple[Channel, ...]


EFFECTS: dict[ResponseMode, Effects] = {
    ResponseMode.NORMAL: Effects(1.0, 1.0, 1.0, (Post.B,), ()),
    ResponseMode.RECOVERY: Effects(1.0, 1.0, 1.0, (Post.B,), ()),
    ResponseMode.STANDBY: Effects(0.75, 0.75, 0.75, (Post.B,), (Channel.SMS,)),
    ResponseMode.EMERGENCY: Effects(
        0.5, 0.5, 0.5, (Post.B, Post.A), (Channel.SMS, Channel.WEBHOOK)
    ),
}
