"""What a page says: short Chinese lines, a drill and a repeat marked as such."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from services.notify.core.ladders import Purpose
from shared.contracts.alerts import AlertEvent, AlertTransition
from shared.contracts.commands import (
    AssignmentEvent,
    SupervisionClock,
    SupervisionEvent,
    SupervisionKind,
)
from shared.contracts.duty import DutyCoverage, Gap
from shared.contracts.envelope import Envelope
from shared.contracts.fields import DataGrade, Level, Post, Status
from shared.contracts.modes import ModeProposal, ResponseModeEvent
from shared.contracts.pages import Channel, Page, PageState, SubjectKind
from shared.contracts.replies import REPLIES, reference_of
from shared.wording import CHANNELS, POSTS

LEVELS: dict[Level, str] = {
    Level.RED: "红色",
    Level.ORANGE: "橙色",
    Level.YELLOW: "黄色",
    Level.BLUE: "蓝色",
    Level.NOTICE: "提示",
}
_MARKS: dict[Status, str] = {
    Status.ACTUAL: "",
    Status.EXERCISE: "【演练】",
    Status.TEST: "【测试】",
}
_ANNOUNCED: dict[AlertTransition, str] = {
    AlertTransition.ISSUED: "已发布",
    AlertTransition.ADJUSTED: "已调整为",
    AlertTransition.LIFTED: "已解除",
    AlertTransition.EXPIRED: "已到期失效，级别：",
}
_ASKED: dict[AlertTransition, str] = {
    AlertTransition.DEBT_DUE: "紧急授权发布的预警逾期未追认，请追认或撤销。",
    AlertTransition.FLAPPING: "告警反复触发和消除，请核实；稳定前不再逐次提醒。",
    AlertTransition.UNMERGED: "并入的预警已恢复，请重新处理。",
}
_OWED: dict[SupervisionClock, str] = {
    "sign": "签收",
    "finish": "办结反馈",
    "report_phone": "电话初报",
    "report_written": "书面初报",
    "report_follow_up": "续报",
    "report_final": "终报",
}
GRADED_ALERT = "分级信息预警（内容按数据分级不随通知发送）"
GRADED = "（内容按数据分级不随通知发送，请在控制台查看。）"
GRADED_ORDER = "分级信息指令（内容按数据分级不公开播发）"
"""Said in place of the words of a graded record: a page leaves the house, and its reader's tier is unknown."""
LAPSED_MARK = "【承诺超时】"
"""Opens the text of a page to somebody who said that he comes and has not acted in time."""
_STATES: dict[PageState, str] = {
    PageState.QUEUED: "待发送",
    PageState.SENT: "已发送，无应答",
    PageState.DELIVERED: "已送达，无应答",
    PageState.READ: "已读，无应答",
    PageState.ANSWERED: "已答复",
    PageState.NO_ANSWER: "无应答",
    PageState.WITHDRAWN: "已撤回",
    PageState.FAILED: "发送失败",
}
_LEVELS_EN: dict[Level, str] = {
    Level.RED: "red",
    Level.ORANGE: "orange",
    Level.YELLOW: "yellow",
    Level.BLUE: "blue",
    Level.NOTICE: "notice",
}
_LINE_CHARACTERS = 36
"""Of a headline in a digest: the whole of it fits into one text message."""
_MOST_TRIED = 1_500
"""Characters of a page's text for who was called before; the newest are kept."""
RESEND_MARK = "【重发】"
"""Opens the text of a page that may have been delivered before: its first outcome is unknown."""


def headline(status: Status, text: str) -> str:
    """At most 200 characters, a drill marked at the very beginning; the mark is ours to give: what is
    real never begins with it, whoever wrote the text."""
    bare = text
    while mark := next((one for one in _MARKS.values() if one and bare.startswith(one)), None):
        bare = bare.removeprefix(mark)
    return (_MARKS[status] + (bare or text.strip("【】")))[:200]


