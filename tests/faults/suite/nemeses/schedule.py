"""The table of all nemeses, and the schedule that follows from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from tests.faults.suite.nemeses import loads, processes, stores
from tests.faults.suite.nemeses.nemesis import Nemesis, Strike

NEMESES: dict[str, Nemesis] = {
    "kill": processes.Kill("kill", 1),
    "kill_pair": processes.Kill("kill_pair", 2),
    "kill_triple": processes.Kill("kill_triple", 3),
    "kill_service": processes.KillService(),
    "kill_starting": processes.KillStarting(),
    "freeze": processes.Freeze(),
    "freeze_long": processes.FreezeLong(),
    "rolling_restart": processes.RollingRestart(),
    "rebalance_storm": processes.RebalanceStorm(),
    "kafka_kill": stores.KillNode(),
    "kafka_leaders_move": stores.NodesAway("kafka_leaders_move", 1),
    "kafka_two_away": stores.NodesAway("kafka_two_away", 2),
    "kafka_freeze": stores.FreezeNode(),
    "postgres_kill": stores.KillPostgres(),
    "postgres_freeze": stores.FreezePostgres(),
    "postgres_slow": stores.SlowPostgres(),
    "postgres_cut": stores.SwallowedAnswers(),
    "postgres_full": stores.FullPostgres(),
    "postgres_read_only": stores.ReadOnlyPostgres(),
    "postgres_deadlock": stores.Deadlock(),
    "tenfold_load": loads.TenfoldLoad(),
    "flapping_sensor": loads.FlappingSensor(),
    "silence": loads.Silence(),
}
"""Every nemesis by the name that NEMESES=... takes."""
_WEIGHTS = {"kill": 8, "kill_pair": 4, "kill_triple": 2, "kill_starting": 3, "freeze": 3}
_ONLY_NAMED = ("freeze_long", "silence")
"""Too long for a mixture of minutes: drawn only when a run names them."""


def strikes(seed: int, names: Sequence[str], process_names: Sequence[str]) -> Iterator[Strike]:
    """Yield strikes without end, always the same for the same arguments."""
    chance = random.Random(seed)
    drawn = list(names) or [name for name in NEMESES if name not in _ONLY_NAMED]
    weights = [_WEIGHTS.get(name, 1) for name in drawn]
    while True:
        [name] = chance.choices(drawn, weights)
        yield NEMESES[name].draw(chance, process_names)
