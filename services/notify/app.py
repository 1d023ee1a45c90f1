"""Wiring of notify: roster table, one consumer, timers, the delivery loops when a webhook is set."""

from __future__ import annotations

from contextlib import AsyncExitStack

from faststream.asgi import AsgiFastStream

from services.notify.channels import console
from services.notify.channels import webhook as channel
from services.notify.consumer import NotifyConsumer
from services.notify.core.profiles import PROFILES
from services.notify.loops import DeliveryLoop, LadderGauges
from services.notify.metrics import NotifyMetrics
from services.notify.settings import Settings
from shared.contracts.topics import ALERTS, ANSWERS, ASSIGNMENTS, PAGES, ROSTER, SUPERVISION
from shared.runtime.platform import StatefulPlatform

_SENDERS = 4
"""Delivery loops side by side, so that one slow receiver does not hold up all others."""


class NotifyPlatform(StatefulPlatform):
    """The platform with the webhook's connections, closed after everything that uses them."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("notify", settings)
        self.webhook: channel.Webhook | None = None
        if settings.webhook_url is not None and settings.webhook_secret is not None:
            secret = settings.webhook_secret.get_secret_value()
            self.webhook = channel.Webhook(settings.webhook_url, secret, self.clock)

    async def start(self, stack: AsyncExitStack) -> None:
        """As every platform; the webhook's client connects by itself."""
        if self.webhook is not None:
            stack.push_async_callback(self.webhook.close)
        await super().start(stack)


def build(settings: Settings) -> AsgiFastStream:
    """The ASGI application; nothing is connected before its lifespan starts."""
    platform = NotifyPlatform(settings)
    metrics = NotifyMetrics(platform.registry)
    channels = {console.CHANNEL} | ({channel.CHANNEL} if platform.webhook else set())
    consumer = NotifyConsumer(PROFILES[settings.sla_profile], frozenset(channels), metrics)
    platform.table(ROSTER, consumer.take_slot)
    platform.consume_inbox([ALERTS, ASSIGNMENTS, SUPERVISION, ANSWERS], consumer.apply)
    platform.sweep(consumer.lock, consumer.fire)
    platform.loops.append(LadderGauges(platform.database, metrics).run)
    if platform.webhook is not None:
        sender = DeliveryLoop(platform.database, platform.webhook, consumer, metrics)
        platform.loops.extend([sender.run] * _SENDERS)
    platform.produces(PAGES)
    return platform.asgi()
