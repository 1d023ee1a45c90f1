"""The state of a sensor under a status: bounded in size, and convertible to plain lists.

`dump` and `StoredState.connect` (core/state/stored_state.py) are exact inverses: a restart has no
effect on results. A process may keep a million of these states. Parts that most sensors never need
therefore lie in `RareState`, made on demand.
"""

from __future__ import annotations

from array import array
from math import inf
from typing import Any

from services.scoring.core.alarms.alarm_state import NEVER, AlarmState, RareState, dump_alarms
from services.scoring.core.baseline.baseline import Baseline
from services.scoring.core.readings.windows import WindowBuckets
from services.scoring.core.rules.rule_set import RuleSet
from services.scoring.core.rules.sensor import Sensor
from shared.contracts.fields import DataGrade
from shared.contracts.ids import content_id

FORMAT = 5
"""Version of the dumped form. A change of the form needs a new number, and `stored_state` must
still read the previous form."""
REMEMBERED_IDS = 4
"""The number of reading ids kept per sensor: repeats of the transport follow closely, and more ids
would only cost memory."""
ACTUAL = "Actual"
"""`ScoringState.status` of what is real."""
_ALWAYS = -inf
"""One object, as is NEVER: the bounds of a sensor shall not cost memory of their own."""


class ScoringState:
    """A sensor under a status.

    The stored state holds up to the input offset `applied`. `newest` and `value` belong to the
    newest reading by event time (seconds since 1970). `readings` are single readings in order of
    time: time, value, time, value ... in one array, half the cost of two arrays. `last` is the id
    of the reading added last, `hash_1` to `hash_4` are the hashes of the last ids in order of
    arrival. `same_since` is the time of the last change of the value. Before the first reading,
    `same_since` is the time since which a reading is expected (-inf: none), and `last` the name of
    this expectation.

    The fields below are derived and never stored. Values strictly between `low` and `high`, and
    rates per second between `rate_low` and `rate_high`, change nothing; `low` above `high` means
    that the bounds are not known, or that every reading has to be evaluated. Windows change nothing
    from `windows_stable_from` on, and while the sum of new values stays below `sum_margin`
    (fastpath/bounds.py). `deadline` is the deadline in the queue of the partition. `dirty` marks a
    state to be stored.
    """

    __slots__ = (
        "actual",
        "alarms",
        "applied",
        "baselines",
        "buckets",
        "deadline",
        "dirty",
        "fast_rules",
        "hash_1",
        "hash_2",
        "hash_3",
        "hash_4",
        "high",
        "last",
        "low",
        "newest",
        "rare",
        "rate_high",
        "rate_low",
        "readings",
        "same_since",
        "sensor",
        "status",
        "sum_margin",
        "synthetic",
        "value",
        "windows_stable_from",
    )

    def __init__(
        self,
        sensor: Sensor,
        rule_set: RuleSet,
        status: str,
        applied: int = -1,
        newest: float = _ALWAYS,
        value: float = 0.0,
        synthetic: bool = False,
        readings: array[float] | None = None,
    ) -> None:
        self.sensor = sensor
        self.fast_rules = rule_set.fast
        self.status = str(status)
        self.actual = self.status == ACTUAL
        self.applied = applied
        self.newest = newest
        self.value = value
        self.synthetic = synthetic
        self.last = b""
        self.hash_1 = self.hash_2 = self.hash_3 = self.hash_4 = 0
        self.readings = array("d") if readings is None else readings
        self.buckets: dict[str, WindowBuckets] | None = None
        self.alarms: dict[str, AlarmState] | None = None
        self.baselines: dict[str, Baseline] | None = None
        self.rare: RareState | None = None
        self.same_since = _ALWAYS
        self.low, self.high = NEVER, _ALWAYS
        self.rate_low, self.rate_high = NEVER, _ALWAYS
        self.windows_stable_from = NEVER
        self.sum_margin = _ALWAYS
        self.deadline = NEVER
        self.dirty = False

    @property
    def key(self) -> str:
        """Return the key of this state in the partition and in the changelog."""
        return key_of(self.sensor.sensor_id, self.status)

    @property
    def rule_set(self) -> RuleSet:
        """Return the rules that apply to this sensor."""
        rule_set: RuleSet = self.fast_rules.rule_set
        return rule_set

    @rule_set.setter
    def rule_set(self, rule_set: RuleSet) -> None:
        self.fast_rules = rule_set.fast

    @property
    def last_id(self) -> str:
        """Return the id of the reading that was added last."""
        return self.last.decode("ascii")

    def has_id(self, id_hash: int) -> bool:
        """Return whether this is the hash of the id of one of the last readings."""
        return id_hash in (self.hash_4, self.hash_3, self.hash_2, self.hash_1)

    def add_id(self, id_hash: int, last: bytes) -> None:
        """Remember the id of a reading and its hash; forget the oldest hash."""
        self.hash_1, self.hash_2, self.hash_3 = self.hash_2, self.hash_3, self.hash_4
        self.hash_4 = id_hash
        self.last = last

    def forget_bounds(self) -> None:
        """Declare the bounds unknown, since alarms or rules may have changed."""
        self.low, self.high = NEVER, _ALWAYS
        self.rate_low, self.rate_high = NEVER, _ALWAYS
        self.forget_windows()

    def forget_windows(self) -> None:
        """Declare unknown when the windows change nothing."""
        if self.fast_rules.has_windows:
            self.windows_stable_from, self.sum_margin = NEVER, _ALWAYS
        else:
            self.windows_stable_from, self.sum_margin = _ALWAYS, NEVER

    @property
    def times(self) -> array[float]:
        """Return a copy of the times of the single readings, in order."""
        return self.readings[::2]

    @property
    def values(self) -> array[float]:
        """Return a copy of the values of the single readings."""
        return self.readings[1::2]

    def alarm(self, rule_id: str) -> AlarmState | None:
        """Return the alarm of a rule; None when the rule has nothing to remember."""
        return None if self.alarms is None else self.alarms.get(rule_id)

    @property
    def expected_since(self) -> float:
        """Return the time since which a sensor never heard is expected to send, else -inf."""
        return self.same_since if self.newest == _ALWAYS else _ALWAYS

    def expect(self, since: float) -> None:
        """Expect the first reading from this time on."""
        self.same_since = since
        self.last = content_id("exp", self.key, f"{since:.3f}").encode()

    @property
    def grade(self) -> DataGrade:
        """Return the highest grade of the sensor's readings."""
        return DataGrade.GENERAL if self.rare is None else self.rare.grade

    def rare_state(self) -> RareState:
        """Return the rare part of the state; make the part when there is none."""
        if self.rare is None:
            self.rare = RareState()
        return self.rare

    def dump(self) -> list[Any]:
        """Return the state as plain lists: the format's version first, `applied` second."""
        return [
            FORMAT,
            self.applied,
            self.sensor.sensor_id,
            self.status,
            self.newest,
            self.value,
            self.synthetic,
            [self.last_id, self.hash_1, self.hash_2, self.hash_3, self.hash_4],
            self.readings.tobytes(),
            self.same_since,
            {rule_id: b.dump() for rule_id, b in self.buckets.items()} if self.buckets else None,
            dump_alarms(self.alarms) if self.alarms else None,
            {rule_id: b.dump() for rule_id, b in self.baselines.items()}
            if self.baselines
            else None,
            self.rare.dump() if self.rare else None,
        ]


def key_of(sensor_id: str, status: str) -> str:
    """Return the key of a state: the sensor's id, with the status unless that is Actual."""
    return sensor_id if status == ACTUAL else f"{sensor_id}|{status}"
