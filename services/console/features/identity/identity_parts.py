"""The parts of the process used by the sign-in only."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.console.features.identity.passwords import Passwords
from services.console.features.identity.provider import OidcProvider
from services.console.features.identity.throttle import LoginThrottle


@dataclass(frozen=True)
class IdentityParts:
    """Passwords, the throttle of sign-ins, and the OIDC provider if configured."""

    provider: OidcProvider | None
    passwords: Passwords = field(default_factory=Passwords)
    throttle: LoginThrottle = field(default_factory=LoginThrottle)
