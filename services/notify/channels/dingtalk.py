"""DingTalk 钉钉 group robot (open.dingtalk.com, 自定义机器人): text, signed by timestamp in ms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from services.notify.channels.port import Sender, Tools, Url
from services.notify.channels.robots import Robot, RobotSettings, signature
from shared.contracts.pages import Channel


class DingtalkSettings(RobotSettings):
    """`token` is the access_token of the robot's address."""

    channel: Literal[Channel.DINGTALK]
    base_url: Url = "https://oapi.dingtalk.com"

    def sender(self, tools: Tools) -> Sender:
        """Return the robot."""
        return Dingtalk(self, tools)


class Dingtalk(Robot):
    """A robot that names the officer by mobile number."""

    channel = Channel.DINGTALK
    code_field = "errcode"
    busy = frozenset({130101, 410100})

    def request(
        self, text: str, address: str | None, now_s: float
    ) -> tuple[str, Mapping[str, str], Mapping[str, Any]]:
        """Return the documented request: sign = HMAC(secret, "timestamp\\nsecret")."""
        params = {"access_token": self._token}
        if self._secret is not None:
            stamp = str(int(now_s * 1000))
            params |= {
                "timestamp": stamp,
                "sign": signature(self._secret, f"{stamp}\n{self._secret}"),
            }
        mobiles = [address] if address else []
        text = f"{text}\n@{address}" if address else text
        body = {"msgtype": "text", "text": {"content": text}, "at": {"atMobiles": mobiles}}
        return "/robot/send", params, body
