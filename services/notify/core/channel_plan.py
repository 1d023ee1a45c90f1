"""On which channels a call goes out when: at once on those that cost nobody sleep, then dearer ones.

A later channel is used only while the page is unanswered on the earlier ones; when those fail it is
used at once. The more urgent the level, the less is waited for; a stricter response mode takes its
share of the rest (shared/modes/effects.py). No channel waits longer than half of the call, so that each
is used before the next post is called.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.fields import Level
from shared.contracts.pages import Channel

CHAT = frozenset({Channel.DINGTALK, Channel.WECOM, Channel.FEISHU, Channel.EMAIL, Channel.OTHER})
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


def wait_s(channel: Channel, level: Level, share: float, call_s: float) -> float:
    """Seconds to wait before the channel is used in a call that lasts `call_s`.

    `share` is the response mode's share of every wait.
    """
    plan = PLANS[level]
    planned = plan.sms_s if channel is Channel.SMS else plan.chat_s if channel in CHAT else 0.0
    return min(planned * share, call_s * LONGEST_SHARE)
