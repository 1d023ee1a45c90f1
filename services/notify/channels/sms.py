"""SMS by a gateway's HTTP interface, described by a template, since each gateway has own fields.

The placeholders {phone}, {text}, {page_id} and {secret} are replaced inside values before the body
is encoded: no text can break out of a field.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, JsonValue

from services.notify.channels.http import client, exchange, field, outcome_of
from services.notify.channels.port import (
    DELIVERED,
    Attempt,
    ChannelSettings,
    DeliveryOutcome,
    SecretSource,
    Sender,
    Tools,
    Url,
)
from shared.contracts.fields import Language
from shared.contracts.pages import Channel, Page


class Accepted(ChannelSettings):
    """The sign of an accepted message in a 2xx answer: the value at a dotted path.

    `busy` are the values for a message that may be sent again later.
    """

    path: str
    equals: str | int | bool
    busy: tuple[str | int, ...] = ()


class SmsSettings(ChannelSettings):
    """One gateway. Its body is either `json` or `form`; `query` is possible with both."""

    channel: Literal[Channel.SMS]
    url: Url
    method: Literal["POST", "PUT", "GET"] = "POST"
    headers: dict[str, str] = Field(default_factory=dict)
    query: dict[str, str] = Field(default_factory=dict)
    body: JsonValue = Field(default=None, alias="json")
    form: dict[str, str] | None = None
    secret: SecretSource | None = None
    accepted: Accepted | None = None

    def sender(self, tools: Tools) -> Sender:
        """Return the gateway's channel."""
        return Sms(self, tools)


class Sms:
    """Sends one SMS per attempt, with the page id where the template has its placeholder."""

    channel = Channel.SMS

    def __init__(self, settings: SmsSettings, tools: Tools) -> None:
        self._settings = settings
        secret = settings.secret
        self._secret = secret.read(tools.environ).get_secret_value() if secret is not None else ""
        self._message = tools.message
        self._client = client(tools.timeout_s)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def deliver(
        self,
        page: Page,
        address: str | None,
        *,
        resend: bool,
        language: Language = Language.ZH,
    ) -> Attempt:
        """Make one attempt; REFUSED when the roster has no number."""
        if not address:
            return Attempt(DeliveryOutcome.REFUSED, "no phone number")
        values = {
            "phone": address,
            "text": self._message(page, language, self.channel, resend=resend),
            "page_id": page.page_id,
            "secret": self._secret,
        }
        sms_settings = self._settings
        request: dict[str, Any] = {"headers": _fill(sms_settings.headers, values)}
        if sms_settings.query:
            request["params"] = _fill(sms_settings.query, values)
        if sms_settings.form is not None:
            request["data"] = _fill(sms_settings.form, values)
        elif sms_settings.body is not None:
            request["json"] = _fill(sms_settings.body, values)
        reply = await exchange(self._client, sms_settings.method, sms_settings.url, **request)
        if isinstance(reply, Attempt):
            return reply
        attempt = outcome_of(reply.status)
        if attempt.outcome is not DeliveryOutcome.DELIVERED or sms_settings.accepted is None:
            return attempt
        return _verdict(sms_settings.accepted, field(reply.body, sms_settings.accepted.path))


def _verdict(accepted: Accepted, value: object) -> Attempt:
    if value is None:
        return Attempt(DeliveryOutcome.UNKNOWN, f"no {accepted.path} in the answer")
    if value == accepted.equals and isinstance(value, bool) == isinstance(accepted.equals, bool):
        return DELIVERED
    outcome = DeliveryOutcome.NOT_SENT if value in accepted.busy else DeliveryOutcome.REFUSED
    return Attempt(outcome, f"{accepted.path} {str(value)[:40]!r}")


def _fill(template: Any, values: dict[str, str]) -> Any:
    """Return the template with the placeholders of all its texts replaced, once.

    Braces inside a value are no placeholders.
    """
    if isinstance(template, dict):
        return {name: _fill(inner, values) for name, inner in template.items()}
    if isinstance(template, list):
        return [_fill(inner, values) for inner in template]
    if not isinstance(template, str):
        return template
    parts, remaining = [], template
    while remaining:
        text, brace, remaining = remaining.partition("{")
        parts.append(text)
        name, close, tail = remaining.partition("}")
        if close and name in values:
            parts.append(values[name])
            remaining = tail
        else:
            parts.append(brace)
    return "".join(parts)
