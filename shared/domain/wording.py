"""Names of channels, posts and levels as people read them."""

from __future__ import annotations

from shared.contracts.fields import Level, Post
from shared.contracts.pages import AnswerVerb, Channel
from shared.domain.bilingual import Both

CHANNELS: dict[Channel, Both] = {
    Channel.CONSOLE: Both("控制台", "console"),
    Channel.WEBHOOK: Both("消息网关", "message gateway"),
    Channel.SMS: Both("短信", "text message"),
    Channel.EMAIL: Both("邮件", "e-mail"),
    Channel.DINGTALK: Both("钉钉", "DingTalk"),
    Channel.WECOM: Both("企业微信", "WeCom"),
    Channel.FEISHU: Both("飞书", "Feishu"),
    Channel.WEB_PUSH: Both("浏览器推送", "web push"),
    Channel.LOUDSPEAKER: Both("村村响", "village loudspeaker"),
    Channel.SCREEN: Both("显示屏", "screen"),
    Channel.OTHER: Both("其他渠道", "other channel"),
}
POSTS: dict[Post, Both] = {
    Post.B: Both("B岗", "post B"),
    Post.A: Both("A岗", "post A"),
    Post.COMMANDER: Both("指挥长", "commander"),
}
LEVELS: dict[Level, Both] = {
    Level.NOTICE: Both("提示", "notice"),
    Level.BLUE: Both("蓝色", "blue"),
    Level.YELLOW: Both("黄色", "yellow"),
    Level.ORANGE: Both("橙色", "orange"),
    Level.RED: Both("红色", "red"),
}
REPLIES = Both("回复 1 能到岗 2 不能到岗 3 转接", "Reply 1 coming, 2 cannot, 3 hand over")
"""The request for an answer in a text (shared/domain/replies.py)."""
NOTES = Both("回复 1 已知悉 2 不能处理 3 转接", "Reply 1 noted, 2 cannot, 3 hand over")
"""The request for an answer where nobody has to come."""
ANSWERS: dict[AnswerVerb, Both] = {
    AnswerVerb.COMING: Both("能到岗", "coming"),
    AnswerVerb.CANNOT: Both("不能到岗", "cannot"),
    AnswerVerb.HAND_OVER: Both("转接", "hand over"),
    AnswerVerb.DELIVERED: Both("已送达", "delivered"),
    AnswerVerb.READ: Both("已读", "read"),
}
