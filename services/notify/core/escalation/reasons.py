"""The reasons that open the text of a withdrawn page."""

from __future__ import annotations

SETTLED = "无需答复：事项已处理。"
REPLACED = "无需答复：已有新的通知。"
RECALLED = "无需答复：所依据的预警已撤回。"
FAULT_OVER = "无需答复：系统故障已消除。"
ANSWERED = "无需答复：已有人应答。"
TESTED = "通信测试已结束。"
PASSED_ON = "摘要已结束：其中各事项按各自时限继续呼叫。"
