"""Events beside the readings, each at its event time: reports, the drill, broken messages."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from deploy.demo import broken_messages, texts
from deploy.demo.actors import Actors
from deploy.demo.city_watch import CityWatch
from deploy.demo.demo_clock import at
from deploy.demo.officers import People
from deploy.demo.player import Progress, ScheduledAct
from deploy.demo.source import HttpSource, KafkaSource


@dataclass
class Schedule:
    """The acts and what they sent; `copies` of every kind of broken message."""

    http: HttpSource
    kafka: KafkaSource
    people: People
    watch: CityWatch
    progress: Progress
    copies: int
    broken: Counter[str] = field(default_factory=Counter)
    """Broken records sent, by the reason with which each must be refused."""
    door: dict[str, bool] = field(default_factory=dict)
    """Nonsense sent to the HTTP door, and whether it was refused as it must be."""

    def all(self, actors: Actors) -> list[ScheduledAct]:
        """Every act with its event time."""
        reports = [(when, self._report(fields)) for when, fields in texts.reports(actors)]
        return [
            *reports,
            (at(18, 14), self._drill),
            (at(18, 19), self._burst),
            (at(18, 21), self._door),
            (at(22, 21), self._last),
        ]

    def _report(self, fields: dict[str, Any]) -> Callable[[], Awaitable[None]]:
        return lambda: self.http.report(fields)

    async def _drill(self) -> None:
        await self.people.order(texts.DRILL_ORDER, "demo-drill")

    async def _last(self) -> None:
        command = await self.people.order(texts.LAST_ORDER, "demo-last")
        if command:
            self.watch.stays_open.add(command)

    async def _burst(self) -> None:
        now = datetime.now(UTC)
        records = [
            broken_messages.wrong_datum_rule(now),
            *broken_messages.burst(self.progress.event_time, now, self.copies),
        ]
        await self.kafka.broken(records)
        self.broken.update(str(record.reason) for record in records if record.reason)

    async def _door(self) -> None:
        for name, path, body, kind, expected in texts.nonsense():
            self.door[name] = await self.http.nonsense(path, body, kind) == expected
