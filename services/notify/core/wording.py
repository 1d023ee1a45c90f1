"""What a page says: short Chinese lines, a drill and a repeat marked as such."""

from __future__ import annotations

from services.notify.core.ladders import Purpose
from shared.contracts.alerts import AlertEvent, AlertTransition
from shared.contracts.commands import (
    AssignmentEvent,
    SupervisionClock,
    SupervisionEvent,
    SupervisionKind,
)
from shared.contracts.fields import Level, Status
from shared.contracts.modes import ModeProposal, ResponseModeEvent
from shared.contracts.pages import Page
from shared.contracts.replies import REPLIES, reference_of

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
RESEND_MARK = "【重发】"
"""Opens the text of a page that may have been delivered before: its first outcome is unknown."""


def headline(status: Status, text: str) -> str:
    """At most 200 characters, a drill marked at the very beginning."""
    mark = _MARKS[status]
    return (text if text.startswith(mark) else mark + text)[:200]


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
            ask = f"紧急授权{ask}请{event.debt.unit}按期追认。"
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
    return f"{ask}\n{event.text}"[:4000].rstrip()


def of_assignment(event: AssignmentEvent) -> str:
    """What a delivered assignment asks for."""
    again = f"第{event.attempt}次交办，" if event.attempt > 1 else ""
    return f"{again}请签收。\n{event.instruction}"[:4000].rstrip()


def of_supervision(event: SupervisionEvent) -> tuple[str, str]:
    """Headline and text of a reminder or an escalation."""
    word = "催办" if event.kind is SupervisionKind.REMINDED else "督办升级"
    text = f"{event.unit} 超期未{_OWED[event.clock]}，请督促。"
    known = f"\n上次报告：\n{event.text}" if event.text else ""
    return f"{word}：{event.title}", f"{text}{known}"[:4000]


def of_proposal(event: ModeProposal) -> str:
    """What is asked of those who decide about a mode."""
    who = "系统建议" if event.proposed_by is None else f"{event.proposed_by} 提议"
    missing = "需两人签批" if not event.signatures else "待第二人签批"
    until = event.until.isoformat(timespec="minutes")
    return f"{who}：{event.title}，至 {until} 自动结束。{missing}。\n{event.reason}"[:4000].rstrip()


def of_mode(event: ResponseModeEvent) -> str:
    """What a desk has to know about its mode."""
    until = (
        "" if event.until is None else f"，至 {event.until.isoformat(timespec='minutes')} 自动结束"
    )
    return f"{event.title}{until}，请知悉并应答。\n{event.reason}"[:4000].rstrip()


def resent(text: str) -> str:
    """The text of a repeated transport, marked once."""
    return text if text.startswith(RESEND_MARK) else (RESEND_MARK + text)[:4000]


def message(page: Page, *, resend: bool, link: str | None = None) -> str:
    """A page as one plain text, for channels that carry nothing else: what it is, what is asked, how
    to answer. The reference is the end of the page's id and names it in a reply."""
    marks = (RESEND_MARK if resend else "") + f"[{LEVELS[page.level]}]"
    lines = [f"{marks}{page.headline}", page.text.strip()]
    lines.append(f"{REPLIES}（编号 {reference_of(page.page_id)}）")
    if link is not None:
        lines.append(f"{link.rstrip('/')}/m")
    return "\n".join(line for line in lines if line)


def cut(text: str, most_bytes: int) -> str:
    """The text shortened to so many bytes of UTF-8, never within a character."""
    raw = text.encode()
    return text if len(raw) <= most_bytes else raw[:most_bytes].decode(errors="ignore")
