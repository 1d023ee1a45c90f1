"""Wiring of notify: roster and catalogue tables, one consumer, timers, the delivery loops of the channels that are on."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import timedelta
from zoneinfo import ZoneInfo

from faststream.asgi import AsgiFastStream

from services.notify.calls_folder import CallsFolder
from services.notify.channels import console, registry
from services.notify.channels.off import Off
from services.notify.channels.port import Tools
from services.notify.consumer import NotifyConsumer
from services.notify.core.budgets import BUDGETS
from services.notify.core.priority import RESERVED, goes_first
from services.notify.core.profiles import PROFILES
from services.notify.loops import DeliveryLoop, LadderGauges
from services.notify.metrics import NotifyMetrics
from services.notify.retention import forget_digests, forget_ladders
from services.notify.scheduling import ContactTestScheduler
from services.notify.settings import Settings
from shared.contracts.pages import Channel
from shared.contracts.topics import (
    ALERTS,
    ANSWERS,
    ASSIGNMENTS,
    CATALOG,
    CONTACT_TESTS,
    DUTY_COVERAGE,
    MODE_PROPOSALS,
    MODES,
    PAGES,
    REACHABILITY,
    REPORT_DUTIES,
    ROSTER,
    SUPERVISION,
)
from shared.runtime.inbound_messages import PriorityRule
from shared.runtime.stateful_platform import StatefulPlatform

_LOOPS = 4
"""Delivery loops of one channel side by side, so that one slow answer does not hold up all others;
one more takes red and recalls only."""
FIRST = PriorityRule((b'"red"', b'"recalled"'), goes_first)


class NotifyPlatform(StatefulPlatform):
    """The platform with the channels' connections, closed after everything that uses them."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("notify", settings)
        self.senders = registry.senders(
            settings.channels_file,
            settings.webhook_url,
            settings.webhook_secret,
            Tools(self.clock, settings.console_url),
        )

    async def start(self, stack: AsyncExitStack) -> None:
        """As every platform; the channels' clients connect by themselves."""
        for sender in self.senders.values():
            stack.push_async_callback(sender.close)
        await super().start(stack)


def build(settings: Settings) -> AsgiFastStream:
    """The ASGI application; nothing is connected before its lifespan starts. Raises SetupError."""
    platform = NotifyPlatform(settings)
    metrics = NotifyMetrics(platform.registry)
    channels = frozenset({console.CHANNEL, *platform.senders})
    name = settings.sla_profile
    zone = ZoneInfo(settings.zone)
    consumer = NotifyConsumer(PROFILES[name], BUDGETS[name], channels, metrics, zone)
    platform.table(CATALOG, consumer.names.tree.take)
    platform.table(ROSTER, consumer.roster.put)
    platform.table(MODES, consumer.modes.put)
    platform.table(REACHABILITY, consumer.reaches.put)
    platform.consume_inbox(
        [
            ALERTS,
            ASSIGNMENTS,
            REPORT_DUTIES,
            SUPERVISION,
            MODE_PROPOSALS,
            MODES,
            DUTY_COVERAGE,
            ANSWERS,
            CONTACT_TESTS,
        ],
        consumer.apply,
        priority=FIRST,
    )
    platform.sweep(consumer.lock, consumer.fire)
    platform.run_in_background("ladder gauges", LadderGauges(platform.database, metrics).run)
    if settings.calls_folder is not None:
        calls = CallsFolder(settings.calls_folder, consumer.called_by, platform.clock)
        calls.read()
        platform.run_in_background("calls", calls.run)
    platform.run_in_background(
        "contact test scheduler", ContactTestScheduler(platform.database, consumer).run
    )
    for channel, sender in platform.senders.items():
        delivery = DeliveryLoop(platform.database, [channel], sender, consumer, metrics)
        for number, loop in enumerate([delivery.run] * _LOOPS, 1):
            platform.run_in_background(f"loop {number}", loop)
        reserved = DeliveryLoop(
            platform.database, [channel], sender, consumer, metrics, up_to=RESERVED
        )
        platform.run_in_background("reserved", reserved.run)
    absent = [channel for channel in Channel if channel not in channels]
    platform.run_in_background(
        "delivery loop", DeliveryLoop(platform.database, absent, Off(), consumer, metrics).run
    )
    duration = timedelta(days=settings.keep_days)
    platform.delete_when_old(forget_ladders(duration), forget_digests(duration))
    platform.produces(PAGES, REACHABILITY)
    return platform.asgi()
