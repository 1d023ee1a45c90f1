"""The commands. Each gets what was typed and a screen, and returns an exit code."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from deploy.commands.rules import explain, publish, report
from deploy.commands.rules import options as command_options
from deploy.commands.rules.backtest import Runner, contest
from deploy.commands.rules.catalog import Catalog, load_catalog
from deploy.commands.rules.evidence import play_evidence
from deploy.commands.rules.kafka import (
    NoKafka,
    bootstrap_of,
    read_entries,
    read_rules,
    run,
    sensors_of,
    topmost_of,
)
from deploy.commands.rules.options import parser
from deploy.commands.rules.plotting import plot_sensor
from deploy.commands.rules.sources import RowCounts
from deploy.commands.rules.stream import play, source_of
from deploy.commands.rules.trial import Result, try_case
from deploy.language import language_of, localize
from shared.contracts.rules import RuleDefinition
from shared.definitions.publication import next_versions
from shared.definitions.rules.cases import load_cases
from shared.definitions.rules.pack import RULES, RulePack, load
from shared.definitions.yaml_files.items import PackError
from shared.definitions.yaml_files.screen import Screen, plain
from shared.runtime.clock import SystemClock
from shared.runtime.errors import EXIT_UNAVAILABLE, EXIT_USAGE, SetupError

FAILED = 1


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 all is well, 1 the rules are not, 64 a wrong call, 69 no Kafka."""
    language = language_of(None, os.environ)
    namespace = localize(parser(), language).parse_args(arguments)
    screen = Screen(namespace.json)
    commands: dict[str, Callable[[argparse.Namespace, Screen], int]] = {
        "check": check,
        "test": test,
        "explain": explain_alarm,
        "backtest": backtest,
        "plot": plot_sensor,
        "publish": publish_packs,
    }
    try:
        return commands[namespace.verb](namespace, screen)
    except PackError as error:
        report.findings(screen, error.findings, 0, 0)
        return FAILED
    except SetupError as problem:
        screen.sentence(str(problem))
        return EXIT_UNAVAILABLE if isinstance(problem, NoKafka) else EXIT_USAGE
    except KeyboardInterrupt:
        screen.sentence("stopped.")
        return 130


def check(options: argparse.Namespace, screen: Screen) -> int:
    """Rules and the cases beside them: everything that is wrong, at once."""
    catalog = load_catalog(options.catalog, options.kafka)
    paths = command_options.packs_of(options)
    pack = load(paths, SystemClock().now(), catalog)
    cases, wrong = load_cases(paths, _usable(pack), pack.ids, catalog)
    pack = replace(pack, findings=(*pack.findings, *wrong))
    report.findings(screen, pack.findings, len(pack.rules), len(cases))
    if catalog is None:
        screen.line(
            "no catalogue was given: sensors, units and intervals are not checked against it"
        )
    return FAILED if pack.errors or (options.strict and pack.findings) else 0


def test(options: argparse.Namespace, screen: Screen) -> int:
    """Cases through the real engine, with a diff where it did something else."""
    catalog = load_catalog(options.catalog, options.kafka)
    paths = command_options.packs_of(options)
    pack = load(paths, SystemClock().now(), catalog).usable()
    rules = _usable(pack)
    cases, wrong = load_cases(paths, rules, pack.ids, catalog)
    if wrong:
        raise PackError(wrong)
    if options.case:
        cases = [pack_case for pack_case in cases if options.case in pack_case.case.case]
    results: list[Result] = []
    with screen.progress("cases", len(cases)) as bar:
        for number, case in enumerate(cases, start=1):
            results.append(try_case(case, rules, catalog or {}))
            bar.at(number, case.case.case)
    tried = {name for pack_case in cases for name in pack_case.case.rules}
    untried = [
        definition.rule_id for definition in pack.definitions if definition.rule_id not in tried
    ]
    report.results(screen, results, [] if options.case else untried)
    return 0 if all(result.passed for result in results) else FAILED


def explain_alarm(options: argparse.Namespace, screen: Screen) -> int:
    """The chain behind an alarm, from the log."""
    bootstrap = bootstrap_of(options.kafka, options.endpoints)
    rules = read_rules(bootstrap)
    with screen.progress("reading the log", 1.0) as bar:
        chain = run(explain.load_chain(bootstrap, options.alarm_id, rules, bar.at), bootstrap)
    if chain is None:
        raise SetupError(f"no alarm {plain(options.alarm_id)} is in the log.")
    report.chain(screen, chain)
    return 0


def backtest(options: argparse.Namespace, screen: Screen) -> int:
    """A candidate against the rules in force, over what was recorded."""
    source = source_of(options)
    now = SystemClock().now()
    against = _in_force(options, source.bootstrap, source.sensors)
    candidate = load([options.candidate], now, source.sensors, beside=against).usable()
    rules = contest(candidate.definitions, against)
    runner = Runner(rules, source.sensors, options.near, options.lateness)
    counts = RowCounts()
    if runner.reads_sources:
        counts = play_evidence(source, screen, runner.take_evidence)
    elif options.evidence:
        raise SetupError("no rule of the candidate reads --evidence: all are over one sensor.")
    counts.add(play(source, screen, runner.take, runner.start))
    report.backtest(screen, runner.end(), counts, rules.notes, options.show)
    return 0


def publish_packs(options: argparse.Namespace, screen: Screen) -> int:
    """Check everything against what is in force, then send what has changed."""
    bootstrap = bootstrap_of(options.kafka, options.endpoints)
    entries = {} if options.catalog and options.issuer else read_entries(bootstrap)
    catalog = load_catalog(options.catalog, None) if options.catalog else sensors_of(entries)
    issuer = options.issuer or topmost_of(entries)
    in_force = {name: versions[-1] for name, versions in read_rules(bootstrap).items()}
    now = SystemClock().now()
    paths = command_options.packs_of(options)
    pack = load(paths, now, catalog or {}, list(in_force.values()), issuer)
    if pack.errors:
        report.findings(screen, pack.findings, len(pack.rules), 0)
        screen.line("nothing was published")
        return FAILED
    planned = next_versions(RULES, pack.definitions, in_force, now)
    if planned and not options.dry_run:
        run(publish.send(bootstrap, planned), bootstrap)
    report.published(
        screen, planned, len(pack.rules), sorted(set(in_force) - pack.ids), options.dry_run
    )
    return 0


def _usable(pack: RulePack) -> dict[str, RuleDefinition]:
    return {definition.rule_id: definition for definition in pack.definitions}


def _in_force(
    options: argparse.Namespace, bootstrap: str | None, sensors: Catalog
) -> list[RuleDefinition]:
    """The rules a candidate is held against: a pack, else the topic's, else this checkout's."""
    named: Path | None = options.against
    if named is None and bootstrap is not None:
        return [versions[-1] for versions in read_rules(bootstrap).values()]
    pack = load([named or command_options.DEFAULT_PACK], SystemClock().now(), sensors)
    if named is not None:
        pack.usable()
    return pack.definitions


__all__: list[Any] = ["main"]
