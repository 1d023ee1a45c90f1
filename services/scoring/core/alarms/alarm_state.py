"""The state of a rule at a sensor: the alarm, pending raises and ended episodes.

`dump` and `load` are exact inverses. Their shape is part of the format of a sensor's state
(core/state/stored_state.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import Any

from shared.contracts.fields import DataGrade

NORMAL = -1
"""`AlarmState.level` of an alarm that is not raised; levels are ranks of LEVEL_ORDER."""
_FACTS = 5
"""The stored facts of an alarm between its pending raises and its falls."""
NEVER = inf
"""A moment that does not come."""


@dataclass(slots=True)
class PendingRaise:
    """A threshold has been reached without interruption since `since`, by `count` readings."""

    since: float
    count: int
    start_id: str


@dataclass(slots=True)
class AlarmState:
    """A rule at a sensor. `version` counts the changes of the alarm named by `alarm_id`.

    `pending` holds the raises that wait for a duration or a count, by rank, collected
    under version `rule_version` of the rule, and `falling` the time since which the readings are
    past the clearing limit of a level, by rank. `started_at`, `peak` and `retrospective` belong to
    the present episode. `differs` is the level of a candidate rule minus that of the live rule.
    """

    level: int = NORMAL
    version: int = 0
    alarm_id: str = ""
    pending: dict[int, PendingRaise] = field(default_factory=dict)
    rule_version: int = 0
    started_at: float = 0.0
    peak: int = NORMAL
    retrospective: bool = False
    differs: int = 0
    falling: dict[int, float] = field(default_factory=dict)

    def copy(self) -> AlarmState:
        """Return an independent copy."""
        pending = {
            rank: PendingRaise(entry.since, entry.count, entry.start_id)
            for rank, entry in self.pending.items()
        }
        return AlarmState(
            self.level,
            self.version,
            self.alarm_id,
            pending,
            self.rule_version,
            self.started_at,
            self.peak,
            self.retrospective,
            self.differs,
            dict(self.falling),
        )

    def dump(self) -> list[Any]:
        """Return the state as plain lists."""
        pending = [
            [rank, entry.since, entry.count, entry.start_id] for rank, entry in self.pending.items()
        ]
        return [
            self.level,
            self.version,
            self.alarm_id,
            pending,
            self.rule_version,
            self.started_at,
            self.peak,
            self.retrospective,
            self.differs,
            *([list(map(list, self.falling.items()))] if self.falling else ()),
        ]

    @staticmethod
    def load(plain: list[Any]) -> AlarmState:
        """Return the state that `dump` has given these lists for."""
        level, version, alarm_id, entries, *more = plain
        pending = {
            rank: PendingRaise(since, count, start_id) for rank, since, count, start_id in entries
        }
        facts, falling = more[:_FACTS], more[_FACTS:]
        return AlarmState(level, version, alarm_id, pending, *facts, *map(dict, falling))


@dataclass(slots=True)
class AlarmEpisode:
    """An ended alarm that a late reading may still revise; times are event times."""

    rule_id: str
    alarm_id: str
    version: int
    started_at: float
    ended_at: float
    peak: int


Journal = list[tuple[float, dict[str, AlarmState]]]
"""Moments at which an alarm may have changed, each with the alarms just before the moment."""


@dataclass(slots=True)
class RareState:
    """The part of the state of a sensor in trouble.

    `journal` and `ended` cover the time for which readings may be late. At `retrospective_due`
    of the clock a backlog has ended. `unmeasured` holds the last readings out of
    range, each as id, time and value.
    """

    journal: Journal = field(default_factory=list)
    ended: list[AlarmEpisode] = field(default_factory=list)
    silent: bool = False
    faults: dict[str, str] = field(default_factory=dict)
    health_version: int = 0
    retrospective_due: float = NEVER
    unmeasured: list[list[Any]] = field(default_factory=list)
    grade: DataGrade = DataGrade.GENERAL
    """The highest grade of the sensor's readings; it never falls."""

    def dump(self) -> list[Any]:
        """Return the state as plain lists."""
        return [
            [[at, dump_alarms(alarms)] for at, alarms in self.journal],
            [
                [e.rule_id, e.alarm_id, e.version, e.started_at, e.ended_at, e.peak]
                for e in self.ended
            ],
            self.silent,
            self.faults,
            self.health_version,
            self.retrospective_due,
            self.unmeasured,
            *((str(self.grade),) if self.grade is not DataGrade.GENERAL else ()),
        ]

    @staticmethod
    def load(plain: list[Any]) -> RareState:
        """Return the state that `dump` has given these lists for."""
        journal, ended, silent, faults, health_version, due, unmeasured, *grades = plain
        return RareState(
            [(at, load_alarms(alarms)) for at, alarms in journal],
            [AlarmEpisode(*episode) for episode in ended],
            *(silent, faults, health_version, due, unmeasured),
            *(DataGrade(grade) for grade in grades),
        )


def dump_alarms(alarms: dict[str, AlarmState]) -> dict[str, list[Any]]:
    """Return alarms by rule id as plain lists."""
    return {rule_id: alarm.dump() for rule_id, alarm in alarms.items()}


def load_alarms(plain: dict[str, list[Any]]) -> dict[str, AlarmState]:
    """Return the alarms that `dump_alarms` has given these lists for."""
    return {rule_id: AlarmState.load(alarm) for rule_id, alarm in plain.items()}
