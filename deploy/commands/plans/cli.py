"""`check` and `explain`: what is wrong with plans, and who would get which order; `calls`: how
people are called.
"""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path
from typing import Any

from deploy.commands.plans.calls import calls, ending_line, plan_of, quorum_of
from deploy.commands.plans.units import load_units
from deploy.language import language_of, localize
from shared.contracts.fields import Level, ResponseMode
from shared.contracts.plans import PlanDefinition
from shared.contracts.units import is_unit
from shared.definitions.response_plans.book import PlanBook
from shared.definitions.response_plans.orders import Brief, Orders, orders_of
from shared.definitions.response_plans.pack import load
from shared.definitions.yaml_files.findings import Severity
from shared.definitions.yaml_files.items import PackError
from shared.definitions.yaml_files.screen import Screen, plain
from shared.domain.selection.reach import by_department, by_tier, root_of
from shared.domain.selection.resolve import AlertScope
from shared.domain.selection.tree import UnitTree
from shared.runtime.clock import SystemClock
from shared.runtime.errors import EXIT_USAGE, SetupError

DEFAULT_PACK = Path(__file__).parents[3] / "deploy" / "plans"
FAILED = 1
_EVENT = re.compile(r"1[1-4][A-Z0-9]{0,3}(:[a-z0-9_]{1,40})?")


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 all is well, 1 the plans are not, 64 a wrong call."""
    language = language_of(None, os.environ)
    namespace = localize(parser(), language).parse_args(arguments)
    screen = Screen(namespace.json)
    try:
        verbs = {"check": check, "explain": explain, "calls": calls}
        return verbs[namespace.verb](namespace, screen)
    except PackError as error:
        for finding in error.findings:
            screen.sentence(str(finding))
        return FAILED
    except SetupError as problem:
        screen.sentence(str(problem))
        return EXIT_USAGE


def check(options: argparse.Namespace, screen: Screen) -> int:
    """Everything that is wrong, at once."""
    tree = load_units(options.units)
    pack = load(options.packs or [DEFAULT_PACK], SystemClock().now(), tree)
    for finding in pack.findings:
        screen.line(str(finding), style="red" if finding.severity is Severity.ERROR else "yellow")
    warnings = len(pack.findings) - len(pack.errors)
    screen.line(f"{len(pack.plans)} plans, {len(pack.errors)} errors, {warnings} warnings")
    if tree is None:
        screen.line("no units were given: departments, groups and units are not checked")
    screen.document(
        {
            "plans": [plan.name for plan in pack.plans],
            "errors": len(pack.errors),
            "warnings": warnings,
            "findings": [
                {
                    "severity": finding.severity.value,
                    "file": finding.file,
                    "line": finding.line,
                    "plan": finding.item,
                    "field": finding.field,
                    "message": finding.message,
                    "allowed": finding.allowed,
                }
                for finding in pack.findings
            ],
        }
    )
    return FAILED if pack.errors or (options.strict and pack.findings) else 0


def explain(options: argparse.Namespace, screen: Screen) -> int:
    """The plan that holds for an event, and every unit that would get an order by it."""
    tree = load_units(options.units)
    if tree is None:
        raise SetupError("name the units: --units FILE or FENGHUO_UNITS (make plans does).")
    for unit in (options.place, *options.area):
        if not is_unit(unit):
            raise SetupError(f"{plain(unit)} is no unit, such as 500118118000.")
    if not _EVENT.fullmatch(options.event):
        raise SetupError(f"{plain(options.event)} is no event type, such as 11A01 or 12:gas_leak.")
    pack = load(options.packs or [DEFAULT_PACK], SystemClock().now(), tree).usable()
    book = PlanBook(pack.definitions)
    plan = book.choose(options.event, Level(options.level), ResponseMode(options.mode))
    if plan is None:
        screen.line(f"no plan holds for {options.event} at {options.level} in mode {options.mode}")
        screen.document({"plan": None})
        return FAILED
    orders = orders_of(tree, plan, AlertScope(options.place, tuple(options.area)))
    call_plan = plan_of(options)
    _show(screen, tree, plan, orders)
    screen.line()
    screen.line(ending_line(call_plan, language_of(None, os.environ)))
    called = None if call_plan is None else call_plan.call_id
    content = {"call_plan": called, "quorum": quorum_of(call_plan)}
    screen.document({**_document(tree, plan, orders), **content})
    return 0


def _show(screen: Screen, tree: UnitTree, plan: PlanDefinition, orders: Orders) -> None:
    units = [recipient.unit for recipient in orders.recipients]
    root = root_of(units)
    screen.line(f"{plan.plan_id} version {plan.version}  {plan.name_zh} / {plan.name_en}", "bold")
    screen.line(f"source: {plan.source}")
    screen.line(f"{len(units)} recipients below {root} {tree.name(root or '')}")
    screen.line(", ".join(f"{tier} {n}" for tier, n in by_tier(units).items()))
    for line, name in orders.unknown:
        screen.line(f"{line}: {name} is not in the catalogue", style="yellow")
    for number, brief in enumerate(orders.briefs):
        recipients = _units_of(orders, number)
        screen.table(
            f"{brief.line}  {brief.role} {brief.axis}  {brief.title}  {_clocks(brief)}",
            ("unit", "tier", "name"),
            [(unit, tier, tree.name(unit)) for unit, tier in recipients],
        )


def _document(tree: UnitTree, plan: PlanDefinition, orders: Orders) -> dict[str, Any]:
    units = [recipient.unit for recipient in orders.recipients]
    return {
        "plan": plan.plan_id,
        "version": plan.version,
        "root": root_of(units),
        "recipients": len(units),
        "by_tier": by_tier(units),
        "by_department": by_department(units),
        "unknown": [{"line": line, "name": name} for line, name in orders.unknown],
        "orders": [
            {
                "line": brief.line,
                "role": brief.role,
                "axis": brief.axis,
                "title": brief.title,
                "instruction": brief.instruction,
                "sign_within_s": brief.sign_within_s,
                "finish_within_s": brief.finish_within_s,
                "units": [
                    {"unit": unit, "name": tree.name(unit)} for unit, _ in _units_of(orders, number)
                ],
            }
            for number, brief in enumerate(orders.briefs)
        ],
    }


def _units_of(orders: Orders, number: int) -> list[tuple[str, str]]:
    return [
        (recipient.unit, recipient.tier.value)
        for recipient, brief in zip(orders.recipients, orders.brief_of, strict=True)
        if brief == number
    ]


def _clocks(brief: Brief) -> str:
    deadlines = (("sign", brief.sign_within_s), ("finish", brief.finish_within_s))
    return ", ".join(f"{name} in {s:g} s" for name, s in deadlines if s is not None)


def parser() -> argparse.ArgumentParser:
    """Return the parser of all verbs."""
    top = argparse.ArgumentParser(
        prog="fenghuo plans", description="Check and explain response plans 预案."
    )
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    argument_parser = verbs.add_parser("check", help="everything that is wrong with plans, at once")
    argument_parser.add_argument(
        "packs", nargs="*", type=Path, metavar="PACK", help="default deploy/plans"
    )
    argument_parser.add_argument("--strict", action="store_true", help="warnings fail too")
    argument_parser = verbs.add_parser("explain", help="who would get what")
    argument_parser.add_argument("event", help="an event type, such as 11A01")
    argument_parser.add_argument("level", choices=[level.value for level in Level])
    argument_parser.add_argument("place", help="the alert's unit")
    argument_parser.add_argument(
        "--area", action="append", default=[], metavar="UNIT", help="an area it names"
    )
    argument_parser.add_argument(
        "--mode", choices=[mode.value for mode in ResponseMode], default=ResponseMode.NORMAL.value
    )
    argument_parser.add_argument(
        "--packs", nargs="*", type=Path, metavar="PACK", help="default deploy/plans"
    )
    argument_parser.add_argument(
        "--calls", type=Path, metavar="FOLDER", help="default deploy/calls"
    )
    argument_parser = verbs.add_parser(
        "calls", help="how people are called: what is wrong, and what it comes to"
    )
    argument_parser.add_argument(
        "folder", nargs="?", type=Path, metavar="FOLDER", help="default deploy/calls"
    )
    argument_parser.add_argument("--strict", action="store_true", help="warnings fail too")
    for name, verb in verbs.choices.items():
        if name != "calls":
            verb.add_argument(
                "--units", type=Path, metavar="FILE", help="JSON lines of units and groups"
            )
        verb.add_argument(
            "--json", action="store_true", help="one JSON document on standard output"
        )
    return top
