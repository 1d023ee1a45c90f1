"""The notify service as its `build(settings)` makes it, on a real Postgres, without Kafka."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from pydantic import SecretStr

from services.notify.app import build
from services.notify.channels.port import Sender, Tools
from services.notify.channels.webhook import Webhook
from services.notify.core.escalation.profiles import ProfileName
from services.notify.core.reference_data import ReferenceData
from services.notify.loops.delivery import DeliveryLoop
from services.notify.loops.settlement import Settlement
from services.notify.metrics import NotifyMetrics
from services.notify.settings import Settings
from shared.contracts.fields import Post
from shared.contracts.pages import Channel, Page
from shared.contracts.topics import ROSTER
from shared.runtime.clock import SystemClock
from shared.runtime.inbound_messages import Apply
from shared.runtime.timers import TimerSweeper
from tests.support.carrier import SECRET, Receiver
from tests.support.service_driver import ServiceDriver, driven, topic_of
from tests.unit.notify.builders import a_slot, name_of

BATCH = 10
"""The attempts at once of a loop that a test runs by hand."""


class NotifyHarness:
    """Delivers records, moves the timers, and runs delivery loops by hand."""

    def __init__(self, driver: ServiceDriver) -> None:
        self.driver = driver
        self.database = driver.database
        self.registry = driver.platform.registry
        assert driver.platform.dispatcher is not None
        unit_of_work = driver.platform.dispatcher.unit_of_work
        assert isinstance(unit_of_work, partial)
        self.unit_of_work = unit_of_work
        self.reference: ReferenceData = unit_of_work.keywords["reference"]
        self.metrics: NotifyMetrics = unit_of_work.keywords["metrics"]
        self.page_queued: asyncio.Event = unit_of_work.keywords["page_queued"]

    @property
    def apply(self) -> Apply:
        """Handles records in a transaction of the caller."""
        assert self.driver.platform.apply is not None
        return self.driver.platform.apply

    @property
    def sweeper(self) -> TimerSweeper:
        """Fires the timers."""
        assert self.driver.platform.sweeper is not None
        return self.driver.platform.sweeper

    def fill_posts(self, *units: str, channels: tuple[Channel, ...] = (Channel.CONSOLE,)) -> None:
        """Give each post of these units an officer with these channels."""
        for unit, post in itertools.product(units, Post):
            self.driver.load_table(ROSTER, a_slot(unit, post, name_of(unit, post), channels))

    async def deliver(self, *messages: Any) -> list[Page]:
        """Handle these records in one transaction; return the published pages."""
        published = await self.driver.deliver(
            *((topic_of(message), message) for message in messages)
        )
        return [record for record in published if isinstance(record, Page)]

    async def pass_time(self, seconds: float) -> list[Page]:
        """Make the timers of this time due and fire them; return the published pages."""
        async with self.database.transaction() as transaction:
            await transaction.connection.execute(
                "UPDATE notify.timer SET due_at = due_at - $1::interval WHERE state = 'armed'",
                timedelta(seconds=seconds),
            )
        published = await self.driver.fire_timers()
        return [record for record in published if isinstance(record, Page)]

    @asynccontextmanager
    async def sweeping(self) -> AsyncIterator[None]:
        """Timers fire by themselves, as in the service."""
        sweeps = asyncio.create_task(self.sweeper.run())
        try:
            yield
        finally:
            sweeps.cancel()
            await asyncio.gather(sweeps, return_exceptions=True)

    async def pages(self) -> list[Page]:
        """Return all published pages, in order."""
        published = await self.driver.published()
        return [record for record in published if isinstance(record, Page)]

    async def rows(self, query: str, *values: Any) -> list[Any]:
        """Return the rows of a query."""
        async with self.database.transaction() as transaction:
            return list(await transaction.connection.fetch(query, *values))

    async def value(self, query: str, *values: Any) -> Any:
        """Return the first value of a query."""
        return (await self.rows(query, *values))[0][0]

    async def escalations_without_timer(self) -> int:
        """Count the open escalations that do not have exactly one armed answer timer."""
        return int(
            await self.value(
                "SELECT count(*) FROM notify.escalation AS e WHERE e.state = 'open' AND 1 <> "
                "(SELECT count(*) FROM notify.timer AS t WHERE t.subject_id = e.escalation_id "
                "AND t.kind = 'answer' AND t.state = 'armed')"
            )
        )

    def delivery_loop(self, sender: Sender, *channels: Channel, **options: Any) -> DeliveryLoop:
        """Return a delivery loop of the service with this sender."""
        return DeliveryLoop(
            self.database,
            dict.fromkeys(channels or [sender.channel], sender),
            Settlement(self.database, self.unit_of_work),
            self.reference.roster,
            self.metrics,
            self.page_queued,
            **options,
        )

    def webhook_loop(self, receiver: Receiver, lease_s: float = 20) -> DeliveryLoop:
        """Return a delivery loop whose webhook posts to the receiver."""
        tools = Tools(SystemClock(), timeout_s=1.0)
        webhook = Webhook(receiver.url, SecretStr(SECRET), tools)
        return self.delivery_loop(
            webhook, lease=timedelta(seconds=lease_s), ordinary=BATCH, reserved=0
        )

    async def make_deliveries_due(self) -> None:
        """Make queued deliveries due and running leases expire."""
        async with self.database.transaction() as transaction:
            await transaction.connection.execute(
                "UPDATE notify.delivery SET next_at = now(), "
                "lease_until = least(lease_until, now() - interval '1 second')"
            )


@asynccontextmanager
async def driven_notify(dsn: str, profile: ProfileName) -> AsyncIterator[NotifyHarness]:
    """The service on a database, with console and webhook in use."""
    async with driven(
        build,
        Settings,
        dsn,
        sla_profile=profile,
        webhook_url="http://127.0.0.1:1",
        webhook_secret=SECRET,
    ) as driver:
        yield NotifyHarness(driver)


@asynccontextmanager
async def notify_on(dsn: str) -> AsyncIterator[NotifyHarness]:
    """The service with the waits of a demo on an emptied database."""
    async with driven_notify(dsn, "demo") as harness:
        async with harness.database.transaction() as transaction:
            await transaction.connection.execute(
                "TRUNCATE notify.escalation, notify.page, notify.delivery, notify.digest, "
                "notify.alert, notify.assignment, notify.duty_gap, notify.reachability, "
                "notify.ended_warning, notify.timer, notify.outbox"
            )
        yield harness
