"""Names of channels and posts as people read them, Chinese first."""

from __future__ import annotations

from shared.contracts.fields import Post
from shared.contracts.pages import Channel

CHANNELS: dict[Channel, tuple[str, str]] = {
    Channel.CONSOLE: ("控制台", "console"),
    Channel.WEBHOOK: ("消息网关", "message gateway"),
    Channel.SMS: ("短信", "text message"),
    Channel.EMAIL: ("邮件", "e-mail"),
    Channel.DINGTALK: ("钉钉", "DingTalk"),
    Channel.WECOM: ("企业微信", "WeCom"),
    Channel.FEISHU: ("飞书", "Feishu"),
    Channel.WEB_PUSH: ("浏览器推送", "web push"),
    Channel.LOUDSPEAKER: ("村村响", "village loudspeaker"),
    Channel.SCREEN: ("显示屏", "screen"),
    Channel.OTHER: ("其他渠道", "other channel"),
}
POSTS: dict[Post, tuple[str, str]] = {
    Post.B: ("B岗", "post B"),
    Post.A: ("A岗", "post A"),
    Post.COMMANDER: ("指挥长", "commander"),
}
