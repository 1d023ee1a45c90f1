"""Names of channels, posts, levels and tiers as people read them."""

from __future__ import annotations

from shared.contracts.fields import Level, Post, Tier
from shared.contracts.pages import AnswerVerb, Channel
from shared.domain.bilingual import Bilingual

CHANNELS: dict[Channel, Bilingual] = {
    Channel.CONSOLE: Bilingual("控制台", "console"),
    Channel.WEBHOOK: Bilingual("消息网关", "message gateway"),
    Channel.SMS: Bilingual("短信", "text message"),
    Channel.EMAIL: Bilingual("邮件", "e-mail"),
    Channel.DINGTALK: Bilingual("钉钉", "DingTalk"),
    Channel.WECOM: Bilingual("企业微信", "WeCom"),
    Channel.FEISHU: Bilingual("飞书", "Feishu"),
    Channel.WEB_PUSH: Bilingual("浏览器推送", "web push"),
    Channel.VOICE: Bilingual("语音电话", "voice call"),
    Channel.LOUDSPEAKER: Bilingual("村村响", "village loudspeaker"),
    Channel.SCREEN: Bilingual("显示屏", "screen"),
    Channel.OTHER: Bilingual("其他渠道", "other channel"),
}
POSTS: dict[Post, Bilingual] = {
    Post.B: Bilingual("B岗", "post B"),
    Post.A: Bilingual("A岗", "post A"),
    Post.COMMANDER: Bilingual("指挥长", "commander"),
}
LEVELS: dict[Level, Bilingual] = {
    Level.NOTICE: Bilingual("提示", "notice"),
    Level.BLUE: Bilingual("蓝色", "blue"),
    Level.YELLOW: Bilingual("黄色", "yellow"),
    Level.ORANGE: Bilingual("橙色", "orange"),
    Level.RED: Bilingual("红色", "red"),
}
TIERS: dict[Tier, Bilingual] = {
    Tier.CITY: Bilingual("市", "city"),
    Tier.DISTRICT: Bilingual("区县", "district"),
    Tier.TOWN: Bilingual("镇街", "town"),
    Tier.VILLAGE: Bilingual("村社", "village"),
    Tier.GRID: Bilingual("网格", "grid"),
    Tier.MICROGRID: Bilingual("微网格", "micro-grid"),
}
SYSTEM = Bilingual("系统", "system")
"""The category of pages about faults of the system itself; it stands in place of a level."""
REPLIES = Bilingual(
    "回复 1 能到岗 2 不能到岗 3 转接 4 需要支援",
    "Reply 1 coming, 2 cannot, 3 hand over, 4 need help",
)
"""The request for an answer in a text (shared/domain/replies.py)."""
NOTES = Bilingual(
    "回复 1 已知悉 2 不能处理 3 转接 4 需要支援",
    "Reply 1 noted, 2 cannot, 3 hand over, 4 need help",
)
"""The request for an answer where nobody has to come."""
ANSWERS: dict[AnswerVerb, Bilingual] = {
    AnswerVerb.COMING: Bilingual("能到岗", "coming"),
    AnswerVerb.CANNOT: Bilingual("不能到岗", "cannot"),
    AnswerVerb.HAND_OVER: Bilingual("转接", "hand over"),
    AnswerVerb.NEED_HELP: Bilingual("需要支援", "need help"),
    AnswerVerb.DELIVERED: Bilingual("已送达", "delivered"),
    AnswerVerb.READ: Bilingual("已读", "read"),
}
_NOTED: dict[AnswerVerb, Bilingual] = {
    AnswerVerb.COMING: Bilingual("已知悉", "noted"),
    AnswerVerb.CANNOT: Bilingual("不能处理", "cannot"),
}


def answer(verb: AnswerVerb, *, to_note: bool) -> Bilingual:
    """Return the word for an answer to a page that asks to come, or only to take note."""
    return _NOTED.get(verb, ANSWERS[verb]) if to_note else ANSWERS[verb]
