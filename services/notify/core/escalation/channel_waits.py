"""The time at which each channel of a call is used: silent channels at once, costly ones later.

A later channel is used only while the page is unanswered on the earlier ones; when those fail it
is used at once. A channel known to be unreachable (shared/domain/channel_health/score.py) is
tried, but no other channel waits for it: the first reachable channel is used at once. No channel
is ever left out and the call lasts as long as usual, because the record of a channel may be wrong.
The more urgent the level, the shorter the waits. No channel waits longer than half of the call, so
that each channel is used before the next post is called.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from shared.contracts.fields import Level
from shared.contracts.pages import Channel
from shared.domain.call_plans import SYSTEM, CallCategory

CHAT = (Channel.DINGTALK, Channel.WECOM, Channel.FEISHU, Channel.EMAIL, Channel.OTHER)
"""The channels of the second step.

The first step is every channel but text message and voice call: console and mobile page, push, the
unit's devices, and the city's own gateway (it has its own order).
"""
LONGEST_SHARE = 0.5
"""The longest wait of a channel, as a share of the call."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds from the beginning of a call until chat and e-mail, a text message, a voice call.

    A voice call comes last, since a telephone that rings wakes people.
    """

    chat_s: float
    sms_s: float
    voice_s: float


BUILT_IN: dict[CallCategory, Waits] = {
    Level.RED: Waits(0, 15, 25),
    Level.ORANGE: Waits(10, 30, 50),
    Level.YELLOW: Waits(20, 60, 90),
    Level.BLUE: Waits(30, 120, 180),
    Level.NOTICE: Waits(60, 180, 180),
    SYSTEM: Waits(10, 30, 50),
}
"""The waits where no call plan sets others."""


def built_in(category: CallCategory) -> dict[Channel, float]:
    """Return the seconds until each channel is used; a channel not in it is used at once."""
    category_waits = BUILT_IN[category]
    return {
        **dict.fromkeys(CHAT, category_waits.chat_s),
        Channel.SMS: category_waits.sms_s,
        Channel.VOICE: category_waits.voice_s,
    }


def waits(
    channels: Iterable[Channel],
    after_s: Mapping[Channel, float],
    call_s: float,
    unreachable: Collection[Channel] = (),
) -> dict[Channel, float]:
    """Return the seconds until each channel is used in a call that lasts `call_s` seconds."""
    longest = call_s * LONGEST_SHARE
    planned = {channel: min(after_s.get(channel, 0.0), longest) for channel in channels}
    # When no channel is reachable there is nothing to wait for.
    saved = min(
        (wait for channel, wait in planned.items() if channel not in unreachable), default=longest
    )
    return {channel: max(0.0, wait - saved) for channel, wait in planned.items()}
