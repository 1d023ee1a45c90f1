"""Feishu 飞书 group robot (open.feishu.cn, 自定义机器人): text, signed by timestamp in seconds."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any, Literal

from services.notify.channels.port import Sender, Tools, Url
from services.notify.channels.robots import Robot, RobotSettings, signature
from shared.contracts.pages import Channel


class FeishuSettings(RobotSettings):
    """`token` is the last part of the robot's address."""

    channel: Literal[Channel.FEISHU]
    base_url: Url = "https://open.feishu.cn"

    def sender(self, tools: Tools) -> Sender:
        """Return the robot."""
        return Feishu(self, tools)


class Feishu(Robot):
    """A robot that names the officer by open_id or user_id. `<at>` is a tag, so text is escaped."""

    channel = Channel.FEISHU
    code_field = "code"
    busy = frozenset({11232, 9499})

    def request(
        self, text: str, address: str | None, now_s: float
    ) -> tuple[str, Mapping[str, str], Mapping[str, Any]]:
        """Return the documented request: the key is "timestamp\\nsecret", the text is empty."""
        escaped = html.escape(text, quote=False)
        if address:
            escaped += f'\n<at user_id="{html.escape(address)}"></at>'
        body: dict[str, Any] = {"msg_type": "text", "content": {"text": escaped}}
        if self._secret is not None:
            stamp = str(int(now_s))
            body |= {"timestamp": stamp, "sign": signature(f"{stamp}\n{self._secret}", "")}
        return f"/open-apis/bot/v2/hook/{self._token}", {}, body
