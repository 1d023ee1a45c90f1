"""The command line's words: one parser, and the sources that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path

from deploy.commands.rules.kafka import ENDPOINTS
from shared.contracts.fields import Status
from shared.contracts.units import is_unit
from shared.definitions.rules.times import instant

_REPOSITORY = Path(__file__).resolve().parents[3]
DEFAULT_PACK = Path("deploy/rules")


def parser() -> argparse.ArgumentParser:
    """Of all commands."""
    top = argparse.ArgumentParser(
        prog="fenghuo rules",
        description="Check, test, explain, backtest, plot and publish alert rules.",
        epilog="Exit code 0: all is well; 1: the rules are not; 64: a wrong call; 69: no Kafka.",
    )
    verbs = top.add_subparsers(dest="verb", required=True)
    check = verbs.add_parser(
        "check", help="every error of every file, with line and what is allowed"
    )
    _packs(check)
    _catalog(check)
    check.add_argument("--strict", action="store_true", help="warnings count as errors")
    test = verbs.add_parser("test", help="play the cases beside the rules through the real engine")
    _packs(test)
    _catalog(test)
    test.add_argument("--case", metavar="TEXT", help="only cases whose name contains TEXT")
    explain = verbs.add_parser(
        "explain", help="which reading, window, limit and version made an alarm"
    )
    explain.add_argument("alarm_id")
    _kafka(explain)
    backtest = verbs.add_parser(
        "backtest", help="a candidate against recorded readings; pages nobody"
    )
    backtest.add_argument("candidate", type=Path, help="a pack or one of its files")
    backtest.add_argument("--against", type=Path, metavar="PACK", help="rules in force (a pack)")
    backtest.add_argument(
        "--near",
        type=float,
        default=3600.0,
        metavar="SECONDS",
        help="alarms so near each other are the same one, moved (default 3600)",
    )
    backtest.add_argument(
        "--show", type=int, default=30, metavar="N", help="list at most N changes"
    )
    backtest.add_argument(
        "--evidence",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="recorded alarms, reports and warnings for rules over several sources, .jsonl or .gz",
    )
    _readings(backtest, required=False)
    plot = verbs.add_parser("plot", help="a sensor's readings with levels and alarms, PNG or SVG")
    plot.add_argument("sensor")
    plot.add_argument("--rule", required=True, metavar="ID")
    plot.add_argument("--pack", type=Path, help="where the rule is (default as for check)")
    plot.add_argument("--out", type=Path, help="the file to write (default SENSOR-RULE.svg)")
    _readings(plot)
    publish = verbs.add_parser("publish", help="check, then write what has changed to the topic")
    _packs(publish)
    _kafka(publish)
    publish.add_argument("--catalog", type=Path, metavar="FILE", help="instead of Kafka's own")
    publish.add_argument("--dry-run", action="store_true", help="only say what would be written")
    publish.add_argument(
        "--issuer",
        type=_unit,
        metavar="UNIT",
        help="who issues the rules (default: the topmost unit of the catalogue)",
    )
    for verb in verbs.choices.values():
        verb.add_argument(
            "--json", action="store_true", help="one JSON document on standard output"
        )
    return top


def _unit(text: str) -> str:
    if not is_unit(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no unit, such as 510100000000")
    return text


def packs_of(options: argparse.Namespace) -> list[Path]:
    """The packs named, else this checkout's."""
    if options.packs:
        return list(options.packs)
    return [DEFAULT_PACK if DEFAULT_PACK.exists() else _REPOSITORY / DEFAULT_PACK]


def _packs(argument_parser: argparse.ArgumentParser) -> None:
    argument_parser.add_argument(
        "packs",
        nargs="*",
        type=Path,
        metavar="PACK",
        help="folders or files (default deploy/rules)",
    )


def _catalog(argument_parser: argparse.ArgumentParser) -> None:
    where = argument_parser.add_mutually_exclusive_group()
    where.add_argument(
        "--catalog", type=Path, metavar="FILE", help="sensors, one JSON line each (FENGHUO_CATALOG)"
    )
    where.add_argument("--kafka", metavar="HOST:PORT", help="the catalogue of a running stack")


def _kafka(argument_parser: argparse.ArgumentParser) -> None:
    where = argument_parser.add_mutually_exclusive_group()
    where.add_argument("--kafka", metavar="HOST:PORT")
    where.add_argument(
        "--endpoints", type=Path, default=ENDPOINTS, help=f"of the running stack ({ENDPOINTS})"
    )


def _readings(argument_parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    argument_parser.add_argument(
        "--catalog", type=Path, metavar="FILE", help="sensors (FENGHUO_CATALOG)"
    )
    readings = argument_parser.add_mutually_exclusive_group(required=required)
    readings.add_argument(
        "--readings", type=Path, nargs="+", metavar="FILE", help=".csv or .jsonl, also .gz"
    )
    readings.add_argument(
        "--topic", action="store_true", help="the readings topic of a running stack"
    )
    argument_parser.add_argument(
        "--from", dest="since", type=_time, metavar="TIME", help="arrived since (ISO)"
    )
    argument_parser.add_argument(
        "--to", dest="until", type=_time, metavar="TIME", help="arrived before (ISO)"
    )
    argument_parser.add_argument(
        "--status", type=Status, default=Status.ACTUAL, choices=list(Status), help="default Actual"
    )
    argument_parser.add_argument(
        "--lateness", type=float, default=3600.0, metavar="SECONDS", help="as in scoring (3600)"
    )
    _kafka(argument_parser)


def _time(text: str) -> float:
    try:
        return instant(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
