"""Wiring of alerting: one consumer over evidence, rules and decisions, one transaction per batch."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from faststream.asgi import AsgiFastStream

from services.alerting.consumer import Alerting
from services.alerting.core.first import goes_first
from services.alerting.metrics import AlertingMetrics
from services.alerting.retention import forget_alarms, forget_alerts, forget_rest
from services.alerting.settings import Settings
from shared.contracts.topics import (
    ALARMS,
    ALERTS,
    DECISIONS,
    MODES,
    NOTICES,
    REPORTS,
    RULES,
    SILENCE_STATES,
    SILENCES,
    WARNINGS,
)
from shared.runtime.inbound_messages import PriorityRule
from shared.runtime.stateful_platform import StatefulPlatform

BATCH = 500
"""Most records of one transaction. In a storm several change the same alert, which is written once; what is
urgent waits for one of these at most, and more of them cost each as much."""

FIRST = PriorityRule((b'"red"', b'"recall"'), goes_first)


def build(settings: Settings) -> AsgiFastStream:
    """The ASGI application; nothing is connected before its lifespan starts."""
    platform = StatefulPlatform("alerting", settings)
    alerting = Alerting(AlertingMetrics(platform.registry))
    platform.table(MODES, alerting.modes.put)
    topics = [RULES, SILENCES, ALARMS, REPORTS, WARNINGS, DECISIONS]
    consumer = platform.consume_inbox(topics, alerting.apply, max_records=BATCH, priority=FIRST)
    alerting.caught_up = partial(consumer.caught_up, ALARMS.name)
    platform.sweep(alerting.lock, alerting.fire)
    duration = timedelta(days=settings.keep_days)
    platform.delete_when_old(
        forget_alerts(duration),
        forget_alarms(duration),
        *forget_rest(duration),
    )
    platform.produces(ALERTS, NOTICES, ALARMS, SILENCE_STATES)
    return platform.asgi()
