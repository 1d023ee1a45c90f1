"""The channels in use: from the channels file and, for webhook and web push, from variables.

The file is YAML: a list of entries, each with a `channel` and the settings of the channel. All
errors are reported at once. The file never holds a secret (`port.SecretSource`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from services.notify.channels.dingtalk import DingtalkSettings
from services.notify.channels.email import EmailSettings
from services.notify.channels.feishu import FeishuSettings
from services.notify.channels.other import OtherSettings
from services.notify.channels.port import Sender, Tools
from services.notify.channels.sms import SmsSettings
from services.notify.channels.voice import VoiceSettings
from services.notify.channels.webhook import Webhook, WebhookSettings
from services.notify.channels.wecom import WecomSettings
from shared.contracts.pages import Channel
from shared.runtime.errors import SetupError

Senders = dict[Channel, Sender]


class ChannelsFile(BaseModel):
    """The content of the file, with each channel at most once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channels: Annotated[
        tuple[
            Annotated[
                WebhookSettings
                | SmsSettings
                | EmailSettings
                | DingtalkSettings
                | WecomSettings
                | FeishuSettings
                | OtherSettings
                | VoiceSettings,
                Field(discriminator="channel"),
            ],
            ...,
        ],
        Field(max_length=16),
    ]

    @model_validator(mode="after")
    def _once_each(self) -> ChannelsFile:
        names = [settings.channel for settings in self.channels]
        if repeated := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"listed twice: {', '.join(sorted(repeated))}")
        return self


def read(path: Path) -> ChannelsFile:
    """Return the channels file; raises SetupError naming every wrong entry, never its values."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return ChannelsFile.model_validate(content)
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"{path} cannot be read ({type(error).__name__}).") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark is not None else ""
        raise SetupError(f"{path} is not YAML{line}.") from None
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'file'}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False)
        )
        raise SetupError(f"{path} is wrong: {problems}.") from None


def senders(
    file: Path | None, webhook_url: str | None, webhook_secret: SecretStr | None, tools: Tools
) -> Senders:
    """Return the channels in use beside the console. Raises SetupError."""
    results: Senders = {}
    if file is not None:
        results = {settings.channel: settings.sender(tools) for settings in read(file).channels}
    if webhook_url is not None and webhook_secret is not None:
        if Channel.WEBHOOK in results:
            raise SetupError("The webhook is set twice: in the channels file and by variables.")
        results[Channel.WEBHOOK] = Webhook(webhook_url, webhook_secret, tools)
    return results
