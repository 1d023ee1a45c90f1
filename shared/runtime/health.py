"""Liveness and readiness: /healthz says the process runs, /readyz that it can do its work."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Check = Callable[[], str | None]
"""Returns None when all is well, else one sentence on the reason."""


class Health:
    """Named readiness checks; cheap, synchronous, read by /readyz."""

    def __init__(self, service: str, broker_name: str) -> None:
        self.service = service
        self.broker_name = broker_name
        self._checks: dict[str, Check] = {}
        self._troubles: dict[str, Check] = {}

    def add(self, name: str, check: Check) -> None:
        """Require `check` for readiness."""
        self._checks[name] = check

    def add_trouble(self, name: str, check: Check) -> None:
        """Let /readyz name a trouble that keeps the service from nothing, but needs a person."""
        self._troubles[name] = check

    def problems(self) -> dict[str, str]:
        """Return the failing checks and their reasons; empty = ready."""
        return _reasons(self._checks)

    def troubles(self) -> dict[str, str]:
        """Return the present troubles and their reasons; the auditor calls a person about them."""
        return _reasons(self._troubles)

    def state(self) -> dict[str, object]:
        """Return the body of /healthz."""
        return {"service": self.service, "status": "ok", "broker": self.broker_name}


def _reasons(checks: Mapping[str, Check]) -> dict[str, str]:
    results = {name: check() for name, check in checks.items()}
    return {name: reason for name, reason in results.items() if reason is not None}
