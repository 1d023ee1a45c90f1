"""E-mail against a real SMTP server that misbehaves on request."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.notify.channels.email import EmailSettings
from services.notify.channels.port import Attempt, Outcome
from shared.contracts.fields import Language
from shared.contracts.pages import Page
from shared.domain.bilingual import in_language
from tests.unit.notify.test_carriers import TOOLS, a_page

ADDRESS = "duty@example.org"


class MailBox:
    """Accepts mail, or answers by `says`: at RCPT, at DATA, or by closing after DATA."""

    def __init__(self, rcpt: str = "250 ok", data: str = "250 ok") -> None:
        self.rcpt, self.data = rcpt, data
        self.mails: list[EmailMessage] = []

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        if self.data == "lose":
            assert server.transport is not None
            server.transport.close()
        elif self.data == "slow":
            await asyncio.sleep(1)
        return self.data if self.data[0].isdigit() else "250 ok"


@contextmanager
def serving(box: MailBox) -> Iterator[int]:
    controller = Controller(box, hostname="127.0.0.1", port=0, ready_timeout=10)
    # Not port 0: the controller checks its readiness at the port of its argument.
    controller.port = _free_port()
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


async def deliver(
    port: int, page: Page | None = None, address: str | None = ADDRESS, **settings: Any
) -> Attempt:
    channel = EmailSettings.model_validate(
        {
            "channel": "email",
            "host": "127.0.0.1",
            "port": port,
            "tls": "none",
            "sender_address": "fenghuo@example.org",
            **settings,
        }
    )
    return await channel.sender(TOOLS).deliver(page or a_page(), address, resend=False)


async def test_a_mail_has_the_subject_and_the_replies_and_a_repeat_is_the_same_mail() -> None:
    box, page = MailBox(), a_page()
    with serving(box) as port:
        assert (await deliver(port, page)).outcome is Outcome.DELIVERED
        assert (await deliver(port, page)).outcome is Outcome.DELIVERED
    first, second = box.mails
    assert first["subject"] == page.headline
    assert first["to"] == ADDRESS
    assert first["message-id"] == second["message-id"] == f"<{page.page_id}@fenghuo>"
    text = first.get_content().replace("\r\n", "\n")
    assert in_language(page.text, Language.ZH).strip() in text
    assert "Please sign" not in text
    assert "1 能到岗" in text


async def test_no_text_becomes_a_header() -> None:
    box = MailBox()
    page = a_page().model_copy(update={"headline": "水位\r\nBcc: everyone@example.org"})
    with serving(box) as port:
        assert (await deliver(port, page)).outcome is Outcome.DELIVERED
    assert box.mails[0]["bcc"] is None
    assert box.mails[0]["subject"] == "水位 Bcc: everyone@example.org"


@pytest.mark.parametrize(
    ("box", "outcome"),
    [
        (MailBox(rcpt="451 later"), Outcome.NOT_SENT),
        (MailBox(rcpt="550 no such user"), Outcome.REFUSED),
        (MailBox(data="451 later"), Outcome.NOT_SENT),
        (MailBox(data="554 spam"), Outcome.REFUSED),
        (MailBox(data="lose"), Outcome.UNKNOWN),
        (MailBox(data="slow"), Outcome.UNKNOWN),
    ],
    ids=lambda value: f"{value.rcpt}-{value.data}" if isinstance(value, MailBox) else value,
)
async def test_a_misbehaving_server_is_judged_by_what_may_have_arrived(
    box: MailBox, outcome: Outcome
) -> None:
    with serving(box) as port:
        assert (await deliver(port)).outcome is outcome


async def test_an_absent_server_was_not_reached() -> None:
    assert (await deliver(_free_port())).outcome is Outcome.NOT_SENT


async def test_a_server_that_cannot_encrypt_gets_nothing() -> None:
    box = MailBox()
    with serving(box) as port:
        assert (await deliver(port, tls="starttls")).outcome is not Outcome.DELIVERED
    assert box.mails == []


@pytest.mark.parametrize("address", [None, "13800000001", "a@b@c"])
async def test_a_wrong_address_is_refused(address: str | None) -> None:
    assert (await deliver(1, address=address)).outcome is Outcome.REFUSED
