"""The arguments of `fenghuo letters`."""

from __future__ import annotations

import argparse
import getpass
import os
import re
from datetime import UTC, datetime
from pathlib import Path

from deploy.commands.rules.kafka import ENDPOINTS
from shared.contracts.dead_letter import Reason
from shared.contracts.topics import TOPICS
from shared.contracts.units import NO_UNIT, is_unit
from shared.definitions.rules.times import instant
from shared.domain.letters.history import LetterState

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:\-]{0,95}")
_MOST_RATE = 20_000


def parser() -> argparse.ArgumentParser:
    """Return the parser of all verbs."""
    top = argparse.ArgumentParser(
        prog="fenghuo letters",
        description="Dead letters: list, show, correct, replay, set aside.",
        epilog="Exit code 0: done; 1: not everything was done; 64: a wrong call; 69: no Kafka.",
    )
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="count letters and list the newest")
    _filters(listing)
    listing.add_argument(
        "--limit", type=_count, default=50, metavar="N", help="the most letters listed (50)"
    )
    show = verbs.add_parser("show", help="one refused record: bytes, headers, reason, acts")
    show.add_argument("place", help="topic/partition@offset, or the id of a letter")
    fix = verbs.add_parser("fix", help="correct the body; the topic's contract checks it")
    fix.add_argument("place", help="topic/partition@offset, or the id of a letter")
    fix.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", help="change one field"
    )
    fix.add_argument(
        "--unset", action="append", default=[], metavar="PATH", help="remove one field"
    )
    fix.add_argument("--body", type=Path, metavar="FILE", help="the whole body")
    replay = verbs.add_parser("replay", help="write refused records to their topic a second time")
    aside = verbs.add_parser("set-aside", help="note that records are not to be replayed")
    for bulk in (replay, aside):
        bulk.add_argument(
            "places", nargs="*", metavar="PLACE", help="topic/partition@offset; none: the filters"
        )
        _filters(bulk)
        bulk.add_argument("--dry-run", action="store_true", help="count and do nothing")
    replay.add_argument(
        "--rate", type=_rate, default=500.0, metavar="N", help="the most records a second (500)"
    )
    replay.add_argument(
        "--from-letter",
        action="store_true",
        help="use the letter's bytes where the topic has the record no more",
    )
    for act in (fix, replay, aside):
        _operator(act)
    for verb in verbs.choices.values():
        verb.add_argument(
            "--json", action="store_true", help="one JSON document on standard output"
        )
        where = verb.add_mutually_exclusive_group()
        where.add_argument("--kafka", metavar="HOST:PORT")
        where.add_argument(
            "--endpoints", type=Path, default=ENDPOINTS, help=f"of the running stack ({ENDPOINTS})"
        )
    return top


def _filters(verb: argparse.ArgumentParser) -> None:
    topics = [name for name, spec in TOPICS.items() if spec.dead_letters]
    verb.add_argument(
        "--topic",
        action="append",
        default=[],
        metavar="TOPIC",
        choices=topics,
        help="of this topic",
    )
    verb.add_argument("--service", action="append", default=[], help="refused by this service")
    verb.add_argument(
        "--reason",
        dest="reasons",
        action="append",
        default=[],
        choices=[reason.value for reason in Reason],
        metavar="REASON",
        help="refused for this reason",
    )
    verb.add_argument(
        "--state",
        action="append",
        default=[],
        choices=[state.value for state in LetterState],
        metavar="STATE",
        help="in this state",
    )
    verb.add_argument("--sender", help="of this officer, source, sensor, unit or key")
    verb.add_argument(
        "--from", dest="since", type=_time, metavar="TIME", help="refused since (ISO)"
    )
    verb.add_argument("--to", dest="until", type=_time, metavar="TIME", help="refused before (ISO)")


def _operator(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--why", required=True, type=_line, help="the reason, for the trail")
    verb.add_argument(
        "--by",
        type=_identifier,
        default=os.environ.get("FENGHUO_OPERATOR") or _login(),
        metavar="NAME",
        help="the operator, for the trail (FENGHUO_OPERATOR, else the login name)",
    )
    verb.add_argument(
        "--unit",
        type=_unit,
        default=os.environ.get("FENGHUO_OPERATOR_UNIT") or NO_UNIT,
        help="the operator's unit (FENGHUO_OPERATOR_UNIT)",
    )


def _login() -> str:
    try:
        return _identifier(getpass.getuser())
    except (OSError, KeyError, argparse.ArgumentTypeError):
        return "operator"


def _identifier(text: str) -> str:
    if not _IDENTIFIER.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no name of letters, digits and . _ : -")
    return text


def _unit(text: str) -> str:
    if not is_unit(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no unit")
    return text


def _line(text: str) -> str:
    if not 0 < len(text) <= 200 or "\x00" in text:
        raise argparse.ArgumentTypeError("a line of 1 to 200 characters")
    return text


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) > 10_000:
        raise argparse.ArgumentTypeError("a number from 0 to 10000")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate <= _MOST_RATE:
        raise argparse.ArgumentTypeError(f"a number up to {_MOST_RATE}")
    return rate


def _time(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(instant(text), UTC)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
