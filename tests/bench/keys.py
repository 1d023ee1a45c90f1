"""The keys of var/bench/scoring.json: values, aims, and whether each aim is met."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.bench.figures import Row, ratio

Value = float | bool | None
Path = tuple[str, ...]
"""Where in the measured rows a key's value lies."""


@dataclass(frozen=True)
class Key:
    """A figure with an aim: `at_least` and `at_most`; a key without an aim is only reported."""

    name: str
    label: str
    row: str
    """Which row it comes from."""
    at_least: float | None = None
    at_most: float | None = None
    expected: bool | None = None

    def is_met(self, value: Value) -> bool | None:
        """Return whether the aim is met; None without a value or an aim."""
        if value is None or (self.at_least, self.at_most, self.expected) == (None, None, None):
            return None
        if self.expected is not None:
            return bool(value) == self.expected
        if self.at_least is not None:
            return value >= self.at_least
        assert self.at_most is not None
        return value <= self.at_most

    @property
    def aim(self) -> str:
        """The aim for a reader."""
        if self.at_least is not None:
            return f">= {self.at_least:,g}"
        if self.at_most is not None:
            return f"<= {self.at_most:,.4g}"
        return "" if self.expected is None else ("yes" if self.expected else "no")


def judged(
    keys: Iterable[Key],
    paths: Mapping[str, Path],
    measured: Mapping[str, Mapping[str, Any]],
    why: Mapping[str, str],
    *,
    quick: bool,
) -> dict[str, dict[str, Any]]:
    """Per key its value, aim and whether it is met (never judged in a quick run), or why it is
    empty.

    A measurement marked `wrong` anywhere on the path to the value is omitted, with the reason.
    """
    results: dict[str, dict[str, Any]] = {}
    for key in keys:
        value, wrong = _at(measured, paths[key.name])
        entry: dict[str, Any] = {
            "value": value,
            "aim": key.aim or None,
            "met": None if quick else key.is_met(value),
        }
        if value is None:
            entry["why"] = wrong or why.get(key.row, "not measured in this run")
        results[key.name] = entry
    return results


def _at(measured: Mapping[str, Any], path: Path) -> tuple[Any, str]:
    """Return the value at a path, or None and the reason."""
    value: Any = measured
    for step in path:
        value = value.get(step) if value is not None else None
        if isinstance(value, Mapping) and value.get("wrong"):
            return None, f"INVALID: {value['wrong']}"
    return value, ""


KEYS = (
    Key("ratio_raw", "rate / fetch + msgspec", "raw", at_least=0.65),
    Key("ratio_bytewax", "rate / bytewax", "bytewax", at_least=3.0),
    Key("ratio_quixstreams", "rate / Quix Streams", "quixstreams", at_least=5.5),
    Key("ratio_faust", "rate / Faust", "faust", at_least=60.0),
    Key("ratio_kafka_streams", "rate / Kafka Streams", "kafka_streams", at_least=1.0),
    Key("cpu_ratio_kafka_streams", "CPU / Kafka Streams", "kafka_streams", at_most=0.75),
    Key("memory_ratio_kafka_streams", "memory / Kafka Streams", "kafka_streams", at_most=0.25),
    Key("two_process_ratio", "rate of two processes / one", "scoring2", at_least=1.3),
    Key("two_process_cpu_ratio", "CPU per reading, two / one", "scoring2", at_most=1.1),
    Key("latency_floor_p50_ms", "producer to consumer, p50 ms", "latency"),
    Key("latency_floor_p99_ms", "producer to consumer, p99 ms", "latency"),
    Key("latency_p50_ms", "reading to alarm, p50 ms", "latency"),
    Key("latency_p99_ms", "reading to alarm, p99 ms", "latency"),
    Key("due_late_p99_s", "silence or duration due to alarm, p99 s", "due", at_most=1.0),
    Key("due_late_max_s", "the same, the latest", "due", at_most=1.0),
    Key("due_early", "told before they were due", "due", at_most=0),
    Key("mib_per_100k_sensors", "state of 100,000 sensors, MiB", "memory", at_most=80.0),
    Key("restore_100k_s", "crash to first reading, 100,000 sensors, s", "restore"),
    Key("members_restore_s", "two members at once, s per million states", "members", at_most=15.0),
    Key("members_evicted", "members evicted meanwhile", "members", at_most=0),
    Key("million_bytes_per_sensor", "state at a million sensors, bytes each", "million"),
    Key("million_restore_s", "crash to first reading, a million sensors, s", "million"),
    Key("city_readings_per_s", "readings/s from a million sensors", "million", at_least=45_000.0),
    Key("city_lag_grows", "lag grows under it", "million", expected=False),
    Key("district_readings_per_s", "readings/s of the district", "district", at_least=50_000.0),
    Key("us_fetch", "us per reading: fetch", "fetch"),
    Key("us_decode", "us per reading: decode, 4 fields", "raw"),
    Key("us_score", "us per reading: decide (all fields decoded, scored)", "scoring"),
    Key("us_publish", "us per reading: publish", "scoring"),
    Key("us_changelog", "us per reading: changelog", "scoring"),
)


