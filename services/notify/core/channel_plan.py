"""On which channels a call goes out when: at once on those that cost nobody sleep, then dearer ones.

A later channel is used only while the page is unanswered on the earlier ones; when those fail it is
used at once. A channel known to be dead (shared/domain/channel_health/score.py) is tried, but not waited for: the
first that is not dead is used at once. No channel is ever left out, and the call itself is as long as
ever: what is known may be wrong. The more urgent the level, the less is waited for. No channel waits
longer than half of the call, so that each is used before the next post is called.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from shared.contracts.fields import Level
from shared.contracts.pages import Channel

CHAT = (Channel.DINGTALK, Channel.WECOM, Channel.FEISHU, Channel.EMAIL, Channel.OTHER)
"""The second step. The first is everything else: console and mobile page, push, the unit's devices, the
city's own gateway (it knows its own order)."""
LONGEST_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds after the call began until chat and e-mail are used, and until a text message is."""

    chat_s: float
    sms_s: float


PLANS: dict[Level, Waits] = {
    Level.RED: Waits(0, 15),
    Level.ORANGE: Waits(10, 30),
    Level.YELLOW: Waits(20, 60),
    Level.BLUE: Waits(30, 120),
    Level.NOTICE: Waits(60, 180),
}
"""What holds where no call plan says otherwise."""


def built_in(level: Level) -> dict[Channel, float]:
    """Seconds until each channel is used; the others are used at once."""
    plan = PLANS[level]
    return {**dict.fromkeys(CHAT, plan.chat_s), Channel.SMS: plan.sms_s}


def waits(
    channels: Iterable[Channel],
    after_s: Mapping[Channel, float],
    call_s: float,
    dead: Collection[Channel] = (),
) -> dict[Channel, float]:
    """Seconds to wait before each channel is used in a call that lasts `call_s`."""
    longest = call_s * LONGEST_SHARE
    planned = {channel: min(after_s.get(channel, 0.0), longest) for channel in channels}
    # Without a living channel there is nothing to wait for.
    ahead = min((wait for channel, wait in planned.items() if channel not in dead), default=longest)
    return {channel: max(0.0, wait - ahead) for channel, wait in planned.items()}
