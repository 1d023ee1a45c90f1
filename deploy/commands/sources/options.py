"""The arguments of `fenghuo sources`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from deploy.commands.rules.kafka import ENDPOINTS
from shared.contracts.fields import DataGrade
from shared.contracts.sources import SourceDoor

_LISTS = ("doors", "sensors", "places")


def parser() -> argparse.ArgumentParser:
    """Return the parser of all verbs."""
    top = argparse.ArgumentParser(
        prog="fenghuo sources",
        description="Who may send records to ingest, with which keys and limits 数据来源.",
    )
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("list", help="show all sources with their limits and keys")
    create = verbs.add_parser("create", help="add a source; it may send what is named here alone")
    create.add_argument("--name", required=True, help="what people call it")
    create.add_argument(
        "--owner", required=True, metavar="UNIT", help="the unit that answers for it"
    )
    limit = verbs.add_parser("limit", help="change what a source may send; the rest stays")
    limit.add_argument("--name", help="what people call it")
    limit.add_argument("--owner", metavar="UNIT", help="the unit that answers for it")
    rotate = verbs.add_parser("rotate", help="add a new key; the keys before it end a little later")
    rotate.add_argument(
        "--overlap-h",
        type=float,
        default=24.0,
        metavar="HOURS",
        help="how long the keys before it stay valid (default 24; 0: they end now)",
    )
    revoke = verbs.add_parser("revoke", help="end a source: all its keys are refused at once")
    revoke.add_argument(
        "--older-keys", action="store_true", help="end only the keys before the newest one"
    )
    for verb in (create, limit, rotate, revoke):
        verb.add_argument("source", help="its id: the beginning of the ids of its records")
    for verb in (create, limit):
        _add_limits(verb)
    for verb in (create, rotate):
        verb.add_argument(
            "--key-file", type=Path, metavar="FILE", help="write the key there, not on the screen"
        )
    for verb in verbs.choices.values():
        verb.add_argument("--kafka", metavar="HOST:PORT")
        verb.add_argument(
            "--endpoints", type=Path, default=ENDPOINTS, help=f"of the running stack ({ENDPOINTS})"
        )
        verb.add_argument(
            "--json", action="store_true", help="one JSON document on standard output"
        )
    return top


def fields_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of the entry that the arguments name."""
    fields: dict[str, Any] = {"source": options.source}
    fields |= {
        name: getattr(options, name)
        for name in ("name", "owner", "sets_grade")
        if getattr(options, name) is not None
    }
    fields |= {
        name: tuple(dict.fromkeys(getattr(options, name)))
        for name in _LISTS
        if getattr(options, name) is not None
    }
    if "doors" in fields:
        fields["doors"] = tuple(SourceDoor(door) for door in fields["doors"])
    if options.grade is not None:
        fields["grade"] = DataGrade(options.grade)
    if options.per_minute is not None:
        fields["per_minute"] = options.per_minute or None
    return fields


def _add_limits(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--doors",
        nargs="*",
        choices=[door.value for door in SourceDoor],
        help="where it may send",
    )
    verb.add_argument(
        "--sensors",
        nargs="*",
        metavar="ID",
        help="sensors: ids, beginnings such as 'gas-*', or '*'",
    )
    verb.add_argument(
        "--places", nargs="*", metavar="UNIT", help="units with all below them, or '*'"
    )
    verb.add_argument(
        "--per-minute", type=int, metavar="N", help="records a minute; 0: no limit of its own"
    )
    verb.add_argument(
        "--grade", choices=[grade.value for grade in DataGrade], help="data grade of its records"
    )
    verb.add_argument(
        "--sets-grade",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="its records may name another grade",
    )
