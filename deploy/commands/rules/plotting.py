"""`plot`: readings from a source through the engine into a picture."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from deploy.commands.rules import options as command_options
from deploy.commands.rules import plot
from deploy.commands.rules.engine import Bench
from deploy.commands.rules.episodes import Episode, Side
from deploy.commands.rules.kafka import read_rules
from deploy.commands.rules.sources import Record
from deploy.commands.rules.stream import Source, play, source_of
from services.scoring.core.refusals import RefusedInput
from shared.contracts.alarms import AlarmEvent
from shared.contracts.catalog import SensorEntry
from shared.contracts.readings import Tick
from shared.contracts.rules import RuleDefinition
from shared.definitions.rules.checks import fits
from shared.definitions.rules.pack import load
from shared.definitions.yaml_files.findings import nearest
from shared.definitions.yaml_files.screen import Screen, moment, plain
from shared.runtime.clock import SystemClock
from shared.runtime.errors import SetupError


def plot_sensor(options: argparse.Namespace, screen: Screen) -> int:
    """Write the picture; raises SetupError."""
    source = source_of(options)
    sensor = source.sensors.get(options.sensor)
    if sensor is None:
        hint = nearest(options.sensor, set(source.sensors)) if len(source.sensors) < 50_000 else ""
        raise SetupError(f"{plain(options.sensor)} is not catalogued{hint}.")
    rule = _rule(options, source)
    if not rule.over_one_sensor or not fits(rule, sensor):
        raise SetupError(f"{rule.rule_id} does not judge {sensor.sensor_id}.")
    file = _file(options, sensor.sensor_id, rule.rule_id)
    live = rule.model_copy(
        update={"enabled": True, "shadow_of": None, "sensor_ids": (sensor.sensor_id,)}
    )
    try:
        bench = Bench([sensor], [live], options.lateness)
    except RefusedInput as why:
        raise SetupError(f"the engine does not take the rule: {why.detail}.") from None
    side, readings, judged = Side(), plot.Series(), plot.Series()
    quantity = plot.Judged(rule)
    newest = float("-inf")
    refused = 0

    def take(record: Record) -> None:
        nonlocal newest, refused
        message = record.message
        at = message.occurred_at.timestamp()
        if not isinstance(message, Tick):
            if bench.reading(message, record.arrives) is not None:
                refused += 1
            elif at > newest:
                newest = at
                readings.add(at, message.value)
                value = quantity.next(at, message.value)
                if value is not None:
                    judged.add(at, value)
        else:
            bench.tick(at, record.arrives)
        for event in bench.drain():
            if isinstance(event, AlarmEvent):
                side.take(event)

    play(source, screen, take, lambda: None, only=sensor.sensor_id)
    if not readings.at:
        raise SetupError(f"there are no readings of {sensor.sensor_id} to plot.")
    episodes: list[Episode] = [episode for episodes in side.by_key.values() for episode in episodes]
    episodes.sort(key=lambda episode: episode.began)
    title = f"{sensor.sensor_id}  {rule.rule_id} v{rule.version}  {rule.name_en}  {sensor.name}"
    try:
        plot.draw(file, title, rule, readings, judged, episodes)
    except OSError as error:
        raise SetupError(f"{file} cannot be written: {error.strerror}.") from None
    screen.line(f"{file}: {len(readings.at):,} points, {len(episodes)} alarms, {refused} refused")
    screen.table(
        "alarms",
        ("level", "began", "ended"),
        [
            (episode.level.value, moment(episode.began), moment(episode.ended))
            for episode in episodes[:50]
        ],
    )
    screen.document(
        {
            "file": str(file),
            "points": len(readings.at),
            "refused": refused,
            "alarms": [
                {"level": episode.level.value, "began": episode.began, "ended": episode.ended}
                for episode in episodes
            ],
        }
    )
    return 0


def _rule(options: argparse.Namespace, source: Source) -> RuleDefinition:
    """The rule by name, from a pack or from the topic."""
    if options.pack is None and source.bootstrap is not None:
        rules = {name: versions[-1] for name, versions in read_rules(source.bootstrap).items()}
    else:
        pack = load(
            [options.pack or command_options.DEFAULT_PACK], SystemClock().now(), source.sensors
        )
        rules = {rule.rule_id: rule for rule in pack.definitions}
    rule = rules.get(options.rule)
    if rule is None:
        sensor = source.sensors[options.sensor]
        judging = sorted(name for name, rule in rules.items() if _is_about(rule, sensor))
        hint = nearest(options.rule, set(rules)) or ";"
        raise SetupError(
            f"there is no usable rule {plain(options.rule)}{hint} "
            f"{sensor.sensor_id} is judged by {', '.join(judging) or 'no rule'}."
        )
    return rule


def _is_about(rule: RuleDefinition, sensor: SensorEntry) -> bool:
    named = sensor.sensor_id in (rule.sensor_ids or ())
    of_kind = not rule.sensor_ids and rule.sensor_kind == sensor.sensor_kind
    return rule.over_one_sensor and (named or of_kind) and fits(rule, sensor)


def _file(options: argparse.Namespace, sensor_id: str, rule_id: str) -> Path:
    named: Path | None = options.out
    file = named or Path(re.sub(r"[^A-Za-z0-9._-]", "_", f"{sensor_id}-{rule_id}") + ".svg")
    if file.suffix not in plot.SUFFIXES:
        raise SetupError(f"{file} must end in {' or '.join(plot.SUFFIXES)}.")
    return file
