"""A browser's side of web push for tests: keys, and the reading of what its push service got."""

from __future__ import annotations

import base64
import itertools
import json
from typing import Any

import http_ece  # type: ignore[import-untyped]
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

from shared.contracts.fields import Tier
from shared.contracts.push_devices import PushDevice, PushSubscription
from shared.runtime.push_key import PushKey
from tests.support.carrier import CarrierRequest
from tests.support.console_events import NOW

PUSH_KEY = base64.urlsafe_b64encode(bytes(range(1, 33))).rstrip(b"=").decode()
"""The private key of the system in tests."""
PUBLIC_KEY = PushKey(PUSH_KEY).public
CONTACT = "mailto:duty@example.org"
_numbers = itertools.count(1)


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class PushBrowser:
    """A browser with the keys of its subscription at `endpoint`."""

    def __init__(self, endpoint: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._auth = b"0123456789abcdef"
        point = self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        self.subscription = PushSubscription(
            endpoint=endpoint, p256dh=_base64url(point), auth=_base64url(self._auth)
        )

    def device(self, officer_id: str) -> PushDevice:
        """Return the record of this browser as the officer's."""
        number = next(_numbers)
        return PushDevice(
            id=f"pdv-{number}",
            occurred_at=NOW,
            sent_at=NOW,
            origin_unit="500118118000",
            tier=Tier.TOWN,
            device_id=f"dev-{number}",
            officer_id=officer_id,
            name="Chrome · Android",
            subscription=self.subscription,
        )

    def opened(self, request: CarrierRequest) -> dict[str, Any]:
        """Return the content of a push, as only this browser can read it."""
        raw = http_ece.decrypt(request.raw, private_key=self._key, auth_secret=self._auth)
        results: dict[str, Any] = json.loads(raw)
        return results


def sender_claims(request: CarrierRequest) -> dict[str, Any]:
    """Return what a push service knows of the sender, after the check of its signature."""
    scheme, _, fields = request.headers["authorization"].partition(" ")
    assert scheme == "vapid"
    token, key = (part.strip()[2:] for part in fields.split(","))
    raw = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))
    assert raw[0] == 4
    public = ECKey.import_key(
        {"kty": "EC", "crv": "P-256", "x": _base64url(raw[1:33]), "y": _base64url(raw[33:])}
    )
    assert key == PUBLIC_KEY
    return dict(jwt.decode(token, public, algorithms=["ES256"]).claims)
