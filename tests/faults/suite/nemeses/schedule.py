"""The table of all nemeses, and the schedule that follows from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import inf

from tests.faults.suite.nemeses import (
    awaits,
    disks,
    kafka_network,
    loads,
    processes,
    restore,
    stores,
    topics,
)
from tests.faults.suite.nemeses.nemesis import Nemesis, Strike

NEMESES: dict[str, Nemesis] = {
    "kill": processes.Kill("kill", 1),
    "kill_pair": processes.Kill("kill_pair", 2),
    "kill_triple": processes.Kill("kill_triple", 3),
    "kill_service": processes.KillService(),
    "kill_starting": processes.KillStarting(),
    "failpoint": awaits.EndAtAwait(),
    "freeze": processes.Freeze(),
    "freeze_long": processes.FreezeLong(),
    "rolling_restart": processes.RollingRestart(),
    "rebalance_storm": processes.RebalanceStorm(),
    "kafka_kill": stores.KillNode(),
    "kafka_leaders_move": stores.NodesAway("kafka_leaders_move", 1),
    "kafka_two_away": stores.NodesAway("kafka_two_away", 2),
    "kafka_away": stores.NodesAway("kafka_away", 3, (600.0,)),
    "kafka_freeze": stores.FreezeNode(),
    "kafka_slow": kafka_network.SlowAnswers(),
    "kafka_cut": kafka_network.SwallowedAcknowledgements(),
    "postgres_kill": stores.KillPostgres(),
    "postgres_away": stores.PostgresAway(),
    "postgres_freeze": stores.FreezePostgres(),
    "postgres_slow": stores.SlowPostgres(),
    "postgres_cut": stores.SwallowedAnswers(),
    "postgres_full": stores.FullPostgres(),
    "postgres_read_only": stores.ReadOnlyPostgres(),
    "postgres_deadlock": stores.Deadlock(),
    "postgres_restored": restore.PostgresRestored(),
    "kafka_disk_full": disks.FullDisk("kafka_disk_full", ("kafka", "kafka-1", "kafka-2")),
    "postgres_disk_full": disks.FullDisk("postgres_disk_full", ("postgres",)),
    "topic_recreated": topics.TopicRecreated("topic_recreated", topics.EVENT_TOPICS),
    "table_recreated": topics.TopicRecreated("table_recreated", topics.TABLE_TOPICS),
    "ingest_clock": awaits.WrongClock("ingest_clock", (3540.0, 45.0, -20.0, -180.0), "ingest"),
    "service_clock": awaits.WrongClock("service_clock", (3540.0, 300.0, 20.0, -20.0, -300.0)),
    "tenfold_load": loads.TenfoldLoad(),
    "flapping_sensor": loads.FlappingSensor(),
    "silence": loads.Silence(),
}
"""Every nemesis by the name that NEMESES=... takes."""
_WEIGHTS = {
    "kill": 8,
    "kill_pair": 4,
    "kill_triple": 2,
    "kill_starting": 3,
    "failpoint": 8,
    "freeze": 3,
}
OF_DISKS = ("kafka_disk_full", "postgres_disk_full")
"""Faults that need volumes of their own."""
_ONLY_NAMED = (
    *("freeze_long", "kafka_away", "postgres_away", "silence"),
    *("topic_recreated", "table_recreated", "postgres_restored", *OF_DISKS),
)
"""Too long for a mixture of minutes, or not possible everywhere: drawn when a run names them."""


def strikes(
    seed: int, names: Sequence[str], process_names: Sequence[str], longest_s: float = inf
) -> Iterator[Strike]:
    """Yield strikes without end, always the same for the same arguments.

    `longest_s` shortens the strikes that take longer.
    """
    chance = random.Random(seed)
    drawn = list(names) or [name for name in NEMESES if name not in _ONLY_NAMED]
    weights = [_WEIGHTS.get(name, 1) for name in drawn]
    while True:
        [name] = chance.choices(drawn, weights)
        strike = NEMESES[name].draw(chance, process_names)
        yield replace(strike, seconds=min(strike.seconds, longest_s))
