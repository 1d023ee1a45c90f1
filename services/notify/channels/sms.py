"""SMS by a gateway's HTTP interface, described by a template: every gateway names its fields anew.

Placeholders {phone}, {text}, {page_id} and {secret} stand inside values and are put in before the
body is encoded, so that no text can break out of its field.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, JsonValue

from services.notify.channels.http import client, exchange, field, judge
from services.notify.channels.port import (
    DELIVERED,
    Attempt,
    ChannelSettings,
    Outcome,
    SecretSource,
    Sender,
    Tools,
    Url,
)
from services.notify.core.letters import message
from shared.contracts.fields import Language
from shared.contracts.pages import Channel, Page

_LONGEST = 500
"""Characters: eight parts of a long Chinese SMS."""


class Accepted(ChannelSettings):
    """What a 2xx answer says when the gateway took the message: the value at a dotted path.

    `busy`: values that mean "not now".
    """

    path: str
    equals: str | int | bool
    busy: tuple[str | int, ...] = ()


class SmsSettings(ChannelSettings):
    """One gateway. Exactly one of `json` and `form` is its body; `query` may stand with either."""

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
        """The gateway."""
        return Sms(self, tools)


class Sms:
    """Sends one SMS per attempt; the page id goes along where the template has a place for it."""

    channel = Channel.SMS

    def __init__(self, settings: SmsSettings, tools: Tools) -> None:
        self._settings = settings
        secret = settings.secret
        self._secret = secret.read(tools.environ).get_secret_value() if secret is not None else ""
        self._link = tools.link
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
        """One attempt; REFUSED when the roster has no number."""
        if not address:
            return Attempt(Outcome.REFUSED, "no phone number")
        values = {
            "phone": address,
            "text": message(page, language, resend=resend, link=self._link)[:_LONGEST],
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
        first = judge(reply.status)
        if first.outcome is not Outcome.DELIVERED or sms_settings.accepted is None:
            return first
        return _verdict(sms_settings.accepted, field(reply.body, sms_settings.accepted.path))


def _verdict(accepted: Accepted, found: object) -> Attempt:
    if found is None:
        return Attempt(Outcome.UNKNOWN, f"no {accepted.path} in the answer")
    if found == accepted.equals and isinstance(found, bool) == isinstance(accepted.equals, bool):
        return DELIVERED
    outcome = Outcome.NOT_SENT if found in accepted.busy else Outcome.REFUSED
    return Attempt(outcome, f"{accepted.path} {str(found)[:40]!r}")


def _fill(template: Any, values: dict[str, str]) -> Any:
    """The template with its placeholders replaced in every text, once: a value is no template."""
    if isinstance(template, dict):
        return {name: _fill(inner, values) for name, inner in template.items()}
    if isinstance(template, list):
        return [_fill(inner, values) for inner in template]
    if not isinstance(template, str):
        return template
    parts, rest = [], template
    while rest:
        before, brace, after = rest.partition("{")
        parts.append(before)
        name, close, tail = after.partition("}")
        if close and name in values:
            parts.append(values[name])
            rest = tail
        else:
            parts.append(brace)
            rest = after
    return "".join(parts)
