"""E-mail by SMTP (RFC 5321): one message per attempt, with TLS unless the settings exclude it.

`Message-ID` is the page id in every attempt: mail programs show a repeat as the same message.
"""

from __future__ import annotations

import smtplib
import ssl
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Annotated, Literal

from pydantic import Field

from services.notify.channels.port import (
    DELIVERED,
    Attempt,
    ChannelSettings,
    DeliveryOutcome,
    SecretSource,
    Sender,
    Tools,
)
from services.notify.channels.threads import Threads
from shared.contracts.fields import Language
from shared.contracts.pages import Channel, Page
from shared.domain.bilingual import in_language


class EmailSettings(ChannelSettings):
    """One mail server.

    `tls` is `starttls` on the submission port, `implicit` (465), or `none` for a relay on the same
    machine.
    """

    channel: Literal[Channel.EMAIL]
    host: Annotated[str, Field(min_length=1, max_length=253)]
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    sender_address: Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$", max_length=254)]
    username: str | None = None
    password: SecretSource | None = None

    def sender(self, tools: Tools) -> Sender:
        """Return the mail server's channel."""
        return Email(self, tools)


class Email:
    """Sends from a thread, since smtplib blocks."""

    channel = Channel.EMAIL

    def __init__(self, settings: EmailSettings, tools: Tools) -> None:
        self._settings = settings
        password = settings.password
        self._password = password.read(tools.environ) if password is not None else None
        self._clock = tools.clock
        self._message = tools.message
        self._timeout_s = tools.timeout_s
        self._threads = Threads(self.channel)

    async def close(self) -> None:
        """End the threads; connections end with each attempt."""
        self._threads.close()

    async def deliver(
        self,
        page: Page,
        address: str | None,
        *,
        resend: bool,
        language: Language = Language.ZH,
    ) -> Attempt:
        """Make one attempt; REFUSED when the roster has no e-mail address."""
        if not address or "@" not in address:
            return Attempt(DeliveryOutcome.REFUSED, "no e-mail address")
        try:
            mail = self._mail(page, address, language, resend=resend)
        except (ValueError, MessageError):
            return Attempt(DeliveryOutcome.REFUSED, "not an e-mail address")
        return await self._threads.run(self._send, mail)

    def _mail(self, page: Page, address: str, language: Language, *, resend: bool) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = " ".join(in_language(page.headline, language).split())
        mail["From"] = self._settings.sender_address
        mail["To"] = Address(addr_spec=address)
        mail["Date"] = self._clock.now()
        mail["Message-ID"] = f"<{page.page_id}@fenghuo>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(self._message(page, language, self.channel, resend=resend))
        return mail

    def _send(self, mail: EmailMessage) -> Attempt:
        server, sending = None, False
        try:
            server = self._connect()
            self._log_in(server)
            sending = True
            server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            return _reply_outcome(next(iter(error.recipients.values()))[0])
        except smtplib.SMTPAuthenticationError as error:
            return Attempt(DeliveryOutcome.NOT_SENT, f"reply {error.smtp_code} to the log-in")
        except smtplib.SMTPResponseException as error:
            return _reply_outcome(error.smtp_code)
        except (smtplib.SMTPException, OSError) as error:
            outcome = DeliveryOutcome.UNKNOWN if sending else DeliveryOutcome.NOT_SENT
            return Attempt(outcome, type(error).__name__)
        finally:
            if server is not None:
                # No QUIT: its reply could not undo what the server has accepted.
                server.close()
        return DELIVERED

    def _log_in(self, server: smtplib.SMTP) -> None:
        email_settings = self._settings
        if email_settings.tls == "starttls":
            server.starttls(context=ssl.create_default_context())
        if email_settings.username is not None and self._password is not None:
            server.login(email_settings.username, self._password.get_secret_value())

    def _connect(self) -> smtplib.SMTP:
        email_settings = self._settings
        if email_settings.tls == "implicit":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(
                email_settings.host, email_settings.port, timeout=self._timeout_s, context=context
            )
        return smtplib.SMTP(email_settings.host, email_settings.port, timeout=self._timeout_s)


def _reply_outcome(code: int) -> Attempt:
    """Return NOT_SENT for 4xx, which may be accepted later; 5xx is final (RFC 5321, 4.2.1)."""
    outcome = DeliveryOutcome.NOT_SENT if 400 <= code < 500 else DeliveryOutcome.REFUSED
    return Attempt(outcome, f"reply {code}")
