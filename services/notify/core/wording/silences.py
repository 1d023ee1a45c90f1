"""The text of a page about a silence that is about to end."""

from __future__ import annotations

from datetime import datetime

from shared.contracts.silences import SilenceEvent
from shared.domain import event_words
from shared.domain.bilingual import Bilingual, bilingual_of
from shared.domain.page_texts import marks
from shared.domain.page_texts.lines import EMPTY, joined_text
from shared.domain.page_texts.names import Names
from shared.domain.silence_windows import Window

_REQUEST = Bilingual(
    "到期后这些告警会重新叫应值班人员。如需继续，请在告警页延长该静默；如已处置完毕，可提前结束。",
    "At its end these alarms call people again. Prolong the silence on the board of alarms, or end "
    "it now.",
)
_WEEKLY_REQUEST = Bilingual(
    "本次时段结束后这些告警会重新叫应值班人员；每周静默至其截止时间为止。如需继续，请在告警页另设静默；"
    "如不再需要每周静默，可结束它。",
    "At its end these alarms call people again; the weekly silence has its own end. Make another "
    "silence on the board of alarms to keep them silent, or end this one if it is not needed.",
)


def headline_of_silence(silence: SilenceEvent, window: Window, names: Names) -> str:
    """Return until when the silence or its window holds, and how many of its alarms are on."""
    end, place = names.clock(window.end), names.unit(silence.matcher.place or silence.unit)
    standing = silence.still_firing
    alarms = "1 alarm is" if standing == 1 else f"{standing} alarms are"
    if silence.weekly is None:
        period = Bilingual(f"静默将于 {end} 到期", f"a silence ends at {end}")
    else:
        period = Bilingual(
            f"每周静默的本次时段将于 {end} 结束", f"a window of a weekly silence ends at {end}"
        )
    words = Bilingual(
        f"{place.zh}：{period.zh}，仍有 {standing} 条告警未解除",
        f"{place.en}: {period.en}, {alarms} still on",
    )
    return marks.headline(silence.status, words.joined())


def of_silence(silence: SilenceEvent, window: Window, names: Names, now: datetime) -> str:
    """Return what the silence holds, who made it and why, and what can be done."""
    reason, span = bilingual_of(silence.reason), names.span(*window, now)
    maker = names.officer(silence.owner)
    return joined_text(
        Bilingual(f"时间：{span.zh}", f"Time: {span.en}"),
        _event(silence),
        Bilingual(f"由{maker.zh}设置：{reason.zh}", f"Made by {maker.en}: {reason.en}"),
        _REQUEST if silence.weekly is None else _WEEKLY_REQUEST,
    )


def _event(silence: SilenceEvent) -> Bilingual:
    if silence.matcher.event_type is None:
        return EMPTY
    words = event_words.event(silence.matcher.event_type)
    return Bilingual(f"事件类型：{words.zh}", f"Kind of event: {words.en}")