def aims(values: Mapping[str, Value]) -> dict[str, Key]:
    """Return the keys, with aims that follow from another figure of the same run."""
    results = {key.name: key for key in KEYS}
    p50, p99 = values.get("latency_floor_p50_ms"), values.get("latency_floor_p99_ms")
    if p50 is not None:
        key = results["latency_p50_ms"]
        results[key.name] = Key(key.name, key.label, key.row, at_most=float(p50) + 2.0)
    if p99 is not None:
        key = results["latency_p99_ms"]
        results[key.name] = Key(key.name, key.label, key.row, at_most=2.0 * float(p99))
    return results


def values(
    rows: Mapping[str, Row], measurements: Mapping[str, Mapping[str, Any]]
) -> dict[str, Value]:
    """Return every key's value; None for an absent or invalid figure."""
    scoring, two, streams = rows.get("scoring"), rows.get("scoring2"), rows.get("kafka_streams")
    results: dict[str, Value] = {key.name: None for key in KEYS}
    for peer in ("raw", "bytewax", "quixstreams", "faust", "kafka_streams"):
        results[f"ratio_{peer}"] = ratio(scoring, rows.get(peer))
    results["cpu_ratio_kafka_streams"] = ratio(scoring, streams, "cpu_us")
    results["memory_ratio_kafka_streams"] = ratio(scoring, streams, "memory_mib")
    results["two_process_ratio"] = ratio(two, scoring)
    results["two_process_cpu_ratio"] = ratio(two, scoring, "cpu_us")
    fetch, raw = (
        rows[name].median("cpu_us") if name in rows else None for name in ("fetch", "raw")
    )
    results["us_fetch"] = fetch
    results["us_decode"] = raw - fetch if raw is not None and fetch is not None else None
    stages = scoring.runs[-1].stages_us if scoring is not None and scoring.runs else {}
    for name, stage in (("score", "decide"), ("publish", "publish"), ("changelog", "store")):
        results[f"us_{name}"] = stages.get(stage)
    for name, path in _PATHS.items():
        value: Any = measurements
        for step in path:
            value = value.get(step) if value is not None else None
        results[name] = value
    return results


_PATHS = {
    "latency_floor_p50_ms": ("latency", "floor", "p50_ms"),
    "latency_floor_p99_ms": ("latency", "floor", "p99_ms"),
    "latency_p50_ms": ("latency", "alarm", "p50_ms"),
    "latency_p99_ms": ("latency", "alarm", "p99_ms"),
    "due_late_p99_s": ("due", "p99_s"),
    "due_late_max_s": ("due", "max_s"),
    "due_early": ("due", "early"),
    "mib_per_100k_sensors": ("memory", "mib_per_100k_sensors"),
    "restore_100k_s": ("restore", "first_reading_s"),
    "members_restore_s": ("members", "seconds_per_million"),
    "members_evicted": ("members", "evicted"),
    "million_bytes_per_sensor": ("million", "bytes_per_sensor"),
    "million_restore_s": ("million", "restore", "first_reading_s"),
    "city_readings_per_s": ("million", "city", "readings_per_s"),
    "city_lag_grows": ("million", "city", "lag_grows"),
    "district_readings_per_s": ("district", "readings_per_s"),
}
