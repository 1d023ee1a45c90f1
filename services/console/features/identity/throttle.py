"""How often a sign-in may fail: after some failures each further try has to wait, twice as long each time.

Counted per account name (whether or not there is one) and per address. Kept in memory by one process:
a restart forgets, and several processes each count for themselves. A stranger can make an officer's
password wait for at most `longest`; links, the provider and open sessions are not concerned.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Allowance:
    """Failures that cost nothing, and the longest wait in seconds. Failures are forgotten after it twice."""

    free: int
    longest_s: float


@dataclass
class Throttle:
    """Failures of one kind of key. Times are seconds of one clock that never goes back."""

    allowance: Allowance
    most_keys: int = 10_000
    _failed: dict[str, tuple[int, float]] = field(default_factory=dict)
    """Failures in a row and when the last one was, the oldest key first."""

    def wait_s(self, key: str, now: float) -> float:
        """Seconds until the key may be tried again; 0 = now."""
        count, last = self._failed.get(key, (0, now))
        over = count - self.allowance.free
        if over < 0:
            return 0.0
        wait = min(self.allowance.longest_s, 2.0 ** min(over, 30))
        return max(0.0, last + wait - now)

    def failed(self, key: str, now: float) -> None:
        """One more failure."""
        count, last = self._failed.pop(key, (0, now))
        if now - last > 2 * self.allowance.longest_s:
            count = 0
        while len(self._failed) >= self.most_keys:
            self._failed.pop(next(iter(self._failed)))
        self._failed[key] = (count + 1, now)

    def undo(self, key: str) -> None:
        """Take the last failure back; those before it stay."""
        count, last = self._failed.get(key, (0, 0.0))
        if count > 1:
            self._failed[key] = (count - 1, last)
        else:
            self._failed.pop(key, None)

    def succeeded(self, key: str) -> None:
        """Forget the key's failures."""
        self._failed.pop(key, None)


PER_NAME = Allowance(free=5, longest_s=60)
PER_ADDRESS = Allowance(free=30, longest_s=300)
"""Many officers of a centre come from one address."""


class LoginThrottle:
    """Tries to sign in with a password, per name and per address."""

    def __init__(self) -> None:
        self._names = Throttle(PER_NAME)
        self._addresses = Throttle(PER_ADDRESS)

    def begin(self, name: str, address: str, now: float) -> float:
        """Count a try as failed before it is checked, so that many at once gain nothing; or seconds to wait."""
        wait = max(self._names.wait_s(name, now), self._addresses.wait_s(address, now))
        if wait <= 0:
            self._names.failed(name, now)
            self._addresses.failed(address, now)
        return wait

    def succeeded(self, name: str, address: str) -> None:
        """The try begun last was right."""
        self._names.succeeded(name)
        self._addresses.undo(address)
