"""The bearer token of a request."""

from __future__ import annotations

import hmac
from typing import Any

from pydantic import SecretStr


def has_token(scope: Any, token: SecretStr) -> bool:
    """Return True if the request carries the token; the comparison takes constant time."""
    header: bytes = dict(scope["headers"]).get(b"authorization", b"")
    return hmac.compare_digest(header, f"Bearer {token.get_secret_value()}".encode())
