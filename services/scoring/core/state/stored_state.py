"""The stored form of a sensor's state, of the present format and of earlier formats."""

from __future__ import annotations

from array import array
from typing import Any

from services.scoring.core.alarms.alarm_state import RareState, load_alarms
from services.scoring.core.baseline.baseline import Baseline
from services.scoring.core.readings.windows import WindowBuckets
from services.scoring.core.rules.rule_set import RuleSet
from services.scoring.core.rules.sensor import Sensor
from services.scoring.core.state.id_hash import id_hash
from services.scoring.core.state.sensor_state import FORMAT, REMEMBERED_IDS, ScoringState

_READABLE = (2, 3, 4, FORMAT)


class StoredState:
    """A state as the changelog has it, not yet connected to the catalogue and the rules."""

    __slots__ = ("plain",)

    def __init__(self, plain: list[Any]) -> None:
        """Raises ValueError for a format of another version."""
        check_format(plain[0])
        self.plain = _upgraded(plain)

    @property
    def sensor_id(self) -> str:
        """Return the id of the sensor."""
        return str(self.plain[2])

    @property
    def status(self) -> str:
        """Return the status of the readings: Actual, or that of a drill or test."""
        return str(self.plain[3])

    def connect(self, sensor: Sensor, rule_set: RuleSet) -> ScoringState:
        """Return the state that `ScoringState.dump` has given these lists for."""
        (_, applied, _, status, newest, value, synthetic, ids, raw, same_since, *more) = self.plain
        buckets, alarms, baselines, rare = more
        readings = array("d", raw)
        state = ScoringState(sensor, rule_set, status, applied, newest, value, synthetic, readings)
        last, state.hash_1, state.hash_2, state.hash_3, state.hash_4 = ids
        state.last = last.encode()
        state.same_since = same_since
        if buckets:
            specs = {rule.rule_id: rule.window for rule in rule_set.windows}
            state.buckets = {
                rule_id: loaded
                for rule_id, plain in buckets.items()
                if (spec := specs.get(rule_id)) and (loaded := WindowBuckets.load(spec, plain))
            }
        if alarms:
            state.alarms = load_alarms(alarms)
        if baselines:
            state.baselines = {
                rule_id: Baseline.load(plain) for rule_id, plain in baselines.items()
            }
        if rare:
            state.rare = RareState.load(rare)
        return state


def check_format(version: int) -> None:
    """Raises ValueError for a format that this program cannot read."""
    if version not in _READABLE:
        raise ValueError(f"state format {version} is unknown, this program reads {FORMAT}")


def interleaved(times: array[float], values: array[float]) -> array[float]:
    """Return both arrays as one: time, value, time, value ..."""
    readings = array("d", bytes(2 * 8 * len(times)))
    readings[::2], readings[1::2] = times, values
    return readings


def _upgraded(plain: list[Any]) -> list[Any]:
    """Return a state of an earlier format in the present format.

    Up to format 3 times and values were apart and the ids in a list; in format 4 the ids were text.
    """
    if plain[0] == FORMAT:
        return plain
    head, ids, more = plain[:7], plain[7], plain[8:]
    if plain[0] < 4:
        times, values, *more = more
        more = [interleaved(array("d", times), array("d", values)).tobytes(), *more]
    else:
        ids = ids.split(" ")
    encoded = [b""] * (REMEMBERED_IDS - len(ids)) + [event_id.encode() for event_id in ids]
    hashes = [id_hash(event_id, 0, len(event_id)) for event_id in encoded]
    return [*head, [encoded[-1].decode(), *hashes], *more]
