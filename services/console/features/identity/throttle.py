"""The throttle of failed sign-ins: after some failures each further attempt waits twice as long.

Failures are counted per account name, existing or not, and per address. The counts are in memory: a
restart loses the counts, and each process counts alone. A stranger can delay an officer's password
by at most `longest`; links, the provider and open sessions are not affected.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Allowance:
    """The number of free failures, and the longest wait in seconds.

    Failures are forgotten after twice the longest wait.
    """

    free: int
    longest_s: float


@dataclass
class Throttle:
    """Failures of a kind of key. Times are seconds of a monotonic clock."""

    allowance: Allowance
    most_keys: int = 10_000
    _failed: dict[str, tuple[int, float]] = field(default_factory=dict)
    """Failures in a row and the time of the last failure, the oldest key first."""

    def wait_s(self, key: str, now: float) -> float:
        """Return the seconds until the next attempt of the key; 0: now."""
        count, last = self._failed.get(key, (0, now))
        excess = count - self.allowance.free
        if excess < 0:
            return 0.0
        wait = min(self.allowance.longest_s, 2.0 ** min(excess, 30))
        return max(0.0, last + wait - now)

    def failed(self, key: str, now: float) -> None:
        """Count a failure."""
        count, last = self._failed.pop(key, (0, now))
        if now - last > 2 * self.allowance.longest_s:
            count = 0
        while len(self._failed) >= self.most_keys:
            self._failed.pop(next(iter(self._failed)))
        self._failed[key] = (count + 1, now)

    def undo(self, key: str) -> None:
        """Undo the last failure; earlier failures stay."""
        count, last = self._failed.get(key, (0, 0.0))
        if count > 1:
            self._failed[key] = (count - 1, last)
        else:
            self._failed.pop(key, None)

    def succeeded(self, key: str) -> None:
        """Clear the failures of the key."""
        self._failed.pop(key, None)


PER_NAME = Allowance(free=5, longest_s=60)
PER_ADDRESS = Allowance(free=30, longest_s=300)
"""Many officers of a centre come from one address."""


class LoginThrottle:
    """Attempts to sign in with a password, per name and per address."""

    def __init__(self) -> None:
        self._names = Throttle(PER_NAME)
        self._addresses = Throttle(PER_ADDRESS)

    def begin(self, name: str, address: str, now: float) -> float:
        """Count an attempt as failed before the check; return 0, or the seconds to wait.

        Counting first means that many parallel attempts gain nothing.
        """
        wait = max(self._names.wait_s(name, now), self._addresses.wait_s(address, now))
        if wait <= 0:
            self._names.failed(name, now)
            self._addresses.failed(address, now)
        return wait

    def succeeded(self, name: str, address: str) -> None:
        """Clear the failures of the name and undo the last failure of the address."""
        self._names.succeeded(name)
        self._addresses.undo(address)
