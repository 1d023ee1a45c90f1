"""The reasons that open the text of a withdrawn page, in both languages."""

from __future__ import annotations

from shared.domain.bilingual import Bilingual

SETTLED = Bilingual("无需答复：事项已处理。", "No answer needed: the matter is settled.")
REPLACED = Bilingual("无需答复：已有新的通知。", "No answer needed: a newer page has come.")
RECALLED = Bilingual(
    "无需答复：所依据的预警已撤回。", "No answer needed: the alert behind it was recalled."
)
FAULT_OVER = Bilingual("无需答复：系统故障已消除。", "No answer needed: the fault is over.")
HEARD_AGAIN = Bilingual(
    "无需答复：失联的传感器已恢复。", "No answer needed: the silent sensors are heard again."
)
WARNING_OVER = Bilingual(
    "无需答复：该外部预警已到期。", "No answer needed: the agency's warning has expired."
)
WARNING_CANCELLED = Bilingual(
    "无需答复：发布单位已取消该预警。", "No answer needed: the agency has cancelled its warning."
)
ANSWERED = Bilingual("无需答复：已有人应答。", "No answer needed: somebody has answered.")
TESTED = Bilingual("通信测试已结束。", "The communication test is over.")
PASSED_ON = Bilingual(
    "摘要已结束：其中各事项按各自时限继续呼叫。",
    "The digest is over: the calls in it go on by their own times.",
)
