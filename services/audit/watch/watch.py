"""The watch: probes of all components, the out-of-band channel, and the heartbeat.

It outlives the auditor's own reader of Kafka and its connections to Postgres (bootstrap.py).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import structlog
from prometheus_client import CollectorRegistry

from services.audit.core.findings.snapshot import COMPONENT_KINDS, ComponentFault, FindingKind
from services.audit.core.responsible_unit import ResponsibleUnit
from services.audit.core.watch.components import ComponentHealth
from services.audit.settings import Settings
from services.audit.watch.arrivals import ArrivalProbe
from services.audit.watch.canary import Canary
from services.audit.watch.heartbeat import Heartbeat
from services.audit.watch.metrics import WatchMetrics
from services.audit.watch.out_of_band import OutOfBandChannel
from services.audit.watch.probes import (
    PROBE_TIMEOUT_S,
    DiskProbe,
    KafkaProbe,
    PostgresProbe,
    Probe,
    ServiceProbe,
    TroubleProbe,
    bounded,
)
from shared.runtime.clock import Clock, SystemClock

log = structlog.get_logger("fenghuo.audit.watch")

PROBE_INTERVAL_S = 3.0
"""The time from one probe of a component to the next, in seconds."""
MOST_AGE_S = 30.0
"""The age of the auditor's last complete round, and of the last probes, beyond which the chain is
not whole."""

_KINDS_WITH_WHOLE_CHAIN = {FindingKind.HEARTBEAT_MISSING, FindingKind.COMPONENT_TROUBLED}


class Watch:
    """Watches the components by itself; what it finds is also a finding of the next round."""

    def __init__(
        self, settings: Settings, responsible: ResponsibleUnit, clock: Clock | None = None
    ) -> None:
        self.metrics = WatchMetrics()
        self._responsible = responsible
        self._clock = clock or SystemClock()
        self._health = ComponentHealth()
        self._announced: dict[str, ComponentFault] = {}
        self._round_at: float | None = None
        self._probed_at: float | None = None
        self._http = httpx2.AsyncClient(
            timeout=PROBE_TIMEOUT_S, follow_redirects=False, trust_env=False
        )
        self.out_of_band = OutOfBandChannel(
            settings.audit_out_of_band_url,
            settings.audit_out_of_band_token,
            self._http,
            self.metrics,
        )
        self._heartbeat = (
            None
            if settings.audit_heartbeat_url is None
            else Heartbeat(
                settings.audit_heartbeat_url,
                settings.audit_heartbeat_token,
                settings.audit_heartbeat_every_s,
                self.broken,
                self._http,
                self.metrics,
            )
        )
        self.arrivals = {sender: ArrivalProbe(sender) for sender in settings.expected()}
        units = settings.canary_units()
        self.canary = Canary(units, settings.audit_canary_every_s) if units else None
        services = [ServiceProbe(name, url, self._http) for name, url in settings.watched().items()]
        self._probes: list[Probe] = [
            KafkaProbe(settings.kafka_bootstrap),
            PostgresProbe(settings.database_url),
            *services,
            *(TroubleProbe(service) for service in services),
            *(DiskProbe(path, settings.audit_disk_free_share) for path in settings.disks()),
            *self.arrivals.values(),
            *([] if self.canary is None else self.canary.probes()),
        ]

    def faults(self) -> tuple[ComponentFault, ...]:
        """Return the faults of the components now."""
        return self._health.faults()

    def register_metrics(self, registry: CollectorRegistry) -> None:
        """Show the metrics of the watch in one more registry."""
        self.metrics.register(registry)
        if self.canary is not None:
            self.canary.metrics.register(registry)

    def checked_kinds(self) -> frozenset[FindingKind]:
        """Return the kinds of which a component without a fault certainly works."""
        if self._probed_at is None or self._health.undecided():
            return frozenset()
        if self.canary is None or self.canary.decided():
            return COMPONENT_KINDS
        return COMPONENT_KINDS - {FindingKind.CANARY_MISSING}

    def note_round(self) -> None:
        """Note that the auditor has made a complete round."""
        self._round_at = time.monotonic()

    def broken(self) -> str | None:
        """Return the first reason why the chain is not whole, None while it is.

        A silent tier below is a fault of that tier, and not of this chain; a service in trouble
        works.
        """
        for component, problem in sorted(self._health.problems().items()):
            if problem.kind not in _KINDS_WITH_WHOLE_CHAIN:
                return f"{component}: {problem.reason}"
        if _is_old(self._probed_at):
            return "the components have not been probed"
        if _is_old(self._round_at):
            return "the auditor has made no complete round"
        return None

    async def run(self) -> None:
        """Watch for ever. A bug in one part ends neither that part nor the others."""
        parts = [self._probe_all, self.out_of_band.run]
        if self._heartbeat is not None:
            parts.append(self._heartbeat.run)
        try:
            await asyncio.gather(*(_run_for_ever(part) for part in parts))
        finally:
            await self._http.aclose()

    async def _probe_all(self) -> None:
        while True:
            await asyncio.gather(*(self._probe(probe) for probe in self._probes))
            self._probed_at = time.monotonic()
            self._announce()
            await asyncio.sleep(PROBE_INTERVAL_S)

    async def _probe(self, probe: Probe) -> None:
        problem = await bounded(probe)
        self.metrics.component_up.labels(probe.component).set(problem is None)
        self._health.note(probe.component, problem, self._clock.now())

    def _announce(self) -> None:
        """Log the changes of the faults, and send them out of band."""
        faults = {fault.component: fault for fault in self.faults()}
        for component in faults.keys() - self._announced.keys():
            fault = faults[component]
            log.critical("component_fault", component=component, reason=fault.reason)
            self.out_of_band.add(self._message(fault, "raised"))
        for component in self._announced.keys() - faults.keys():
            log.warning("component_recovered", component=component)
            self.out_of_band.add(self._message(self._announced[component], "cleared"))
        self._announced = faults

    def _message(self, fault: ComponentFault, state: str) -> dict[str, Any]:
        return {
            "unit": self._responsible.unit,
            "state": state,
            "kind": fault.kind,
            "component": fault.component,
            "reason": fault.reason,
            "since": fault.since.isoformat(),
        }


def _is_old(at: float | None) -> bool:
    return at is None or time.monotonic() - at > MOST_AGE_S


async def _run_for_ever(part: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await part()
        except Exception:
            log.exception("watch_broken")
        await asyncio.sleep(PROBE_INTERVAL_S)
