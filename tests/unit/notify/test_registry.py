"""The channels file: all its errors at once, no secret in it, each channel once."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from services.notify.channels import registry
from shared.contracts.pages import Channel
from shared.runtime.errors import SetupError
from tests.support.carrier import SECRET
from tests.unit.notify.test_carriers import TOOLS

GOOD = """
channels:
  - channel: webhook
    url: https://duty.example/hook
    secret: {env: HOOK}
  - channel: loudspeaker
    url: https://village.example/speak
    secret: {env: HOOK}
  - channel: sms
    url: https://sms.example/send
    json: {mobile: "{phone}", text: "{text}"}
  - channel: email
    host: mail.example
    sender_address: duty@example.org
  - channel: dingtalk
    token: {env: TOKEN}
  - channel: wecom
    token: {env: TOKEN}
  - channel: feishu
    base_url: https://feishu.gov.example
    token: {env: TOKEN}
"""


def file(folder: Path, text: str) -> Path:
    path = folder / "channels.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_switches_its_channels_on(tmp_path: Path) -> None:
    result = registry.senders(file(tmp_path, GOOD), None, None, TOOLS)
    assert set(result) == {
        Channel.WEBHOOK,
        Channel.LOUDSPEAKER,
        Channel.SMS,
        Channel.EMAIL,
        Channel.DINGTALK,
        Channel.WECOM,
        Channel.FEISHU,
    }
    assert all(sender.channel is channel for channel, sender in result.items())


def test_without_a_file_only_the_variables_count() -> None:
    assert registry.senders(None, None, None, TOOLS) == {}
    result = registry.senders(None, "https://x.example/h", SecretStr(SECRET), TOOLS)
    assert set(result) == {Channel.WEBHOOK}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("channels: [", "not YAML at line 1"),
        ("channels: {}", "channels"),
        *(
            (
                f"channels:\n  - {{channel: {name}, base_url: 'ftp://x', token: {{env: TOKEN}}}}\n",
                rf"0\.{name}\.base_url",
            )
            for name in ("dingtalk", "wecom", "feishu")
        ),
        ("channels:\n  - channel: fax", "fax|channel"),
        (
            "channels:\n"
            "  - {channel: wecom, token: plain-token}\n"
            "  - {channel: sms, url: 'ftp://x'}\n",
            r"0\.wecom\.token.*env: NAME.*1\.sms\.url",
        ),
        (
            "channels:\n  - {channel: wecom, token: {env: TOKEN}}\n"
            "  - {channel: wecom, token: {env: TOKEN}}\n",
            "listed twice: wecom",
        ),
        ("channels:\n  - {channel: wecom, token: {env: TOKEN, file: /x}}\n", "either env or file"),
        ("channels:\n  - {channel: wecom, token: {env: NOWHERE}}\n", "NOWHERE is empty"),
        ("channels:\n  - {channel: wecom, token: {file: /nowhere/x}}\n", "nowhere/x is empty"),
        (
            "channels:\n  - {channel: webhook, url: 'http://x.example', secret: {env: SIGN}}\n",
            "webhook",
        ),
    ],
)
def test_an_error_names_the_field_and_shows_no_value(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(SetupError, match=message) as refused:
        registry.senders(file(tmp_path, text), None, None, TOOLS)
    assert "plain-token" not in str(refused.value)


def test_a_webhook_that_is_set_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="twice"):
        registry.senders(file(tmp_path, GOOD), "https://x.example/h", SecretStr(SECRET), TOOLS)