def of_alert(event: AlertEvent, purpose: Purpose) -> str:
    """What is asked about an alert, and its own text."""
    if event.transition is AlertTransition.RECALLED:
        level = LEVELS[event.level] if event.level else ""
        ask = f"{level}预警已撤回：此前发布有误，请立即停止据此行动，并应答。"
    elif event.transition in _ASKED:
        ask = _ASKED[event.transition]
    elif purpose is Purpose.INFORM:
        level = LEVELS[event.level] if event.level else ""
        ask = f"预警{_ANNOUNCED.get(event.transition, '')}{level}，请知悉并应答。"
        if event.debt is not None:
            expired = event.transition is AlertTransition.EXPIRED
            debt = f"{event.debt.unit}始终未追认。" if expired else f"请{event.debt.unit}按期追认。"
            ask = f"紧急授权{ask}{debt}"
    elif event.level is not None and event.level is event.proposed_level:
        ask = (
            "请研判签发：延长预警有效期。"
            if event.proposed_until
            else "预警有新情况，请知悉并应答。"
        )
    elif event.proposed_level is None:
        ask = "建议解除预警，请研判签发。"
    else:
        ask = f"建议{LEVELS[event.proposed_level]}预警，请核实、研判、签发。"
    return f"{ask}\n{_words(event, event.text)}"[:4000].rstrip()


def of_assignment(event: AssignmentEvent) -> str:
    """What a delivered assignment asks for. Its words are those of its plan or of the officer who gave
    it, for whoever has to do it: no word of the evidence, and so never left out."""
    again = f"第{event.attempt}次交办，" if event.attempt > 1 else ""
    return f"{again}请签收。\n{event.instruction}"[:4000].rstrip()


def of_supervision(event: SupervisionEvent) -> tuple[str, str]:
    """Headline and text of a reminder or an escalation."""
    word = "催办" if event.kind is SupervisionKind.REMINDED else "督办升级"
    text = f"{event.unit} 超期未{_OWED[event.clock]}，请督促。"
    if event.clock.startswith("report") and event.data_grade is not DataGrade.GENERAL:
        return f"{word}：{GRADED_ALERT}", f"{text}\n{GRADED}"
    known = f"\n上次报告：\n{event.text}" if event.text else ""
    return f"{word}：{event.title}", f"{text}{known}"[:4000]


def of_proposal(event: ModeProposal) -> str:
    """What is asked of those who decide about a mode."""
    who = "系统建议" if event.proposed_by is None else f"{event.proposed_by} 提议"
    missing = "需两人签批" if not event.signatures else "待第二人签批"
    until = event.until.isoformat(timespec="minutes")
    return f"{who}：{event.title}，至 {until} 自动结束。{missing}。\n{_words(event, event.reason)}"[
        :4000
    ].rstrip()


def of_mode(event: ResponseModeEvent) -> str:
    """What a desk has to know about its mode."""
    until = (
        "" if event.until is None else f"，至 {event.until.isoformat(timespec='minutes')} 自动结束"
    )
    return f"{event.title}{until}，请知悉并应答。\n{_words(event, event.reason)}"[:4000].rstrip()


def _words(event: Envelope, words: str) -> str:
    """A record's own words, unless it is graded."""
    return words if event.data_grade is DataGrade.GENERAL else GRADED


def tried(pages: Iterable[Page], empty: Sequence[str]) -> str:
    """Who was called before, on which channel and what came of it; then units with nobody on duty."""
    people: dict[tuple[str, Post, str], dict[Channel, str]] = {}
    order = list(CHANNELS)
    for page in sorted(pages, key=lambda one: (one.rung, one.round, order.index(one.channel))):
        outcome = _STATES[page.state] + (f"（{page.reason}）" if page.reason else "")
        if page.digest_id is not None:
            outcome += "（列入摘要）"
        person = people.setdefault((page.unit, page.post, page.officer_id), {})
        person[page.channel] = f"{CHANNELS[page.channel][0]}{outcome}"
    lines = [
        f"{unit} {POSTS[post][0]} {officer}：{'；'.join(channels.values())}"
        for (unit, post, officer), channels in people.items()
    ]
    lines += [f"{unit}：无人值班" for unit in empty]
    return "\n".join(lines)[-_MOST_TRIED:]


