"""A signed webhook (standardwebhooks.com): one POST per attempt, no redirects, bounded in time.

`webhook-id` is the page id in every attempt, so the receiver can drop a repeat. What the caller
needs to know is not whether the request failed but whether the person may have been reached.
"""

from __future__ import annotations

import asyncio
from enum import StrEnum

import httpx
from pydantic_core import to_json
from standardwebhooks import Webhook as Signer

from services.notify.core.wording import resent
from shared.contracts.pages import Channel, Page
from shared.runtime.clock import Clock

CHANNEL = Channel.WEBHOOK
TIMEOUT_S = 5.0
"""For each of connecting, writing and reading; `LONGEST_S` bounds the whole attempt."""
LONGEST_S = 8.0


class Outcome(StrEnum):
    """What one attempt achieved."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


_FIELDS = frozenset(
    {
        "page_id", "status", "subject_kind", "subject_id", "alert_id", "command_id",
        "assignment_id", "officer_id", "unit", "post", "round", "rung", "level", "headline",
        "occurred_at", "answer_by",
    }
)  # fmt: skip


class Webhook:
    """Delivers pages to one address. `secret` is base64, with or without the prefix `whsec_`."""

    def __init__(self, url: str, secret: str, clock: Clock, timeout_s: float = TIMEOUT_S) -> None:
        self._url = url
        self._signer = Signer(secret)
        self._clock = clock
        self._client = httpx.AsyncClient(
            timeout=timeout_s,
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=40, max_keepalive_connections=20),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def deliver(self, page: Page, *, resend: bool) -> tuple[Outcome, str | None]:
        """One attempt; what it achieved and, unless delivered, a short reason. Never raises for
        what the receiver does."""
        now = self._clock.now()
        data = page.model_dump(mode="json", include=set(_FIELDS), exclude_none=True)
        text = resent(page.text) if resend else page.text
        body = to_json(
            {
                "type": "duty.page",
                "timestamp": now.isoformat(),
                "data": {**data, "text": text, "resend": resend},
            }
        )
        headers = {
            "content-type": "application/json",
            "webhook-id": page.page_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(page.page_id, now, body.decode()),
        }
        try:
            async with (
                asyncio.timeout(LONGEST_S),
                # Streamed and never read: a receiver's endless body costs us nothing.
                self._client.stream("POST", self._url, content=body, headers=headers) as response,
            ):
                return _judge(response.status_code)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return Outcome.NOT_SENT, type(error).__name__
        except (httpx.TransportError, TimeoutError) as error:
            return Outcome.UNKNOWN, type(error).__name__


def _judge(status: int) -> tuple[Outcome, str | None]:
    """2xx arrived; 429 was not taken; 408, 425 and 5xx say nothing certain; the rest is final."""
    if 200 <= status < 300:
        return Outcome.DELIVERED, None
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return Outcome.NOT_SENT, f"status {status}"
    if status >= 500 or status in (httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_EARLY):
        return Outcome.UNKNOWN, f"status {status}"
    return Outcome.REFUSED, f"status {status}"
