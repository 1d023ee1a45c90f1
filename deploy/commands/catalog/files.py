"""`check` and `export`: what is wrong with a file of the ledger, what it would change; a file of
what is in force.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from deploy.commands.catalog.ledgers import content_of, ledger_of
from deploy.commands.catalog.report import MOST_LINES, document_of, show
from deploy.commands.rules.kafka import ENDPOINTS, bootstrap_of
from shared.contracts.fields import Language
from shared.definitions.yaml_files.screen import Screen
from shared.domain.bilingual import Bilingual
from shared.domain.catalog_files.columns import KINDS
from shared.domain.catalog_files.plans import plan_import
from shared.domain.catalog_files.tables import FileFormat, read_table
from shared.domain.catalog_files.writing import write_table
from shared.runtime.errors import SetupError

FAILED = 1


def run_verb(options: argparse.Namespace, language: Language) -> int:
    """Return the exit code of `check` or `export`. Raises SetupError, NoKafka."""
    return VERBS[options.verb](options, Screen(options.json), language)


def check(options: argparse.Namespace, screen: Screen, language: Language) -> int:
    """Show every error of a file and what its import would change; nothing is written."""
    current = ledger_of(options.against, options.kafka, language)
    rows = read_table(content_of(options.file, language), options.file.name)
    plan = plan_import(rows, current, frozenset(options.complete))
    show(screen, plan, language, None if options.all else MOST_LINES)
    screen.document(document_of(plan))
    return FAILED if plan.errors or (options.strict and plan.warnings) else 0


def export(options: argparse.Namespace, screen: Screen, language: Language) -> int:
    """Write the entries in force to a new file; raises SetupError for one that exists."""
    file: Path = options.out
    ending = file.suffix.removeprefix(".").casefold()
    if ending not in tuple(FileFormat):
        endings = ", ".join(f".{value}" for value in FileFormat)
        sentence = Bilingual(
            f"{file.name}：文件名须以 {endings} 之一结尾。",
            f"{file.name}: end the name with {endings}.",
        )
        raise SetupError(sentence.of(language))
    bootstrap = None if options.source else bootstrap_of(options.kafka, options.endpoints)
    entries = ledger_of(options.source, bootstrap, language)
    selected = [
        entry for entry in entries.values() if not options.kind or entry.kind in options.kind
    ]
    content = write_table(selected, FileFormat(ending), language)
    try:
        with file.open("xb") as out:
            out.write(content)
    except FileExistsError:
        sentence = Bilingual(f"{file} 已存在，不会覆盖。", f"{file} exists and is not overwritten.")
        raise SetupError(sentence.of(language)) from None
    except OSError as error:
        sentence = Bilingual(
            f"{file} 无法写入：{error.strerror}。", f"{file} cannot be written: {error.strerror}."
        )
        raise SetupError(sentence.of(language)) from None
    sentence = Bilingual(f"{file}：{len(selected)} 条。", f"{file}: {len(selected)} entries.")
    screen.line(sentence.of(language))
    screen.document({"file": str(file), "entries": len(selected)})
    return 0


VERBS = {"check": check, "export": export}


def add_verbs(verbs: Any) -> None:
    """Add both verbs to the parser of the command."""
    check_parser = verbs.add_parser(
        "check", help="every error of a file with its row, and what an import would change"
    )
    add_file(check_parser)
    against = check_parser.add_mutually_exclusive_group()
    against.add_argument(
        "--against", type=Path, metavar="FILE", help="the entries in force, as a file"
    )
    against.add_argument("--kafka", metavar="HOST:PORT", help="the catalogue of a running stack")
    export_parser = verbs.add_parser("export", help="the entries in force as a new file")
    export_parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="its ending says the format"
    )
    source = export_parser.add_mutually_exclusive_group()
    source.add_argument(
        "--from", dest="source", type=Path, metavar="FILE", help="another file of the catalogue"
    )
    source.add_argument("--kafka", metavar="HOST:PORT", help="the catalogue of a running stack")
    source.add_argument(
        "--endpoints", type=Path, default=ENDPOINTS, help=f"of the running stack ({ENDPOINTS})"
    )
    export_parser.add_argument(
        "--kind",
        nargs="+",
        default=[],
        choices=list(KINDS),
        metavar="KIND",
        help="only these kinds",
    )
    _add_json(export_parser)


def add_file(parser: argparse.ArgumentParser) -> None:
    """Add the file of the ledger and the options of its plan."""
    parser.add_argument("file", type=Path, metavar="FILE", help=".csv, .xlsx, .json, .jsonl")
    parser.add_argument(
        "--complete",
        nargs="+",
        default=[],
        choices=list(KINDS),
        metavar="KIND",
        help="kinds of which the file has all entries: those it does not name are retired",
    )
    parser.add_argument("--strict", action="store_true", help="warnings fail too")
    parser.add_argument("--all", action="store_true", help="list all changes")
    _add_json(parser)


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
