"""`python -m tests.faults.suite`: rounds of faults on a real stack, one table, one exit code.

A red round keeps its files below var/faults and is played again by its seed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import shutil
import statistics
import sys
import time
from collections.abc import Sequence
from typing import Any

from deploy.local.errors import StackError
from deploy.local.paths import REPO
from tests.faults.suite.checker import judgement
from tests.faults.suite.nemeses.schedule import NEMESES
from tests.faults.suite.round import Options, Round
from tests.faults.suite.soak import EVERY_S
from tests.faults.summary_file import write_suite

FOLDER = REPO / "var" / "faults"
_ROUND_MINUTES = 10.0
_SUMS = [
    "kills",
    "pauses",
    "lost",
    "duplicates_visible",
    "phantoms",
    "order_breaks",
    "early",
    "missed",
    "second_first_answers",
    "authority_breaks",
    "standing",
    "unbounded",
    "drill_leaks",
    "trail_breaks",
    "crashes",
    "http_5xx",
    "own_exits",
    "readings",
    "alarm_changes",
    "pages",
    "audit_findings",
    "seconds",
]


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="python -m tests.faults.suite")
    top.add_argument("--minutes", type=float, default=10.0, help="minutes of faults")
    top.add_argument("--seed", type=int, help="seed of the first round; without it a random one")
    top.add_argument("--only", default="", help=f"nemeses by name: {', '.join(NEMESES)}")
    top.add_argument("--replicas", type=int, default=2, help="processes of each service")
    top.add_argument("--brokers", type=int, default=3, help="Kafka nodes")
    top.add_argument(
        "--longest", type=float, default=math.inf, help="seconds to which longer faults are cut"
    )
    top.add_argument(
        "--soak",
        action="store_true",
        help="one round, a fault a minute, 2,000 readings a second, the slope of memory",
    )
    top.add_argument(
        "--every", type=float, help=f"seconds from strike to strike at least (soak: {EVERY_S:g})"
    )
    top.add_argument("--keep", action="store_true", help="keep the files of a green round, too")
    return top


def main(words: Sequence[str] | None = None) -> int:
    """Exit code 0: every invariant holds; 1: one does not; 2: the stack did not start."""
    usage = parser()
    arguments = usage.parse_args(words)
    seed = arguments.seed if arguments.seed is not None else int(time.time()) % 1_000_000
    names = [name for name in arguments.only.replace(",", " ").split() if name]
    if unknown := {*names} - NEMESES.keys():
        usage.error(f"no nemesis has the name {' or '.join(sorted(unknown))}")
    rounds: list[Round] = []
    minutes = arguments.minutes
    while minutes > 0:
        options = Options(
            seed + len(rounds),
            minutes if arguments.soak else min(minutes, _ROUND_MINUTES),
            names,
            arguments.replicas,
            arguments.brokers,
            arguments.longest,
            arguments.soak,
            arguments.every or (EVERY_S if arguments.soak else 0.0),
        )
        folder = FOLDER / f"{options.seed}-{time.strftime('%Y%m%dT%H%M%S')}"
        print(f"round {len(rounds) + 1}: seed {options.seed}, {options.minutes:g} min", flush=True)
        played = Round(options, folder)
        try:
            asyncio.run(played.run())
        except StackError as error:
            print(f"faults: {error}", file=sys.stderr)
            return 2
        rounds.append(played)
        print(judgement.table(played.violations), flush=True)
        if played.violations:
            print(f"seed {options.seed} is red; its files: {folder}", flush=True)
        elif not arguments.keep:
            shutil.rmtree(folder)
        minutes -= options.minutes
    summary = write_suite(FOLDER / "summary.json", summary_of(rounds))
    print(json.dumps({name: summary[name] for name in _PRINTED}, indent=1))
    for played in rounds:
        for line in judgement.kinds(played.violations):
            print(f"breach (seed {played.options.seed}): {line}", flush=True)
    return 1 if any(played.violations for played in rounds) else 0


_PRINTED = (
    "kills", "failpoints", "pauses",
    "lost", "duplicates_visible", "phantoms", "order_breaks", "early", "missed", "crashes",
    "http_5xx", "hostile_inputs", "hostile_unaccounted", "recovery_p50_s", "recovery_p99_s",
    "upper_bound_per_kill", "memory_slope_mib_per_h", "memory_slope_worst_mib_per_h",
    "seeds", "load",
)  # fmt: skip


def summary_of(rounds: Sequence[Round]) -> dict[str, Any]:
    """Return the figures of all rounds."""
    sums = {name: sum(played.summary.get(name, 0) for played in rounds) for name in _SUMS}
    recoveries = sorted(seconds for played in rounds for seconds in played.recoveries)
    slopes: dict[str, float] = {}
    for played in rounds:
        for service, slope in played.summary.get("memory_slope_mib_per_h", {}).items():
            slopes[service] = max(slope, slopes.get(service, slope))
    return {
        **sums,
        "failpoints": len({name for played in rounds for name in played.summary["failpoints"]}),
        "recoveries": len(recoveries),
        "recovery_p50_s": _quantile(recoveries, 50),
        "recovery_p99_s": _quantile(recoveries, 99),
        "memory_slope_mib_per_h": slopes,
        "memory_slope_worst_mib_per_h": max(slopes.values(), default=None),
        # The rule of three: no failure in n kills bounds the rate at 3/n with 95 % confidence.
        "upper_bound_per_kill": round(3 / sums["kills"], 4) if sums["kills"] else None,
        "seeds": [played.options.seed for played in rounds],
        "rounds": [played.summary for played in rounds],
        "load": {"cpus": os.cpu_count(), "average": [round(x, 2) for x in os.getloadavg()]},
    }


def _quantile(values: Sequence[float], percent: int) -> float | None:
    if not values:
        return None
    if len(values) == 1:
        return round(values[0], 2)
    return round(statistics.quantiles(values, n=100, method="inclusive")[percent - 1], 2)


if __name__ == "__main__":
    sys.exit(main())
