"""Keys that sign webhooks (standardwebhooks.com)."""

from __future__ import annotations

import base64
import binascii

_MIN_KEY_BYTES = 16


def webhook_key_problem(key: str) -> str | None:
    """Return the reason why a key cannot be used, None when it can."""
    try:
        raw = base64.b64decode(key.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return "must be base64, with or without the prefix whsec_"
    return f"must hold at least {_MIN_KEY_BYTES} bytes" if len(raw) < _MIN_KEY_BYTES else None
