"""Modes and their effects in words, Chinese first: the text that a person reads before signing."""

from __future__ import annotations

from shared.contracts.fields import ResponseMode
from shared.domain.response_modes.effects import EFFECTS
from shared.domain.wording import CHANNELS, POSTS

WORDS: dict[ResponseMode, tuple[str, str]] = {
    ResponseMode.NORMAL: ("平时", "normal"),
    ResponseMode.STANDBY: ("临战", "standby"),
    ResponseMode.EMERGENCY: ("急时", "emergency"),
    ResponseMode.RECOVERY: ("恢复", "recovery"),
}


def preview(unit: str, before: ResponseMode, after: ResponseMode) -> tuple[str, str]:
    """Return the effects of a change of mode for the unit named `unit` and the units below."""
    (zh_before, en_before), (zh_after, en_after) = WORDS[before], WORDS[after]
    if before is after:
        return (
            f"{unit}及下级现为{zh_after}状态，不变。",
            f"{unit} and below are in {en_after} mode and stay in it.",
        )
    effect = EFFECTS[after]
    crew = "、".join(POSTS[post][0] for post in effect.crew)
    zh = (
        f"{unit}及下级由{zh_before}转入{zh_after}：签收、办结时限为平时的{effect.deadline:.0%}，"
        f"督办间隔{effect.step:.0%}，叫应等待{effect.wait:.0%}，重复告警抑制{effect.repeat:.0%}；首呼{crew}"
    )
    en = (
        f"{unit} and below go from {en_before} to {en_after}: deadlines {effect.deadline:.0%} of "
        f"normal, pauses of supervision {effect.step:.0%}, waits for an answer {effect.wait:.0%}, "
        f"repeats are held back {effect.repeat:.0%}; "
        f"called first: {', '.join(POSTS[post][1] for post in effect.crew)}"
    )
    if effect.channels:
        zh += f"，另用{'、'.join(CHANNELS[channel][0] for channel in effect.channels)}"
        en += f", also by {', '.join(CHANNELS[channel][1] for channel in effect.channels)}"
    return (
        f"{zh}。已下达的时限和已开始的叫应不变；下级已更严的不变。",
        f"{en}. Deadlines given and calls begun stay as they are, and so does what is stricter "
        "below.",
    )