def called_on(text: str, before: str) -> str:
    """The text of a call to the next post: what it is about, and who was called before in vain."""
    return f"{text[: 3_980 - len(before)]}\n此前呼叫未果：\n{before}" if before else text


def handed(text: str, officer_id: str) -> str:
    """The text of a call that somebody handed over."""
    return f"由 {officer_id} 转交。\n{text}"[:4000]


def lapsed(text: str) -> str:
    """The text of a call to somebody whose promise has lapsed."""
    return f"{LAPSED_MARK}您已答复到岗，但事项至今未处理，请立即处理或答复。\n{text}"[:4000]


def of_gaps(event: DutyCoverage, gaps: Sequence[Gap]) -> str:
    """Which times of a post stand empty."""
    times = [
        f"{gap.begin.isoformat(timespec='minutes')} 至 {gap.end.isoformat(timespec='minutes')}"
        for gap in gaps
    ]
    return f"{event.unit} {POSTS[event.post][0]} 七日内无人值班，请安排：\n{chr(10).join(times)}"[
        :4000
    ]


def of_contact_test(channel: Channel) -> tuple[str, str]:
    """Headline and text of a communication test: nobody may take it for an alert."""
    zh, en = CHANNELS[channel]
    return (
        f"通信测试 Communication test：{zh} {en}",
        f"这是对{zh}的例行通信测试，没有险情，无需到岗。收到请应答“能到岗”（1），仅表示已收到。\n"
        f"This only tests the {en}: no alert, nothing to do. Answer 1 to confirm that it has come.",
    )


class DigestLine(NamedTuple):
    """Calls of a digest that are told in one line."""

    level: Level
    calls: int
    headline: str


def digest_headline(by_level: Sequence[tuple[Level, int]]) -> str:
    """How many calls of which level were put together."""
    total = sum(count for _, count in by_level)
    zh = "，".join(f"{LEVELS[level]}{count}" for level, count in by_level)
    en = ", ".join(f"{count} {_LEVELS_EN[level]}" for level, count in by_level)
    return f"摘要：{total}条待处理（{zh}） Digest: {en}"


def of_digest(lines: Sequence[DigestLine], rest: int) -> str:
    """What a digest tells of, the most urgent first; `rest` are calls that no line names."""
    told = [
        f"[{LEVELS[one.level]}] {one.headline[:_LINE_CHARACTERS]} ×{one.calls}" for one in lines
    ]
    if rest:
        told.append(f"另有{rest}条。 {rest} more.")
    told.append("请在列表中逐条处理。 Open the list, each waits there.")
    return "\n".join(told)


def resent(text: str) -> str:
    """The text of a repeated transport, marked once."""
    return text if text.startswith(RESEND_MARK) else (RESEND_MARK + text)[:4000]


def message(page: Page, *, resend: bool, link: str | None = None) -> str:
    """A page as one plain text, for channels that carry nothing else: what it is, what is asked, how
    to answer. The mark of a drill comes before everything else. The reference is the end of the page's
    id and names it in a reply."""
    drill = _MARKS[page.status]
    marks = drill + (RESEND_MARK if resend else "") + f"[{LEVELS[page.level]}]"
    lines = [f"{marks}{page.headline.removeprefix(drill)}", page.text.strip()]
    lines.append(f"{REPLIES}（编号 {reference_of(page.page_id)}）")
    if link is not None:
        lines.append(f"{link.rstrip('/')}/m")
    return "\n".join(line for line in lines if line)


def in_public(page: Page) -> str:
    """A page's headline where everybody hears or reads it: an order that is graded is for whoever carries it
    out. Other graded headlines have no words from the start."""
    orders = (SubjectKind.ASSIGNMENT, SubjectKind.SUPERVISION)
    if page.data_grade is DataGrade.GENERAL or page.subject_kind not in orders:
        return page.headline
    return headline(page.status, GRADED_ORDER)


def cut(text: str, most_bytes: int) -> str:
    """The text shortened to so many bytes of UTF-8, never within a character."""
    raw = text.encode()
    return text if len(raw) <= most_bytes else raw[:most_bytes].decode(errors="ignore")
