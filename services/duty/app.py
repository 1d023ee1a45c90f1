"""Wiring of duty: requests and modes in, one transaction per batch; handovers and the daily look as timers."""

from __future__ import annotations

from faststream.asgi import AsgiFastStream

from services.duty.consumer import DutyConsumer
from services.duty.metrics import DutyMetrics
from services.duty.settings import Settings
from shared.contracts.topics import DUTY_COVERAGE, DUTY_ENTRIES, DUTY_REQUESTS, MODES, ROSTER
from shared.runtime.stateful import StatefulPlatform


def build(settings: Settings) -> AsgiFastStream:
    """The ASGI application; nothing is connected before its lifespan starts."""
    platform = StatefulPlatform("duty", settings)
    consumer = DutyConsumer(DutyMetrics(platform.registry))
    platform.consume_inbox([DUTY_REQUESTS, MODES], consumer.apply)
    platform.sweep(consumer.lock, consumer.fire)
    platform.produces(DUTY_ENTRIES, ROSTER, DUTY_COVERAGE)
    return platform.asgi()
