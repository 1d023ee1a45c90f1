"""What a page says, in both languages: short lines, names for codes, times on the wall clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from services.notify.core import marks
from services.notify.core.ladders import Purpose
from services.notify.core.marks import TEXT_CHARACTERS
from services.notify.core.names import Names
from shared.contracts.alerts import AlertEvent, AlertTransition
from shared.contracts.commands import (
    AssignmentEvent,
    SupervisionClock,
    SupervisionEvent,
    SupervisionKind,
)
from shared.contracts.duty import DutyCoverage, Gap
from shared.contracts.envelope import Envelope
from shared.contracts.fields import DataGrade, Level, Post
from shared.contracts.modes import ModeProposal, ResponseModeEvent
from shared.contracts.pages import Channel, Page, PageState
from shared.domain.bilingual import LINE_CHARACTERS, Both, both
from shared.domain.wording import CHANNELS, LEVELS, POSTS

_NOTHING = Both("", "")
_ANNOUNCED: dict[AlertTransition, Both] = {
    AlertTransition.ISSUED: Both("已发布{level}预警", "{level} alert issued"),
    AlertTransition.ADJUSTED: Both("已调整为{level}预警", "Now a {level} alert"),
    AlertTransition.LIFTED: Both("{level}预警已解除", "{level} alert lifted"),
    AlertTransition.EXPIRED: Both("{level}预警已到期失效", "{level} alert expired"),
}
_ASKED: dict[AlertTransition, Both] = {
    AlertTransition.DEBT_DUE: Both(
        "紧急授权发布的预警逾期未追认，请追认或撤销。",
        "Issued in an emergency and not ratified in time: ratify or annul.",
    ),
    AlertTransition.FLAPPING: Both(
        "告警反复触发和消除，请核实；稳定前不再逐次提醒。",
        "The alarm comes and goes: verify. You are not told of each change until it is steady.",
    ),
    AlertTransition.UNMERGED: Both(
        "并入的预警已恢复，请重新处理。", "A merged alert stands on its own again: deal with it."
    ),
}
_OWED: dict[SupervisionClock, Both] = {
    "sign": Both("签收", "signed"),
    "finish": Both("办结反馈", "reported it done"),
    "report_phone": Both("电话初报", "made the first report by phone"),
    "report_written": Both("书面初报", "made the first report in writing"),
    "report_follow_up": Both("续报", "made the follow-up report"),
    "report_final": Both("终报", "made the final report"),
}
GRADED_ALERT = Both(
    "分级信息预警（内容按数据分级不随通知发送）", "Graded alert (its words are not sent)"
).joined()
GRADED = Both(
    "（内容按数据分级不随通知发送，请在控制台查看。）",
    "(Graded: the words are not sent. Read them on the console.)",
)
GRADED_ORDER = Both(
    "分级信息指令（内容按数据分级不公开播发）", "Graded order (not for the public)"
).joined()
"""Said in place of the words of a graded record: a page leaves the house, and its reader's tier is unknown."""
_STATES: dict[PageState, Both] = {
    PageState.QUEUED: Both("待发送", "to be sent"),
    PageState.SENT: Both("已发送，无应答", "sent, no answer"),
    PageState.DELIVERED: Both("已送达，无应答", "delivered, no answer"),
    PageState.READ: Both("已读，无应答", "read, no answer"),
    PageState.ANSWERED: Both("已答复", "answered"),
    PageState.NO_ANSWER: Both("无应答", "no answer"),
    PageState.WITHDRAWN: Both("已撤回", "withdrawn"),
    PageState.FAILED: Both("发送失败", "could not be sent"),
}
_REASONS: dict[str, Both] = {
    "no phone number": Both("（无电话号码）", " (no phone number)"),
    "no address": Both("（无地址）", " (no address)"),
    "no e-mail address": Both("（无邮箱地址）", " (no e-mail address)"),
    "not an e-mail address": Both("（邮箱地址有误）", " (wrong e-mail address)"),
    "no push subscription": Both("（未订阅推送）", " (no push subscription)"),
    "the subscription is over": Both("（推送订阅已失效）", " (push subscription over)"),
}
"""What a person can put right; a carrier's codes are for the operator and stay in the log."""
_FOLDED = Both("（列入摘要）", " (in a digest)")
_ZH_CHARACTERS, _EN_CHARACTERS = 36, 32
"""Of a headline in a digest: the whole of it fits into one text message."""
_MOST_TRIED = 1_500
"""Characters of a page's text for who was called before; the newest are kept."""


def of_alert(event: AlertEvent, purpose: Purpose, names: Names) -> str:
    """What is asked about an alert, and its own text."""
    place = names.unit(event.place)
    where = Both(f"地点：{place.zh}", f"Place: {place.en}")
    return _text(_asked(event, purpose, names), where, _words(event, event.text))


