"""WeCom 企业微信 group robot (developer.work.weixin.qq.com, 群机器人)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from services.notify.channels.port import Sender, Tools, Url
from services.notify.channels.robots import Robot, RobotSettings
from shared.contracts.pages import Channel


class WecomSettings(RobotSettings):
    """`token` is the key in the robot's address; the robot has no signature."""

    channel: Literal[Channel.WECOM]
    base_url: Url = "https://qyapi.weixin.qq.com"
    secret: None = None

    def sender(self, tools: Tools) -> Sender:
        """Return the robot."""
        return Wecom(self, tools)


class Wecom(Robot):
    """A robot that names the officer by mobile number."""

    channel = Channel.WECOM
    code_field = "errcode"
    busy = frozenset({45009, 45033})

    def request(
        self, text: str, address: str | None, now_s: float
    ) -> tuple[str, Mapping[str, str], Mapping[str, Any]]:
        """Return the documented request."""
        content: dict[str, Any] = {"content": text}
        if address:
            content["mentioned_mobile_list"] = [address]
        body = {"msgtype": "text", "text": content}
        return "/cgi-bin/webhook/send", {"key": self._token}, body
