"""`import`: a file of the ledger is checked as a whole, and its changes are requested.

A file with an error changes nothing. What was applied before an interruption is unchanged in the
plan of the next call, which goes on from there.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from deploy.commands.catalog.answers import Answers
from deploy.commands.catalog.delivery import PATIENCE_S, deliver
from deploy.commands.catalog.files import add_file
from deploy.commands.catalog.ledgers import content_of
from deploy.commands.catalog.outcome import outcome_document, show_outcome
from deploy.commands.catalog.report import MOST_LINES, document_of, show
from deploy.commands.catalog.requests import add_author, requests_of
from deploy.commands.rules.kafka import bootstrap_of, read_ledger, run
from shared.contracts.catalog import CatalogEntry
from shared.contracts.fields import Language
from shared.definitions.yaml_files.screen import Bar, Screen
from shared.domain.bilingual import Bilingual
from shared.domain.catalog_files.acts import acts_of
from shared.domain.catalog_files.columns import KINDS
from shared.domain.catalog_files.plans import ImportPlan, plan_import
from shared.domain.catalog_files.problems import RowProblem
from shared.domain.catalog_files.rows import Row
from shared.domain.catalog_files.tables import read_table
from shared.runtime.errors import EXIT_UNAVAILABLE

FAILED = 1
INTERRUPTED = 130
_ROWS_A_STEP = 500
_READING = Bilingual("读取并核对", "reading and checking")
_APPLYING = Bilingual("编入", "applying")
_DRY_RUN = Bilingual("试运行：未提交任何内容。", "dry run: nothing was sent.")
_INTERRUPTED = Bilingual(
    "已中断：{} 条已生效；已提交而未办结的由编目服务继续办理。再次运行本命令即从此处继续。",
    "interrupted: {} entries are in force; requests that were sent will still be decided. "
    "Run the command again to go on from here.",
)
_NO_ANSWER = Bilingual(
    "编目服务在 {} 秒内没有答复：{} 条已生效，{} 条未办结。请查看服务后再次运行本命令。",
    "the ledger's service has not answered for {} seconds: {} entries are in force, {} are not "
    "decided. Look after the service, then run the command again.",
)


def add_verbs(verbs: Any, endpoints: Path) -> None:
    """Add the verb to the parser of the command."""
    parser = verbs.add_parser(
        "import", help="check a file as a whole, then request its changes and await the answers"
    )
    add_file(parser)
    add_author(parser, endpoints)
    parser.add_argument(
        "--dry-run", action="store_true", help="show errors and changes, and send nothing"
    )


def run_verb(options: argparse.Namespace, language: Language) -> int:
    """Return the exit code. Raises SetupError, NoKafka."""
    screen = Screen(options.json)
    bootstrap = bootstrap_of(options.kafka, options.endpoints)
    records, positions = read_ledger(bootstrap)
    plan = _plan(options, records, screen, language)
    show(screen, plan, language, None if options.all else MOST_LINES)
    if plan.errors or (options.strict and plan.warnings):
        screen.document(document_of(plan))
        return FAILED
    if options.dry_run:
        screen.line(_DRY_RUN.of(language))
        screen.document(document_of(plan) | {"dry_run": True})
        return 0
    requests = requests_of(acts_of(plan, records), options, language)
    answers = Answers()
    total = len(plan.added) + len(plan.changed) + len(plan.retired)
    try:
        with screen.progress(_APPLYING.of(language), total) as bar:
            work = deliver(
                bootstrap, requests, positions, answers, lambda: _advance(bar, answers, total)
            )
            run(work, bootstrap)
    except KeyboardInterrupt:
        screen.sentence(_INTERRUPTED.of(language).format(answers.applied))
        return INTERRUPTED
    show_outcome(screen, answers, requests, plan, language)
    screen.document(document_of(plan) | outcome_document(answers, requests, plan))
    if answers.open_requests:
        words = _NO_ANSWER.of(language)
        screen.sentence(words.format(round(PATIENCE_S), answers.applied, answers.open_entries))
        return EXIT_UNAVAILABLE
    return FAILED if answers.refused else 0


def _plan(
    options: argparse.Namespace,
    records: Mapping[str, CatalogEntry],
    screen: Screen,
    language: Language,
) -> ImportPlan:
    current = {key: record.entry for key, record in records.items() if record.entry.kind in KINDS}
    rows = read_table(content_of(options.file, language), options.file.name)
    with screen.progress(_READING.of(language), None) as bar:
        return plan_import(_counted(rows, bar), current, frozenset(options.complete))


def _counted(rows: Iterable[Row | RowProblem], bar: Bar) -> Iterator[Row | RowProblem]:
    for number, row in enumerate(rows, start=1):
        if number % _ROWS_A_STEP == 0:
            bar.at(number, str(number))
        yield row


def _advance(bar: Bar, answers: Answers, total: int) -> None:
    bar.at(answers.applied, f"{answers.applied}/{total}")