def _asked(event: AlertEvent, purpose: Purpose, names: Names) -> Both:
    level = LEVELS[event.level] if event.level else _NOTHING
    if event.transition is AlertTransition.RECALLED:
        return Both(
            f"{level.zh}预警已撤回：此前发布有误，请立即停止据此行动，并应答。",
            f"{_capital(level.en)} alert recalled: it was issued in error. Stop acting on it, and answer.",
        )
    if event.transition in _ASKED:
        return _ASKED[event.transition]
    if purpose is Purpose.INFORM:
        return _announced(event, level, names)
    if event.level is not None and event.level is event.proposed_level:
        if event.proposed_until:
            return Both(
                "请研判签发：延长预警有效期。", "To be assessed and signed: a longer validity."
            )
        return Both("预警有新情况，请知悉并应答。", "The alert has news: take note and answer.")
    if event.proposed_level is None:
        return Both("建议解除预警，请研判签发。", "Proposed: lift the alert. Assess and sign.")
    proposed = LEVELS[event.proposed_level]
    return Both(
        f"建议{proposed.zh}预警，请核实、研判、签发。",
        f"Proposed: {proposed.en} alert. Verify, assess and sign.",
    )


def _announced(event: AlertEvent, level: Both, names: Names) -> Both:
    said = _ANNOUNCED.get(event.transition, Both("{level}预警", "{level} alert"))
    zh, en = said.zh.format(level=level.zh), _capital(said.en.format(level=level.en))
    if event.debt is None:
        return Both(f"{zh}，请知悉并应答。", f"{en}: take note and answer.")
    unit = names.unit(event.debt.unit)
    if event.transition is AlertTransition.EXPIRED:
        return Both(
            f"紧急授权：{zh}，请知悉并应答。{unit.zh}始终未追认。",
            f"Emergency authorisation. {en}: take note and answer. {unit.en} never ratified it.",
        )
    return Both(
        f"紧急授权：{zh}，请知悉并应答。请{unit.zh}按期追认。",
        f"Emergency authorisation. {en}: take note and answer. {unit.en} has to ratify it in time.",
    )


def of_assignment(event: AssignmentEvent) -> str:
    """What a delivered assignment asks for. Its words are those of its plan or of the officer who gave
    it, for whoever has to do it: no word of the evidence, and so never left out."""
    again = (
        Both(f"第{event.attempt}次交办，", f"Given for time no. {event.attempt}. ")
        if event.attempt > 1
        else _NOTHING
    )
    return _text(marks.before(again, Both("请签收。", "Please sign.")), both(event.instruction))


def of_supervision(event: SupervisionEvent, names: Names) -> tuple[str, str]:
    """Headline and text of a reminder or an escalation."""
    reminded = event.kind is SupervisionKind.REMINDED
    word = Both("催办：", "Reminder: ") if reminded else Both("督办升级：", "Escalation: ")
    unit, owed = names.unit(event.unit), _OWED[event.clock]
    said = Both(
        f"{unit.zh} 超期未{owed.zh}，请督促。",
        f"{unit.en} is late and has not {owed.en}: urge them.",
    )
    contact = names.contact(event.unit, event.target_unit)
    call = (
        _NOTHING
        if contact is None
        else Both(f"联系人：{contact.zh}", f"Whom to call: {contact.en}")
    )
    if event.clock.startswith("report") and event.data_grade is not DataGrade.GENERAL:
        return _line(marks.before(word, both(GRADED_ALERT))), _text(said, call, GRADED)
    known = both(event.text) if event.text else _NOTHING
    if event.text:
        known = marks.before(Both("上次报告：\n", "The last report:\n"), known)
    return _line(marks.before(word, both(event.title))), _text(said, call, known)


def of_proposal(event: ModeProposal, names: Names, now: datetime) -> str:
    """What is asked of those who decide about a mode."""
    if event.proposed_by is None:
        who = Both("系统建议", "Proposed by the system")
    else:
        by = names.officer(event.proposed_by)
        who = Both(f"{by.zh} 提议", f"Proposed by {by.en}")
    missing = (
        Both("待第二人签批", "A second person has to sign")
        if event.signatures
        else Both("需两人签批", "Two people have to sign")
    )
    title, until = both(event.title), names.moment(event.until, now)
    return _text(
        Both(
            f"{who.zh}：{title.zh}，至 {until.zh} 自动结束。{missing.zh}。",
            f"{who.en}: {title.en}, ends by itself on {until.en}. {missing.en}.",
        ),
        _words(event, event.reason),
    )


def of_mode(event: ResponseModeEvent, names: Names, now: datetime) -> str:
    """What a desk has to know about its mode."""
    title, until = both(event.title), _NOTHING
    if event.until is not None:
        at = names.moment(event.until, now)
        until = Both(f"，至 {at.zh} 自动结束", f", ends by itself on {at.en}")
    return _text(
        Both(
            f"{title.zh}{until.zh}，请知悉并应答。",
            f"{title.en}{until.en}. Take note and answer.",
        ),
        _words(event, event.reason),
    )


