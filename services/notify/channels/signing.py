"""Signed requests about a page, in the form of standardwebhooks.com."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import SecretStr
from pydantic_core import to_json
from standardwebhooks import Webhook as Signer

from shared.contracts.pages import Channel
from shared.runtime.errors import SetupError
from shared.runtime.webhook_keys import webhook_key_problem


class PageSigner:
    """Writes and signs the requests of one channel with its secret."""

    def __init__(self, secret: SecretStr, channel: Channel) -> None:
        """Take the secret; raises SetupError for one that is no key."""
        if problem := webhook_key_problem(secret.get_secret_value()):
            raise SetupError(f"The secret of the channel {channel} {problem}.")
        self._signer = Signer(secret.get_secret_value())

    def request(
        self, kind: str, page_id: str, now: datetime, data: dict[str, Any]
    ) -> dict[str, Any]:
        """Return content and headers of a request; its id is the page's, in every attempt."""
        body = to_json({"type": kind, "timestamp": now.isoformat(), "data": data})
        headers = {
            "content-type": "application/json",
            "webhook-id": page_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(page_id, now, body.decode()),
        }
        return {"content": body, "headers": headers}
