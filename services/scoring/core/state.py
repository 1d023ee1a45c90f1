"""What is remembered of one sensor under one status: bounded, and convertible to plain lists.

`dump` and `load` are exact inverses, so a restart continues as if it had not happened. A change of
their shape needs a new `FORMAT` and a `load` that still reads the old one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from services.scoring.core.windows import Window

FORMAT = 1
"""Version of the dumped form."""
NORMAL = -1
"""`AlarmState.level` of an alarm that is not raised; levels are ranks of LEVEL_ORDER."""
NEVER = float("inf")
REMEMBERED_IDS = 4
"""Ids kept per sensor: transport repeats follow closely, a wider ring only costs memory."""


@dataclass(slots=True)
class Hold:
    """A rung has been reached without interruption since `since`, by `count` readings."""

    since: float
    count: int
    start_id: str


@dataclass(slots=True)
class AlarmState:
    """One rule at one sensor. `version` counts the changes of the alarm named by `alarm_id`.

    `rule_version` is the rule's version under which `holds` were gathered.
    """

    level: int = NORMAL
    version: int = 0
    alarm_id: str = ""
    holds: dict[int, Hold] = field(default_factory=dict)
    window: Window | None = None
    rule_version: int = 0

    def dump(self) -> list[Any]:
        """As plain lists."""
        holds = [[rank, hold.since, hold.count, hold.start_id] for rank, hold in self.holds.items()]
        window = None if self.window is None else self.window.dump()
        return [self.level, self.version, self.alarm_id, holds, window, self.rule_version]

    @staticmethod
    def load(plain: list[Any]) -> AlarmState:
        """The inverse of `dump`."""
        level, version, alarm_id, holds, window, rule_version = plain
        return AlarmState(
            level,
            version,
            alarm_id,
            {rank: Hold(since, count, start_id) for rank, since, count, start_id in holds},
            None if window is None else Window.load(window),
            rule_version,
        )


@dataclass(slots=True)
class SensorState:
    """One sensor under one status.

    `applied` is the input offset up to which this state holds as stored. `newest`, `value`,
    `last_id` and `synthetic` are of the newest reading by event time (seconds since 1970). `due` is
    the earliest deadline noted for it in the partition's queue; derived, never stored.
    """

    sensor_id: str
    status: str
    applied: int = -1
    newest: float = -NEVER
    value: float = 0.0
    last_id: str = ""
    synthetic: bool = False
    seen: list[tuple[str, float, float]] = field(default_factory=list)
    alarms: dict[str, AlarmState] = field(default_factory=dict)
    silent: bool = False
    health_version: int = 0
    due: float = NEVER

    @property
    def key(self) -> str:
        """Its key in the partition and in the changelog."""
        return f"{self.sensor_id}|{self.status}"

    def remember(self, event_id: str, at: float, value: float) -> None:
        """Note a reading's id with what it said, and forget the oldest."""
        seen = self.seen
        seen.append((event_id, at, value))
        if len(seen) > REMEMBERED_IDS:
            del seen[0]

    def dump(self) -> list[Any]:
        """As plain lists, with the format's version first and `applied` second."""
        return [
            FORMAT,
            self.applied,
            self.sensor_id,
            self.status,
            self.newest,
            self.value,
            self.last_id,
            self.synthetic,
            self.seen,
            {rule_id: alarm.dump() for rule_id, alarm in self.alarms.items()},
            self.silent,
            self.health_version,
        ]

    @staticmethod
    def load(plain: list[Any]) -> SensorState:
        """The inverse of `dump`; raises ValueError for a format of another version."""
        if plain[0] != FORMAT:
            raise ValueError(f"state format {plain[0]} is unknown, this program reads {FORMAT}")
        _, applied, sensor_id, status, newest, value, last_id, synthetic = plain[:8]
        seen, alarms, silent, health_version = plain[8:]
        return SensorState(
            sensor_id,
            status,
            applied,
            newest,
            value,
            last_id,
            synthetic,
            [(event_id, at, said) for event_id, at, said in seen],
            {rule_id: AlarmState.load(alarm) for rule_id, alarm in alarms.items()},
            silent,
            health_version,
        )
