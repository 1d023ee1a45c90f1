"""Headings and values in two languages; values are worded by the console (static/i18n)."""

from __future__ import annotations

import json
from pathlib import Path

from shared.contracts.fields import Language
from shared.definitions.yaml_files.screen import plain

_I18N = Path(__file__).resolve().parents[3] / "services/console/static/i18n"
_HEADINGS: dict[str, tuple[str, str]] = {
    "alerts": ("预警", "Alerts"),
    "alarms": ("告警", "Alarms"),
    "commands": ("指令", "Commands"),
    "assignments": ("任务", "Assignments"),
    "pages": ("叫应", "Pages"),
    "gaps": ("值班空缺", "Duty gaps"),
    "modes": ("平急状态", "Response modes"),
    "proposals": ("平急提案", "Mode proposals"),
    "sensors": ("异常设备", "Sensors unwell"),
    "reports": ("上报", "Reports due"),
    "supervision": ("督办", "Supervision"),
    "silences": ("静默", "Silences"),
    "timeline": ("案卷", "Timeline"),
    "evidence": ("依据", "Evidence"),
    "signatures": ("签发", "Signatures"),
    "missing": ("尚缺", "Missing"),
    "written": ("记录", "Steps"),
    "reach": ("送达范围", "Who gets it"),
    "id": ("编号", "ID"),
    "level": ("级别", "Level"),
    "proposed": ("拟定级别", "Proposed"),
    "state": ("状态", "State"),
    "status": ("性质", "Status"),
    "place": ("地点", "Place"),
    "unit": ("单位", "Unit"),
    "headline": ("内容", "Headline"),
    "text": ("正文", "Text"),
    "title": ("标题", "Title"),
    "next": ("下一步", "Next"),
    "may": ("可办", "You may"),
    "signed": ("签收", "Signed"),
    "of": ("总数", "Of"),
    "late": ("超期", "Late"),
    "sign_by": ("签收时限", "Sign by"),
    "finish_by": ("反馈时限", "Finish by"),
    "answer_by": ("答复时限", "Answer by"),
    "answer": ("答复", "Answer"),
    "post": ("岗位", "Post"),
    "begin": ("开始", "Begin"),
    "end": ("结束", "End"),
    "mode": ("状态", "Mode"),
    "decided_at": ("决定单位", "Decided by"),
    "until": ("至", "Until"),
    "seen": ("最后数据", "Last seen"),
    "detail": ("说明", "Detail"),
    "to": ("报往", "To"),
    "clock": ("时限", "Clock"),
    "due": ("截止", "Due"),
    "reason": ("原因", "Reason"),
    "owner": ("所属", "Owner"),
    "silenced": ("已静默", "Silenced"),
    "at": ("时间", "At"),
    "what": ("事项", "What"),
    "step": ("步骤", "Step"),
    "count": ("数量", "Count"),
    "tier": ("层级", "Tier"),
    "score": ("评分", "Score"),
    "sensor": ("设备", "Sensor"),
    "rule": ("规则", "Rule"),
    "issuer": ("下达单位", "Issuer"),
    "instruction": ("要求", "Instruction"),
    "version": ("版本", "Version"),
    "recipients": ("单位数", "Recipients"),
    "name": ("姓名", "Name"),
    "officer": ("人员", "Officer"),
    "department": ("部门", "Department"),
    "issue": ("下达", "issue"),
    "drill": ("演练", "drill"),
}
_SENTENCES: dict[str, tuple[str, str]] = {
    "none": ("没有。", "None."),
    "self_check": ("上线自检", "check before going live"),
    "ready": ("无缺项，可以上线。", "Nothing is missing: ready to go live."),
    "more": ("还有更多：--after {next}", "There is more: --after {next}"),
    "recorded": ("已记录 {id}", "Recorded: {id}"),
    "repeated": ("此前已记录 {id}", "Recorded before: {id}"),
    "refused": ("未被接受 {id}：{reason}", "Refused: {id}: {reason}"),
    "drill_banner": ("【演练】非真实事件", "[DRILL] not a real event"),
    "test_banner": ("【测试】非真实事件", "[TEST] not a real event"),
    "reaches": ("将送达 {n} 个单位，根单位 {root}", "This reaches {n} units, below {root}"),
    "type": ("输入“{word}”以下达：", "Type “{word}” to send it: "),
    "not_sent": ("未下达。", "Nothing was sent."),
    "again": ("连接中断，{seconds} 秒后重连", "The connection is lost; again in {seconds} s"),
    "gap": ("错过的动态太多，请重新查看列表", "Too much was missed: look at the lists again"),
}


class Words:
    """The words of a language: `zh` or `en`."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._column = 0 if self.language is Language.ZH else 1
        name = "zh-CN" if self.language is Language.ZH else "en"
        self._values: dict[str, str] = json.loads((_I18N / f"{name}.json").read_text())

    def heading(self, name: str) -> str:
        """Return the heading of a table or a column."""
        return _HEADINGS[name][self._column]

    def say(self, sentence: str, **more: object) -> str:
        """Return a sentence with its parts, which may come from outside."""
        parts = {name: flat(value) for name, value in more.items()}
        return _SENTENCES[sentence][self._column].format(**parts)

    def console(self, key: str) -> str:
        """Return a sentence of the console."""
        return self._values[key]

    def value(self, kind: str, value: object) -> str:
        """Return a contract value in the console's words; an unknown value unchanged, None as empty
        text.
        """
        if value is None:
            return ""
        return self._values.get(f"{kind}.{value}", flat(value))


def flat(value: object) -> str:
    """Return outside text as one line without control characters of a terminal."""
    return plain("" if value is None else value).replace("\n", " ⏎ ").replace("\t", " ")
