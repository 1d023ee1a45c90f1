"""Wiring of alerting: evidence, rules and decisions come in, alerts and notices go out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from faststream.asgi import AsgiFastStream

from services.alerting import timers
from services.alerting.core.alarms.inhibition import order_of_inhibitors
from services.alerting.core.priority import is_urgent
from services.alerting.handlers import alarms, decisions, reports, rules, silences, warnings
from services.alerting.metrics import AlertingMetrics
from services.alerting.retention import retention_tasks
from services.alerting.settings import Settings
from services.alerting.store.evidence_cache import EvidenceCache
from services.alerting.unit_of_work import UnitOfWork
from shared.contracts.topics import ALARMS, ALERTS, FAULTS, NOTICES, RESPONSE_MODES, SILENCE_STATES
from shared.domain.response_modes.effective import Modes
from shared.runtime.inbound_messages import InboundMessage, PriorityRule
from shared.runtime.stateful_platform import StatefulPlatform

MAX_RECORDS = 500
"""Most records of one transaction. In a storm several change the same alert, which is written once;
an urgent record waits for one transaction at most, and a larger one would cost it more time."""

URGENT = PriorityRule((b'"red"', b'"recall"'), is_urgent)
"""Records that are handled before the backlog."""


def build(settings: Settings) -> AsgiFastStream:
    """Return the ASGI application; nothing is connected before its lifespan starts."""
    platform = StatefulPlatform("alerting", settings)
    modes = Modes()
    platform.table(RESPONSE_MODES, modes.put, modes.remove)
    metrics = AlertingMetrics(platform.registry)
    platform.health.add_trouble("rules", metrics.rule_trouble)
    unit_of_work = partial(
        UnitOfWork,
        modes=modes,
        cache=EvidenceCache(),
        metrics=metrics,
        zone=settings.zone,
    )
    platform.include(
        unit_of_work,
        *(rules.router, silences.router, alarms.router, reports.router, warnings.router),
        *(decisions.router, timers.router),
        order=inhibitors_first,
        max_records=MAX_RECORDS,
        priority=URGENT,
    )
    platform.delete_when_old(*retention_tasks(settings.keep_days))
    platform.produces(ALERTS, NOTICES, ALARMS, SILENCE_STATES, FAULTS)
    return platform.asgi()


def inhibitors_first(batch: Sequence[InboundMessage]) -> list[InboundMessage]:
    """Return the records with each inhibitor before the alarms that it inhibits."""
    positions = order_of_inhibitors([incoming.message for incoming in batch])
    return [batch[position] for position in positions]
