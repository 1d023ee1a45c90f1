"""The check of an ID token (OpenID Connect Core 1.0, 3.1.3.7): the proven subject, or a flaw."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Signatures by a key of the provider: never `none`, never a shared secret."""
SKEW_S = 60
"""The largest difference between the provider's clock and the console's, in seconds."""
OLDEST_S = 600
"""The largest age of a token in seconds; an older token belongs to an earlier sign-in."""


class TokenFlaw(StrEnum):
    """The reasons why a token proves nothing."""

    SIGNATURE = "signature"
    UNKNOWN_KEY = "unknown_key"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    NONCE = "nonce"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    CLAIM = "claim"


class TokenRefused(Exception):
    """The token proves nothing."""

    def __init__(self, flaw: TokenFlaw) -> None:
        super().__init__(flaw.value)
        self.flaw = flaw


@dataclass(frozen=True, slots=True)
class ExpectedClaims:
    """The required claims of a token, and the claim with the name of the person."""

    issuer: str
    client_id: str
    nonce: str
    claim: str


def subject_of(id_token: str, keys: KeySet, expected: ExpectedClaims, now_s: float) -> str:
    """Return the person named by a token.

    Raises TokenRefused; UNKNOWN_KEY may disappear after the keys are reloaded.
    """
    try:
        claims = jwt.decode(id_token, keys, algorithms=ALGORITHMS).claims
    except InvalidKeyIdError:
        raise TokenRefused(TokenFlaw.UNKNOWN_KEY) from None
    except (JoseError, ValueError, TypeError):
        raise TokenRefused(TokenFlaw.SIGNATURE) from None
    if (flaw := _flaw(claims, expected, now_s)) is not None:
        raise TokenRefused(flaw)
    subject = claims.get(expected.claim)
    if not isinstance(subject, str) or not 0 < len(subject) <= 256 or "\x00" in subject:
        raise TokenRefused(TokenFlaw.CLAIM)
    return subject


def challenge_of(verifier: str) -> str:
    """Return the PKCE challenge (RFC 7636, S256) of a verifier."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _flaw(claims: dict[str, Any], expected: ExpectedClaims, now_s: float) -> TokenFlaw | None:
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if claims.get("iss") != expected.issuer:
        return TokenFlaw.ISSUER
    if not isinstance(audiences, list) or expected.client_id not in audiences:
        return TokenFlaw.AUDIENCE
    if claims.get("azp", expected.client_id) != expected.client_id:
        return TokenFlaw.AUDIENCE
    if len(audiences) > 1 and "azp" not in claims:
        return TokenFlaw.AUDIENCE
    if claims.get("nonce") != expected.nonce:
        return TokenFlaw.NONCE
    expires, issued = _moment(claims.get("exp")), _moment(claims.get("iat"))
    if expires is None or issued is None:
        return TokenFlaw.EXPIRED
    if now_s >= expires + SKEW_S or now_s > issued + OLDEST_S:
        return TokenFlaw.EXPIRED
    begins = _moment(claims.get("nbf", issued))
    if begins is None or max(issued, begins) > now_s + SKEW_S:
        return TokenFlaw.NOT_YET
    return None


def _moment(value: object) -> float | None:
    """Return a NumericDate, or None for any invalid value, including booleans and NaN."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 2**53 else None