def tried(pages: Iterable[Page], empty: Sequence[str], names: Names) -> Both:
    """Who was called before, on which channel and what came of it; then units with nobody on duty."""
    people: dict[tuple[str, Post, str], dict[Channel, Both]] = {}
    order = list(CHANNELS)
    for page in sorted(pages, key=lambda page: (page.rung, page.round, order.index(page.channel))):
        channel, state = CHANNELS[page.channel], _STATES[page.state]
        state = marks.before(state, _REASONS.get(page.reason or "", _NOTHING))
        folded = _FOLDED if page.digest_id is not None else _NOTHING
        person = people.setdefault((page.unit, page.post, page.officer_id), {})
        person[page.channel] = Both(
            f"{channel.zh}{state.zh}{folded.zh}", f"{channel.en} {state.en}{folded.en}"
        )
    lines = []
    for place, channels in people.items():
        who, outcomes = names.person(*place), list(channels.values())
        lines.append(
            Both(
                f"{who.zh}：{'；'.join(outcome.zh for outcome in outcomes)}",
                f"{who.en}: {'; '.join(outcome.en for outcome in outcomes)}",
            )
        )
    unmanned = [names.unit(unit) for unit in empty]
    lines += [Both(f"{unit.zh}：无人值班", f"{unit.en}: nobody on duty") for unit in unmanned]
    return Both(
        "\n".join(line.zh for line in lines)[-_MOST_TRIED:],
        "\n".join(line.en for line in lines)[-_MOST_TRIED:],
    )


def called_on(text: str, before: Both) -> str:
    """The text of a call to the next post: what it is about, and who was called before in vain."""
    if not before.zh:
        return text
    words, room = both(text), TEXT_CHARACTERS // 2 - 60
    return Both(
        f"{words.zh[: room - len(before.zh)]}\n此前呼叫未果：\n{before.zh}",
        f"{words.en[: room - len(before.en)]}\nCalled before in vain:\n{before.en}",
    ).joined(TEXT_CHARACTERS)


def handed(text: str, by: Both) -> str:
    """The text of a call that somebody handed over."""
    return _text(Both(f"由 {by.zh} 转交。", f"Handed over by {by.en}."), both(text))


def lapsed(text: str) -> str:
    """The text of a call to somebody whose promise has lapsed."""
    said = Both(
        "您已答复到岗，但事项至今未处理，请立即处理或答复。",
        "You answered that you are coming, and nothing has been done yet: act now, or answer.",
    )
    return _text(marks.before(marks.LAPSED, said), both(text))


def of_gaps(event: DutyCoverage, gaps: Sequence[Gap], names: Names, now: datetime) -> str:
    """Which times of a post stand empty."""
    unit, post = names.unit(event.unit), POSTS[event.post]
    times = [names.span(gap.begin, gap.end, now) for gap in gaps]
    return _text(
        Both(
            f"{unit.zh} {post.zh} 七日内无人值班，请安排：",
            f"{unit.en}, {post.en}: nobody is on duty at these times of the next seven days:",
        ),
        *times,
    )


def of_contact_test(channel: Channel) -> tuple[str, str]:
    """Headline and text of a communication test: nobody may take it for an alert."""
    name = CHANNELS[channel]
    return (
        _line(Both(f"通信测试：{name.zh}", f"Communication test: {name.en}")),
        _text(
            Both(
                f"这是对{name.zh}的例行通信测试，没有险情，无需到岗。收到请应答“能到岗”（1），仅表示已收到。",
                f"This only tests the {name.en}: no alert, nothing to do. "
                "Answer 1 to confirm that it has come.",
            )
        ),
    )


class DigestLine(NamedTuple):
    """Calls of a digest that are told in one line."""

    level: Level
    calls: int
    headline: str


def digest_headline(by_level: Sequence[tuple[Level, int]]) -> str:
    """How many calls of which level were put together."""
    total = sum(count for _, count in by_level)
    zh = "，".join(f"{LEVELS[level].zh}{count}" for level, count in by_level)
    en = ", ".join(f"{count} {LEVELS[level].en}" for level, count in by_level)
    return _line(Both(f"摘要：{total}条待处理（{zh}）", f"Digest: {total} to deal with ({en})"))


def of_digest(lines: Sequence[DigestLine], rest: int) -> str:
    """What a digest tells of, the most urgent first; `rest` are calls that no line names."""
    told = []
    for line in lines:
        level, words = LEVELS[line.level], both(line.headline)
        told.append(
            Both(
                f"[{level.zh}] {words.zh[:_ZH_CHARACTERS]} ×{line.calls}",
                f"[{level.en}] {words.en[:_EN_CHARACTERS]} ×{line.calls}",
            )
        )
    if rest:
        told.append(Both(f"另有{rest}条。", f"{rest} more."))
    told.append(Both("请在列表中逐条处理。", "Open the list: each of them waits there."))
    return _text(*told)


def _words(event: Envelope, words: str) -> Both:
    """A record's own words, unless it is graded."""
    return both(words) if event.data_grade is DataGrade.GENERAL else GRADED


def _line(words: Both) -> str:
    return words.joined(LINE_CHARACTERS)


def _text(*lines: Both) -> str:
    """The lines that say anything, as one text."""
    return Both(
        "\n".join(line.zh for line in lines if line.zh),
        "\n".join(line.en for line in lines if line.en),
    ).joined(TEXT_CHARACTERS)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
