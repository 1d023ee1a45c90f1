"""Passwords as argon2id hashes (RFC 9106, profile for little memory: 64 MiB, 3 passes, 4 lanes)."""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
LONGEST = 256
_AT_ONCE = 2
"""Hashes computed at a time: each takes 64 MiB and four lanes."""


class Passwords:
    """Hash and check passwords outside the event loop."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._nobodys = self._hasher.hash("nobody's")

    async def hash(self, password: str) -> str:
        """Return a hash with a fresh salt."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def check(self, stored: str | None, password: str) -> bool:
        """Return whether the password matches; without a stored hash, False after equal work."""
        async with self._turns:
            right = await asyncio.to_thread(self._check, stored or self._nobodys, password)
        return right and stored is not None

    def outdated(self, stored: str) -> bool:
        """Return whether the hash was made with weaker parameters than the present ones."""
        return self._hasher.check_needs_rehash(stored)

    def _check(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


def unfit(password: str, officer_id: str) -> str | None:
    """Return why a new password is refused: `short`, `long` or `guessable`, or None."""
    if len(password) < SHORTEST:
        return "short"
    if len(password) > LONGEST:
        return "long"
    plain = password.casefold()
    if officer_id.casefold() in plain or len(set(plain)) < 5:
        return "guessable"
    return None
