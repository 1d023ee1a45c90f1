"""Passwords as argon2id hashes (RFC 9106, the profile for little memory: 64 MiB, 3 passes, 4 lanes)."""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
LONGEST = 256
_AT_ONCE = 2
"""Hashes computed at the same time: each takes 64 MiB and four lanes."""


class Passwords:
    """Hash and check, away from the event loop."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._nobodys = self._hasher.hash("nobody's")

    async def hash(self, password: str) -> str:
        """A hash with a salt of its own."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def check(self, stored: str | None, password: str) -> bool:
        """Whether it is the password. Without a stored one just as much work, and never."""
        async with self._turns:
            right = await asyncio.to_thread(self._check, stored or self._nobodys, password)
        return right and stored is not None

    def outdated(self, stored: str) -> bool:
        """Whether the hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    def _check(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


def unfit(password: str, officer_id: str) -> str | None:
    """Why a new password is not taken: `short`, `long` or `guessable`; None when it is."""
    if len(password) < SHORTEST:
        return "short"
    if len(password) > LONGEST:
        return "long"
    plain = password.casefold()
    if officer_id.casefold() in plain or len(set(plain)) < 5:
        return "guessable"
    return None
