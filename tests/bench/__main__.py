"""Measure: `python -m tests.bench [--only PART] [--quick] [--rows a,b] ...`, what `make bench`
runs.

Parts: `scoring` (against peers, docs/bench.md), `command` (alerts and commands), `console` (the
live screen), `catalog` (the ledger, previews of limits), `doors` (what ingest takes over HTTP),
`quality` (what detection is worth, where it is there), `throughput` (the measurements among the
tests, `pytest -m bench`).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from importlib.util import find_spec

from deploy.local.paths import REPO
from tests.bench.plan import ROWS, Plan

PARTS = ("scoring", "command", "console", "catalog", "doors", "quality", "throughput")


def main(argv: list[str]) -> int:
    """Run the parts asked for; the exit code is the first that is not 0."""
    options = _parser().parse_args(argv)
    codes = []
    for part in [options.only] if options.only else PARTS:
        if part == "scoring":
            from tests.bench import scoring

            plan = Plan.make(
                _rows(options.rows, ROWS, million=options.million),
                quick=options.quick,
                repetitions=options.repetitions,
                city_minutes=options.city_minutes,
            )
            codes.append(scoring.main(plan))
        elif part == "command":
            from tests.bench.command import run

            rows = _rows(options.rows, run.ROWS) if options.only else run.ROWS
            codes.append(
                run.main(run.Plan.make(rows, quick=options.quick, repetitions=options.repetitions))
            )
        elif part == "console":
            from tests.bench.console import plan as console_plan
            from tests.bench.console import run as console

            names = tuple(console.ROWS)
            rows = _rows(options.rows, names) if options.only else names
            codes.append(console.main(console_plan.Plan.make(rows, quick=options.quick)))
        elif part == "catalog":
            from tests.bench.catalog import run as catalog

            rows = _rows(options.rows, catalog.ROWS) if options.only else catalog.ROWS
            codes.append(catalog.main(rows, quick=options.quick))
        elif part == "doors":
            from tests.bench.doors import run as doors

            names = doors.ROWS
            rows = _rows(options.rows, names) if options.only else names
            codes.append(doors.main(rows, quick=options.quick))
        elif part == "throughput":
            codes.append(_call("pytest", "tests", "-m", "bench", "-s"))
        elif find_spec("tests.bench.quality.__main__"):
            codes.append(_call("tests.bench.quality"))
        elif options.only:
            print(f"there is no part {part} here", file=sys.stderr)
            codes.append(2)
    return next((code for code in codes if code), 0)


def _rows(requested: str, available: tuple[str, ...], *, million: bool = False) -> tuple[str, ...]:
    """The rows to measure, in the order of the table; everything when nothing is named."""
    names = {name for name in requested.split(",") if name} or set(available)
    if million:
        names.add("million")
    if unknown := names - set(available):
        raise SystemExit(
            f"unknown rows: {', '.join(sorted(unknown))}; known: {', '.join(available)}"
        )
    return tuple(name for name in available if name in names)


def _call(*arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", *arguments], cwd=REPO, check=False).returncode


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", choices=PARTS, help="one part instead of all")
    parser.add_argument("--quick", action="store_true", help="short runs; marked, no result")
    parser.add_argument("--rows", default="", help="of one part, with commas")
    parser.add_argument("--million", action="store_true", help="add the row with a million sensors")
    parser.add_argument(
        "--city-minutes", type=float, default=10.0, help="length of the city's load"
    )
    parser.add_argument("--repetitions", type=int, default=3, help="of rows with a rate, 3 or more")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
