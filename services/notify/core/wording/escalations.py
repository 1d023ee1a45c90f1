"""The texts of later calls of an escalation: earlier calls, handing over, an overdue promise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from shared.contracts.fields import Post
from shared.contracts.pages import Channel, Page, PageState
from shared.domain.bilingual import Bilingual, bilingual_of
from shared.domain.page_texts import marks
from shared.domain.page_texts.lines import EMPTY, joined_text
from shared.domain.page_texts.marks import TEXT_CHARACTERS
from shared.domain.page_texts.names import Names
from shared.domain.shortening import shorten
from shared.domain.wording import CHANNELS

PAGE_STATES: dict[PageState, Bilingual] = {
    PageState.QUEUED: Bilingual("待发送", "to be sent"),
    PageState.SENT: Bilingual("已发送，无应答", "sent, no answer"),
    PageState.DELIVERED: Bilingual("已送达，无应答", "delivered, no answer"),
    PageState.READ: Bilingual("已读，无应答", "read, no answer"),
    PageState.ANSWERED: Bilingual("已答复", "answered"),
    PageState.NO_ANSWER: Bilingual("无应答", "no answer"),
    PageState.WITHDRAWN: Bilingual("已撤回", "withdrawn"),
    PageState.FAILED: Bilingual("发送失败", "could not be sent"),
}
REASONS: dict[str, Bilingual] = {
    "no phone number": Bilingual("（无电话号码）", " (no phone number)"),
    "no address": Bilingual("（无地址）", " (no address)"),
    "no e-mail address": Bilingual("（无邮箱地址）", " (no e-mail address)"),
    "not an e-mail address": Bilingual("（邮箱地址有误）", " (wrong e-mail address)"),
    "no browser is registered": Bilingual("（未登记浏览器）", " (no browser registered)"),
    "no push subscription": Bilingual("（未订阅推送）", " (no push subscription)"),
    "the subscription is over": Bilingual("（推送订阅已失效）", " (push subscription over)"),
}
"""The reasons that a person can put right. A carrier's codes are for the operator, in the log."""
_IN_DIGEST = Bilingual("（列入摘要）", " (in a digest)")
_MOST_CHARACTERS = 1_500
"""The longest list of earlier calls, in characters; the newest calls are shown."""


def earlier_calls(pages: Iterable[Page], empty_units: Sequence[str], names: Names) -> Bilingual:
    """Return the officers called earlier with time and outcome per channel, then the empty units.

    The time is that of the last call.
    """
    officers: dict[tuple[str, Post, str], dict[Channel, Bilingual]] = {}
    called_at: dict[tuple[str, Post, str], datetime] = {}
    order = list(CHANNELS)
    for page in sorted(pages, key=lambda page: (page.rung, page.round, order.index(page.channel))):
        channel, state = CHANNELS[page.channel], PAGE_STATES[page.state]
        state = marks.opened_by(state, REASONS.get(page.reason or "", EMPTY))
        digest = _IN_DIGEST if page.digest_id is not None else EMPTY
        place = (page.unit, page.post, page.officer_id)
        outcomes = officers.setdefault(place, {})
        if page.called_at is not None:
            called_at[place] = page.called_at
        outcomes[page.channel] = Bilingual(
            f"{channel.zh}{state.zh}{digest.zh}", f"{channel.en} {state.en}{digest.en}"
        )
    lines = []
    for place, outcomes in officers.items():
        officer, clock = names.person(*place), ""
        if place in called_at:
            clock = f" {names.clock(called_at[place])}"
        lines.append(
            Bilingual(
                f"{officer.zh}{clock}：{'；'.join(outcome.zh for outcome in outcomes.values())}",
                f"{officer.en}{clock}: {'; '.join(outcome.en for outcome in outcomes.values())}",
            )
        )
    units = [names.unit(unit) for unit in empty_units]
    lines += [Bilingual(f"{unit.zh}：无人值班", f"{unit.en}: nobody on duty") for unit in units]
    return Bilingual(
        _newest([line.zh for line in lines]),
        _newest([line.en for line in lines]),
    )


def _newest(lines: list[str]) -> str:
    """Return the last lines that have room together, each of them whole."""
    while len(lines) > 1 and len("\n".join(lines)) > _MOST_CHARACTERS:
        lines = lines[1:]
    return shorten("\n".join(lines), _MOST_CHARACTERS)


def with_earlier_calls(text: str, earlier: Bilingual) -> str:
    """Return the text of a call with the list of earlier calls after it."""
    if not earlier.zh:
        return text
    words, room = bilingual_of(text), TEXT_CHARACTERS // 2 - 60
    return Bilingual(
        f"{shorten(words.zh, room - len(earlier.zh))}\n此前呼叫未果：\n{earlier.zh}",
        f"{shorten(words.en, room - len(earlier.en))}\nCalled before in vain:\n{earlier.en}",
    ).joined(TEXT_CHARACTERS)


def handed_over(text: str, officer: Bilingual) -> str:
    """Return the text of a call that an officer has handed over."""
    return joined_text(
        Bilingual(f"由 {officer.zh} 转交。", f"Handed over by {officer.en}."), bilingual_of(text)
    )


def help_needed(text: str, officer: Bilingual, words: str) -> str:
    """Return the text of a call to the next post for an officer who needs help."""
    reason = f"：{words}" if words else ""
    reason_en = f": {words}" if words else ""
    return joined_text(
        Bilingual(
            f"{officer.zh} 在处理此事，请求支援{reason}。",
            f"{officer.en} is on it and needs help{reason_en}.",
        ),
        bilingual_of(text),
    )


def promise_overdue(text: str) -> str:
    """Return the text of a call to an officer whose promise is overdue."""
    request = Bilingual(
        "您已答复到岗，但事项至今未处理，请立即处理或答复。",
        "You answered that you are coming, and nothing has been done yet: act now, or answer.",
    )
    return joined_text(marks.opened_by(marks.LAPSED, request), bilingual_of(text))
