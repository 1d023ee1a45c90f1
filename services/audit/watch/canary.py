"""The canary's chains as the watch sees them; they outlive the auditor's platform."""

from __future__ import annotations

import time
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.audit.core.canary.chain import CanaryChain
from services.audit.core.findings.snapshot import FindingKind
from services.audit.core.watch.components import ComponentProblem


class CanaryMetrics:
    """The metrics of the round trips, by tier or unit."""

    def __init__(self) -> None:
        self.round_trips = Histogram(
            "fenghuo_canary_round_trip_seconds",
            "Time from the reading at ingest to the receipt at the parent, by tier",
            ["tier"],
            buckets=(0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 15),
            registry=None,
        )
        self.last_success = Gauge(
            "fenghuo_canary_last_success_timestamp_seconds",
            "When the newest complete round trip ended, in seconds since 1970",
            ["tier", "unit"],
            registry=None,
        )
        self.missed = Counter(
            "fenghuo_canary_missed_total",
            "Round trips that were not complete when the next one began, by the stage reached",
            ["tier", "stage"],
            registry=None,
        )

    def register(self, registry: CollectorRegistry) -> None:
        """Show these metrics in one more registry."""
        for collector in (self.round_trips, self.last_success, self.missed):
            registry.register(collector)


class CanaryProbe:
    """Tells whether the round trips at one unit are complete; another process may make them."""

    def __init__(self, canary: Canary, chain: CanaryChain) -> None:
        self.component = f"canary {chain.tier} {chain.unit}"
        self._canary, self._chain = canary, chain

    async def check(self) -> ComponentProblem | None:
        """Return how far the round trips come, if too many in a row were missed."""
        reason = self._chain.problem(time.monotonic()) if self._canary.leads else None
        return None if reason is None else ComponentProblem(FindingKind.CANARY_MISSING, reason)


class Canary:
    """The chains of all units. Of several auditors one makes the round trips."""

    def __init__(self, units: Sequence[str], interval_s: float) -> None:
        self.chains = [CanaryChain(unit, interval_s) for unit in units]
        self.metrics = CanaryMetrics()
        self.leads = False

    def probes(self) -> list[CanaryProbe]:
        """Return a probe for each unit."""
        return [CanaryProbe(self, chain) for chain in self.chains]

    def lead(self) -> None:
        """Note that this process makes the round trips from now on."""
        for chain in self.chains:
            chain.watch(time.monotonic())
        self.leads = True

    def follow(self) -> None:
        """Note that this process makes no round trips."""
        self.leads = False

    def decided(self) -> bool:
        """Return whether this process knows of every chain that it works, or that it does not."""
        now_s = time.monotonic()
        return self.leads and all(chain.decided(now_s) for chain in self.chains)
