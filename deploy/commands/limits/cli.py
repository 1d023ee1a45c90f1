"""`check`, `show`, `publish`, `preview`: documents of limits, in force, new, and drafted."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from deploy.commands.limits.preview import preview
from deploy.commands.limits.publication import new_documents
from deploy.commands.limits.report import show_documents, show_findings
from deploy.commands.plans.units import load_units
from deploy.commands.rules.kafka import (
    ENDPOINTS,
    NoKafka,
    bootstrap_of,
    read_entries,
    run,
    topmost_of,
)
from deploy.language import language_of, localize
from deploy.local.limits import BASE, read_limits, write_limits
from shared.contracts.fields import Language, ResponseMode
from shared.contracts.units import is_unit
from shared.definitions.limits.pack import load
from shared.definitions.yaml_files.items import PackError
from shared.definitions.yaml_files.screen import Screen, plain
from shared.domain.bilingual import Bilingual
from shared.domain.limits.book import LimitBook
from shared.runtime.clock import SystemClock
from shared.runtime.errors import EXIT_UNAVAILABLE, EXIT_USAGE, SetupError

FAILED = 1


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 all is well, 1 the documents are not, 64 a wrong call, 69 no Kafka."""
    language = language_of(None, os.environ)
    namespace = localize(parser(), language).parse_args(arguments)
    screen = Screen(namespace.json)
    verbs: dict[str, Callable[[argparse.Namespace, Screen, Language], int]] = {
        "check": check,
        "show": show,
        "publish": publish,
        "preview": lambda options, screen, language: preview(
            options.draft, options.days, screen, language
        ),
    }
    try:
        return verbs[namespace.verb](namespace, screen, language)
    except PackError as error:
        for finding in error.findings:
            screen.sentence(str(finding))
        return FAILED
    except SetupError as problem:
        screen.sentence(str(problem))
        return EXIT_UNAVAILABLE if isinstance(problem, NoKafka) else EXIT_USAGE


def check(options: argparse.Namespace, screen: Screen, language: Language) -> int:
    """Everything that is wrong, at once."""
    tree = load_units(options.units)
    pack = load(_packs(options.packs), SystemClock().now(), tree)
    show_findings(screen, pack.findings, len(pack.documents), language)
    return FAILED if pack.errors or (options.strict and pack.findings) else 0


def show(options: argparse.Namespace, screen: Screen, language: Language) -> int:
    """The documents that hold for a unit, or for every unit, at a moment."""
    if options.unit is not None and not is_unit(options.unit):
        text = Bilingual(
            f"{plain(options.unit)} 不是单位代码，例如 500118118000。",
            f"{plain(options.unit)} is no unit, such as 500118118000.",
        )
        raise SetupError(text.of(language))
    clock = SystemClock()
    now = options.at or clock.now()
    if options.packs is None:
        bootstrap = bootstrap_of(options.kafka, options.endpoints)
        documents = list(run(read_limits(bootstrap), bootstrap).values())
    else:
        documents = load(_packs(options.packs), clock.now()).usable().documents
    in_force = LimitBook(documents).at(now)
    complete = show_documents(screen, in_force, options.unit, ResponseMode(options.mode), language)
    return 0 if complete else FAILED


def publish(options: argparse.Namespace, screen: Screen, language: Language) -> int:
    """Write new versions to the topic, after all checks."""
    bootstrap = bootstrap_of(options.kafka, options.endpoints)
    now = SystemClock().now()
    issuer = options.issuer or topmost_of(read_entries(bootstrap))
    pack = load(options.packs, now, load_units(options.units), issuer).usable()
    documents, findings = new_documents(pack, run(read_limits(bootstrap), bootstrap), now)
    if findings:
        show_findings(screen, findings, len(pack.documents), language)
        screen.line(Bilingual("没有发布任何内容", "nothing was published").of(language))
        return FAILED
    if documents and not options.dry_run:
        run(write_limits(bootstrap, documents), bootstrap)
    for document in documents:
        moment = document.in_force_from.isoformat()
        text = Bilingual(
            f"{document.limits_id} 第 {document.version} 版，{moment} 起生效",
            f"{document.limits_id} version {document.version}, in force from {moment}",
        )
        screen.line(text.of(language))
    if not documents:
        screen.line(Bilingual("没有新内容", "there is nothing new").of(language))
    screen.document(
        {
            "published": [
                {"limits_id": document.limits_id, "version": document.version}
                for document in documents
            ],
            "dry_run": options.dry_run,
        }
    )
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of all verbs."""
    top = argparse.ArgumentParser(
        prog="fenghuo limits", description="Check, show, publish and preview limits 时限与权限."
    )
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    check_parser = verbs.add_parser(
        "check", help="everything that is wrong with documents, at once"
    )
    check_parser.add_argument(
        "packs", nargs="*", type=Path, metavar="PACK", help="default deploy/limits/base.yaml"
    )
    check_parser.add_argument("--strict", action="store_true", help="warnings fail too")
    show_parser = verbs.add_parser("show", help="what holds for a unit at a moment, with sources")
    show_parser.add_argument("unit", nargs="?", metavar="UNIT", help="default every unit")
    show_parser.add_argument(
        "--at", type=_moment, metavar="TIME", help="at this moment (ISO), default now"
    )
    show_parser.add_argument(
        "--mode", choices=[mode.value for mode in ResponseMode], default=ResponseMode.NORMAL.value
    )
    show_parser.add_argument(
        "--packs", nargs="*", type=Path, metavar="PACK", help="of these files instead of Kafka"
    )
    publish_parser = verbs.add_parser(
        "publish", help="check, then write new versions that two people have signed"
    )
    publish_parser.add_argument("packs", nargs="+", type=Path, metavar="PACK")
    publish_parser.add_argument(
        "--dry-run", action="store_true", help="only say what would be written"
    )
    publish_parser.add_argument(
        "--issuer",
        metavar="UNIT",
        help="who issues the documents (default: the topmost unit of the catalogue)",
    )
    preview_parser = verbs.add_parser(
        "preview", help="what would have been different with a draft, asked of the console"
    )
    preview_parser.add_argument("draft", metavar="DRAFT", help="id of a draft, or a file")
    preview_parser.add_argument(
        "--days", type=int, default=30, metavar="N", help="of the last days (default 30, most 92)"
    )
    for verb in (check_parser, publish_parser):
        verb.add_argument(
            "--units", type=Path, metavar="FILE", help="JSON lines of units and groups"
        )
    for verb in (show_parser, publish_parser):
        where = verb.add_mutually_exclusive_group()
        where.add_argument("--kafka", metavar="HOST:PORT")
        where.add_argument(
            "--endpoints", type=Path, default=ENDPOINTS, help=f"of the running stack ({ENDPOINTS})"
        )
    for verb in verbs.choices.values():
        verb.add_argument(
            "--json", action="store_true", help="one JSON document on standard output"
        )
    return top


def _packs(named: Sequence[Path] | None) -> list[Path]:
    return list(named or [BASE])


def _moment(text: str) -> datetime:
    try:
        result = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time") from None
    if result.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time with a zone")
    return result
