"""What is remembered of one sensor under one status: bounded, and convertible to plain lists.

`dump` and `load` are exact inverses, so a restart continues as if it had not happened. A change of
their shape needs a new `FORMAT` and a `load` that still reads the old one.

A million of these may be held, so what most sensors never need lies in `Rare`, made when needed.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any

from services.scoring.core.baseline import Baseline
from services.scoring.core.marks import mark_of
from services.scoring.core.windows import Buckets
from shared.contracts.fields import DataGrade

if TYPE_CHECKING:
    from services.scoring.core.book import Sensor
    from services.scoring.core.rules import Plan

FORMAT = 5
"""Version of the dumped form."""
_READABLE = (2, 3, 4, FORMAT)
NORMAL = -1
"""`AlarmState.level` of an alarm that is not raised; levels are ranks of LEVEL_ORDER."""
NEVER = inf
REMEMBERED_IDS = 4
"""Ids kept per sensor: transport repeats follow closely, a wider ring only costs memory."""
ACTUAL = "Actual"
"""`SensorState.status` of what is real."""


@dataclass(slots=True)
class Hold:
    """A rung has been reached without interruption since `since`, by `count` readings."""

    since: float
    count: int
    start_id: str


@dataclass(slots=True)
class AlarmState:
    """One rule at one sensor. `version` counts the changes of the alarm named by `alarm_id`.

    `rule_version` is the rule's version under which `holds` were gathered. `started_at`, `peak` and
    `retrospective` are of the present episode; `differs` is a candidate's level less the live rule's.
    """

    level: int = NORMAL
    version: int = 0
    alarm_id: str = ""
    holds: dict[int, Hold] = field(default_factory=dict)
    rule_version: int = 0
    started_at: float = 0.0
    peak: int = NORMAL
    retrospective: bool = False
    differs: int = 0

    def copy(self) -> AlarmState:
        """An independent copy."""
        holds = {r: Hold(h.since, h.count, h.start_id) for r, h in self.holds.items()}
        return AlarmState(
            self.level,
            self.version,
            self.alarm_id,
            holds,
            self.rule_version,
            self.started_at,
            self.peak,
            self.retrospective,
            self.differs,
        )

    def dump(self) -> list[Any]:
        """As plain lists."""
        holds = [[rank, hold.since, hold.count, hold.start_id] for rank, hold in self.holds.items()]
        return [
            self.level,
            self.version,
            self.alarm_id,
            holds,
            self.rule_version,
            self.started_at,
            self.peak,
            self.retrospective,
            self.differs,
        ]

    @staticmethod
    def load(plain: list[Any]) -> AlarmState:
        """The inverse of `dump`."""
        level, version, alarm_id, holds, *rest = plain
        found = {rank: Hold(since, count, start_id) for rank, since, count, start_id in holds}
        return AlarmState(level, version, alarm_id, found, *rest)


@dataclass(slots=True)
class Episode:
    """An alarm that has ended and may still be revised; `ended_at` is event time."""

    rule_id: str
    alarm_id: str
    version: int
    started_at: float
    ended_at: float
    peak: int


Journal = list[tuple[float, dict[str, AlarmState]]]
"""Moments at which an alarm may have changed, each with the alarms as they were before."""


@dataclass(slots=True)
class Rare:
    """What only a sensor in trouble has. `journal` and `ended` reach back as far as readings may be
    late; `retrospective_due` is the clock at which a backlog is taken to be over; `unmeasured` are the
    last readings out of range, as id, time and value.
    """

    journal: Journal = field(default_factory=list)
    ended: list[Episode] = field(default_factory=list)
    silent: bool = False
    faults: dict[str, str] = field(default_factory=dict)
    health_version: int = 0
    retrospective_due: float = NEVER
    unmeasured: list[list[Any]] = field(default_factory=list)
    grade: DataGrade = DataGrade.GENERAL
    """The highest of the sensor's readings; it never falls."""

    def dump(self) -> list[Any]:
        """As plain lists."""
        return [
            [[at, _dump_alarms(alarms)] for at, alarms in self.journal],
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
    def load(plain: list[Any]) -> Rare:
        """The inverse of `dump`."""
        journal, ended, silent, faults, health_version, due, unmeasured, *graded = plain
        return Rare(
            [(at, _load_alarms(alarms)) for at, alarms in journal],
            [Episode(*episode) for episode in ended],
            *(silent, faults, health_version, due, unmeasured),
            *(DataGrade(one) for one in graded),
        )


class SensorState:
    """One sensor under one status.

    `applied` is the input offset up to which this state holds as stored. `newest` and `value` are of
    the newest reading by event time (seconds since 1970); `held` are the readings that are still held
    singly, in order of time: time, value, time, value ... in one array, half of the cost of two. Values strictly between `low` and `high`, and rates per
    second between `rate_low` and `rate_high`, change nothing; about windows that is known from `after`
    on, and while what is added stays below `room` (core/quiet.py). `last` is the id of the reading taken
    last, `mark_1` to `mark_4` (the last) are marks of the last ids (`mark_of`): a number is a quarter of an id.
    `same_since`: the value has not moved since. `due` is the earliest deadline noted in the partition's queue, `dirty` = to be stored; both,
    like the bands, are derived and never stored.
    """

    __slots__ = (
        "actual", "after", "alarms", "applied", "baselines", "buckets", "dirty", "due", "gist", "held", "high", "last",
        "low", "mark_1", "mark_2", "mark_3", "mark_4", "newest", "rare", "rate_high", "rate_low", "room",
        "same_since", "sensor", "status", "synthetic", "value",
    )  # fmt: skip

    def __init__(
        self,
        sensor: Sensor,
        plan: Plan,
        status: str,
        applied: int = -1,
        newest: float = -NEVER,
        value: float = 0.0,
        synthetic: bool = False,
        held: array[float] | None = None,
    ) -> None:
        self.sensor = sensor
        self.gist = plan.gist
        self.status = str(status)
        self.actual = self.status == ACTUAL
        self.applied = applied
        self.newest = newest
        self.value = value
        self.synthetic = synthetic
        self.last = b""
        self.mark_1 = self.mark_2 = self.mark_3 = self.mark_4 = 0
        self.held = array("d") if held is None else held
        self.buckets: dict[str, Buckets] | None = None
        self.alarms: dict[str, AlarmState] | None = None
        self.baselines: dict[str, Baseline] | None = None
        self.rare: Rare | None = None
        self.same_since = -NEVER
        self.low, self.high = NEVER, -NEVER
        self.rate_low, self.rate_high = NEVER, -NEVER
        self.after = NEVER
        self.room = -NEVER
        self.due = NEVER
        self.dirty = False

    @property
    def key(self) -> str:
        """Its key in the partition and in the changelog."""
        return key_of(self.sensor.sensor_id, self.status)

    @property
    def plan(self) -> Plan:
        """What judges it."""
        return self.gist.plan

    @plan.setter
    def plan(self, plan: Plan) -> None:
        self.gist = plan.gist

    @property
    def last_id(self) -> str:
        """Id of the reading that was taken last."""
        return self.last.decode("ascii")

    def has_taken(self, mark: int) -> bool:
        """Whether this is the mark of the id of one of the last readings."""
        return mark in (self.mark_4, self.mark_3, self.mark_2, self.mark_1)

    def remember(self, mark: int, last: bytes) -> None:
        """Note a reading's id and its mark, and forget the oldest."""
        self.mark_1, self.mark_2, self.mark_3 = self.mark_2, self.mark_3, self.mark_4
        self.mark_4 = mark
        self.last = last

    @property
    def times(self) -> array[float]:
        """When the readings still held singly were taken, in order; a copy."""
        return self.held[::2]

    @property
    def values(self) -> array[float]:
        """What they said; a copy."""
        return self.held[1::2]

    def alarm(self, rule_id: str) -> AlarmState | None:
        """A rule's alarm, None when it never had anything to remember."""
        return None if self.alarms is None else self.alarms.get(rule_id)

    @property
    def grade(self) -> DataGrade:
        """The highest grade of its readings."""
        return DataGrade.GENERAL if self.rare is None else self.rare.grade

    def trouble(self) -> Rare:
        """The rare part, made when it is not there."""
        if self.rare is None:
            self.rare = Rare()
        return self.rare

    def dump(self) -> list[Any]:
        """As plain lists, with the format's version first and `applied` second."""
        return [
            FORMAT,
            self.applied,
            self.sensor.sensor_id,
            self.status,
            self.newest,
            self.value,
            self.synthetic,
            [self.last_id, self.mark_1, self.mark_2, self.mark_3, self.mark_4],
            self.held.tobytes(),
            self.same_since,
            {rule_id: b.dump() for rule_id, b in self.buckets.items()} if self.buckets else None,
            _dump_alarms(self.alarms) if self.alarms else None,
            {rule_id: b.dump() for rule_id, b in self.baselines.items()}
            if self.baselines
            else None,
            self.rare.dump() if self.rare else None,
        ]


def check_format(version: int) -> None:
    """Raises ValueError for a format this program cannot read."""
    if version not in _READABLE:
        raise ValueError(f"state format {version} is unknown, this program reads {FORMAT}")


def _as_now(plain: list[Any]) -> list[Any]:
    """A state of an earlier format: up to 3 times and values apart and ids in a list, in 4 in one text."""
    if plain[0] == FORMAT:
        return plain
    head, ids, more = plain[:7], plain[7], plain[8:]
    if plain[0] < 4:
        times, values, *more = more
        more = [interleaved(array("d", times), array("d", values)).tobytes(), *more]
    else:
        ids = ids.split(" ")
    raw = [b""] * (REMEMBERED_IDS - len(ids)) + [one.encode() for one in ids]
    marks = [mark_of(one, 0, len(one)) for one in raw]
    return [*head, [raw[-1].decode(), *marks], *more]


class StoredState:
    """A state as the changelog holds it, not yet connected to the catalogue and the rules."""

    __slots__ = ("plain",)

    def __init__(self, plain: list[Any]) -> None:
        """Raises ValueError for a format of another version."""
        check_format(plain[0])
        self.plain = _as_now(plain)

    @property
    def sensor_id(self) -> str:
        """Whose it is."""
        return str(self.plain[2])

    @property
    def status(self) -> str:
        """Of which world it is."""
        return str(self.plain[3])

    def connect(self, sensor: Sensor, plan: Plan) -> SensorState:
        """The inverse of `SensorState.dump`, for a sensor judged by `plan`."""
        (_, applied, _, status, newest, value, synthetic, ids, held, same_since, *more) = self.plain
        buckets, alarms, baselines, rare = more
        held = array("d", held)
        state = SensorState(sensor, plan, status, applied, newest, value, synthetic, held)
        last, state.mark_1, state.mark_2, state.mark_3, state.mark_4 = ids
        state.last = last.encode()
        state.same_since = same_since
        if buckets:
            specs = {rule.rule_id: rule.window for rule in plan.windows}
            state.buckets = {
                rule_id: loaded
                for rule_id, plain in buckets.items()
                if (spec := specs.get(rule_id)) and (loaded := Buckets.load(spec, plain))
            }
        if alarms:
            state.alarms = _load_alarms(alarms)
        if baselines:
            state.baselines = {
                rule_id: Baseline.load(plain) for rule_id, plain in baselines.items()
            }
        if rare:
            state.rare = Rare.load(rare)
        return state


def interleaved(times: array[float], values: array[float]) -> array[float]:
    """Both in one: time, value, time, value ..."""
    held = array("d", bytes(2 * 8 * len(times)))
    held[::2], held[1::2] = times, values
    return held


def key_of(sensor_id: str, status: str) -> str:
    """The key of a state: the sensor's id, which alone stands for what is real."""
    return sensor_id if status == ACTUAL else f"{sensor_id}|{status}"


def _dump_alarms(alarms: dict[str, AlarmState]) -> dict[str, list[Any]]:
    return {rule_id: alarm.dump() for rule_id, alarm in alarms.items()}


def _load_alarms(plain: dict[str, list[Any]]) -> dict[str, AlarmState]:
    return {rule_id: AlarmState.load(alarm) for rule_id, alarm in plain.items()}
