"""The key pair of web push (VAPID, RFC 8292), which set-up makes once.

Push services check with it that a push comes from this system. It also signs the ticket inside a
notification: an officer answers from a locked phone, long after the session of the browser ended.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

_ALGORITHM = "ES256"
_BYTES = 32
_TICKET = "fenghuo:answer"
"""The audience of a ticket: a signature for a push service is none."""


class AnswerTicket(NamedTuple):
    """The right to answer one page as its officer."""

    page_id: str
    officer_id: str


class PushKey:
    """Signs and checks with one key pair; raises ValueError for a text that is no private key."""

    def __init__(self, private: str) -> None:
        try:
            raw = base64.urlsafe_b64decode(private + "=" * (-len(private) % 4))
        except (binascii.Error, ValueError):
            raise ValueError("must be base64url") from None
        if len(raw) != _BYTES:
            raise ValueError(f"must hold {_BYTES} bytes")
        try:
            key = ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1())
        except ValueError:
            raise ValueError("is no private key of the curve P-256; make another") from None
        point = key.public_key().public_numbers()
        x, y = (number.to_bytes(_BYTES, "big") for number in (point.x, point.y))
        self.public = _base64url(b"\x04" + x + y)
        """The public half as browsers and push services take it."""
        self._key = ECKey.import_key(
            {
                "kty": "EC",
                "crv": "P-256",
                "x": _base64url(x),
                "y": _base64url(y),
                "d": _base64url(raw),
            }
        )

    def authorization(self, service: str, contact: str, expires_s: int) -> str:
        """Return the header that introduces this system to a push service, named by its origin."""
        claims = {"aud": service, "sub": contact, "exp": expires_s}
        return f"vapid t={self._signed(claims)}, k={self.public}"

    def ticket(self, ticket: AnswerTicket, expires_s: int) -> str:
        """Return a signed ticket."""
        page_id, officer_id = ticket
        return self._signed({"aud": _TICKET, "sub": officer_id, "page": page_id, "exp": expires_s})

    def checked_ticket(self, text: str, now_s: float) -> AnswerTicket | None:
        """Return the ticket in a text; None for another text, signature or purpose, or too late."""
        try:
            claims = jwt.decode(text, self._key, algorithms=[_ALGORITHM]).claims
        except (JoseError, ValueError):
            return None
        page_id, officer_id, expires_s = (claims.get(name) for name in ("page", "sub", "exp"))
        valid = (
            claims.get("aud") == _TICKET
            and isinstance(page_id, str)
            and isinstance(officer_id, str)
            and isinstance(expires_s, int)
            and now_s < expires_s
        )
        return AnswerTicket(str(page_id), str(officer_id)) if valid else None

    def _signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"typ": "JWT", "alg": _ALGORITHM}, claims, self._key)


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
