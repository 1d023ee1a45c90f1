"""The commands that read and write topics, on a real Kafka: publish, explain, backtest, plot."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deploy.commands.rules.cli import main
from deploy.commands.rules.engine import Bench
from deploy.commands.rules.sources_engine import SourcesBench
from shared.contracts.alarms import AlarmEvent
from shared.contracts.catalog import SensorEntry, UnitEntry, catalog_key
from shared.contracts.fields import Contract, Tier
from shared.contracts.readings import Reading, Tick
from shared.contracts.rules import RuleDefinition
from shared.contracts.topics import ALARMS, CATALOG, READINGS, RULES, TopicSpec
from shared.runtime.outbound_records import encode
from tests.support.infrastructure import Infrastructure
from tests.support.kafka import produce, read_all
from tests.support.scoring import a_catalog_entry
from tests.unit.rules.packs import composite, fields, rungs, sensor, write

GAUGE = sensor("rules-gauge", interval_s=600.0)
BEGAN = 1_782_835_200.0
pytestmark = pytest.mark.e2e


def put(
    infrastructure: Infrastructure, spec: TopicSpec, messages: Iterable[tuple[str, Contract]]
) -> None:
    rows = [(key, encode(message), None) for key, message in messages]
    infrastructure.run(produce(infrastructure.bootstrap, spec.name, rows))


def run(
    capsys: pytest.CaptureFixture[str], infrastructure: Infrastructure, *words: str
) -> tuple[int, Any]:
    code = main([*words, "--kafka", infrastructure.bootstrap, "--json"])
    return code, json.loads(capsys.readouterr().out)


def the_rules(infrastructure: Infrastructure, prefix: str = "rules-flood") -> list[RuleDefinition]:
    records = infrastructure.run(read_all(infrastructure.bootstrap, RULES))
    definitions = [RULES.model.validate_json(record.value) for record in records]
    return [definition for definition in definitions if definition.rule_id.startswith(prefix)]


def some_readings(gauge: SensorEntry = GAUGE, prefix: str = "rules") -> list[Reading]:
    """Three hours: up at one, down at two."""
    results = []
    for number in range(18):
        at = datetime.fromtimestamp(BEGAN + number * 600, UTC)
        results.append(
            Reading(
                id=f"{prefix}-{number}",
                occurred_at=at,
                sent_at=at,
                origin_unit=gauge.place,
                tier=a_catalog_entry(gauge).tier,
                sensor_id=gauge.sensor_id,
                metric=gauge.metric,
                value=181.0 + number / 100 if 6 <= number < 12 else 179.0 + number / 100,
                unit=gauge.unit,
                datum=gauge.datum,
            )
        )
    return results


def the_alarms(
    rule: RuleDefinition, readings: list[Reading], gauge: SensorEntry = GAUGE
) -> list[AlarmEvent]:
    bench = Bench([gauge], [rule])
    for reading in readings:
        assert bench.reading(reading, reading.occurred_at.timestamp()) is None
    return [alarm for alarm in bench.drain() if isinstance(alarm, AlarmEvent)]


def test_publish_explain_backtest_and_plot(
    infrastructure: Infrastructure, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    district = UnitEntry(unit="500118000000", tier=Tier.DISTRICT, name="district")
    entries = [a_catalog_entry(entry) for entry in (GAUGE, district)]
    put(infrastructure, CATALOG, [(catalog_key(message.entry), message) for message in entries])
    row = fields(rule_id="rules-flood", sensor_ids=[GAUGE.sensor_id])
    pack = write(tmp_path / "pack", row)

    # Published once, and again only what has changed; what check refuses never arrives.
    code, result = run(capsys, infrastructure, "publish", str(pack))
    assert (code, [item["version"] for item in result["published"]]) == (0, [1])
    code, result = run(capsys, infrastructure, "publish", str(pack))
    assert (result["published"], result["unchanged"]) == ([], 1)
    steps = rungs(("yellow", 180.5, 180.4), ("orange", 183.0, 182.9))
    write(pack, {**row, "body": {"kind": "threshold", "rungs": steps}})
    code, result = run(capsys, infrastructure, "publish", str(pack))
    assert [(item["was"], item["version"]) for item in result["published"]] == [(1, 2)]
    write(pack, {**row, "unit": "cm"})
    code, result = run(capsys, infrastructure, "publish", str(pack))
    assert (code, result["errors"]) == (1, 1)
    versions = the_rules(infrastructure)
    assert [version.version for version in versions] == [1, 2]

    # The log of a flood, as ingest and scoring write it.
    readings = some_readings()
    put(infrastructure, READINGS, [(GAUGE.sensor_id, message) for message in readings])
    ticks = [
        (None, encode(Tick(id=f"rules-tick-{n}", occurred_at=readings[-1].occurred_at)), n)
        for n in range(READINGS.partitions)
    ]
    infrastructure.run(produce(infrastructure.bootstrap, READINGS.name, ticks))
    alarms = the_alarms(versions[0], readings)
    assert [alarm.transition.value for alarm in alarms] == ["raised", "cleared"]
    put(infrastructure, ALARMS, [(alarm.alarm_id, alarm) for alarm in alarms])

    code, result = run(capsys, infrastructure, "explain", alarms[0].alarm_id)
    assert code == 0
    assert result["deciding"] == ["rules-12", "rules-6"]
    assert result["rule_used"]["version"] == 1
    assert result["rule_now"]["version"] == 2
    assert [item["id"] for item in result["readings"]] == [message.id for message in readings[:13]]
    text = "\n".join(result["sentences"])
    assert "water_level 181.06 m above 吴淞, limit 180.5" in text
    assert "the rule has changed since: version 2 is in force" in text
    code = main(["explain", "alm-nobody", "--kafka", infrastructure.bootstrap])
    assert (code, "no alarm alm-nobody is in the log" in capsys.readouterr().err) == (64, True)

    # A candidate against the topic; nothing is written by it.
    before = len(infrastructure.run(read_all(infrastructure.bootstrap, ALARMS)))
    low = rungs(("yellow", 179.01, 178.0))
    write(tmp_path / "new", {**row, "body": {"kind": "threshold", "rungs": low}})
    words = ("backtest", str(tmp_path / "new"), "--topic")
    code, result = run(capsys, infrastructure, *words)
    assert (code, result["readings"]) == (0, len(readings))
    assert result["total"] == {"same": 0, "moved": 1, "added": 0, "removed": 0}
    assert result["changes"][0]["moved_by"].startswith("begins -50m")
    assert len(infrastructure.run(read_all(infrastructure.bootstrap, ALARMS))) == before
    code, result = run(capsys, infrastructure, *words, "--from", "2090-01-01T00:00:00Z")
    assert result["readings"] == 0

    out = str(tmp_path / "a.png")
    drawing = ("plot", GAUGE.sensor_id, "--rule", "rules-flood", "--topic", "--out", out)
    code, result = run(capsys, infrastructure, *drawing)
    assert (code, result["points"], len(result["alarms"])) == (0, len(readings), 1)


def test_a_composite_is_explained_and_backtested(
    infrastructure: Infrastructure, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gauge = sensor("several-gauge", interval_s=600.0)
    put(infrastructure, CATALOG, [(catalog_key(gauge), a_catalog_entry(gauge))])
    feeder = fields(rule_id="several-flood", sensor_ids=[gauge.sensor_id])
    pair = composite({"op": "rule", "rule": "several-flood"}, rule_id="several-pair")
    pack = write(tmp_path / "pack", feeder, pair)
    code, result = run(capsys, infrastructure, "publish", str(pack), "--issuer", "500118000000")
    assert (code, len(result["published"])) == (0, 2)
    rules = {rule.rule_id: rule for rule in the_rules(infrastructure, "several-")}

    readings = some_readings(gauge, "several")
    put(infrastructure, READINGS, [(gauge.sensor_id, message) for message in readings])
    inputs = the_alarms(rules["several-flood"], readings, gauge)
    bench = SourcesBench(rules.values())
    outputs = [event for alarm in inputs for event in bench.take(alarm)]
    assert [event.transition.value for event in outputs] == ["raised", "cleared"]
    put(infrastructure, ALARMS, [(alarm.alarm_id, alarm) for alarm in (*inputs, *outputs)])

    code, result = run(capsys, infrastructure, "explain", outputs[0].alarm_id)
    assert code == 0
    assert [item["id"] for item in result["sources"]] == [inputs[0].id]
    assert result["sentences"][-2:] == [
        "red holds:",
        "    several-flood at notice or above holds",
    ]
    write(tmp_path / "new", {**pair, "body": {**pair["body"], "clear_for_s": 600}})
    code, result = run(capsys, infrastructure, "backtest", str(tmp_path / "new"), "--topic")
    assert (code, set(result["by_rule"])) == (0, {"several-pair"})
    assert result["total"]["moved"] == 1
    assert result["changes"][0]["moved_by"] == "ends +10m00s"


def test_an_unreachable_kafka_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["explain", "alm-1", "--kafka", "127.0.0.1:1"])
    assert code == 69
    assert "Kafka at 127.0.0.1:1 cannot be used" in capsys.readouterr().err
