"""The sub-commands of the console's command line and their arguments."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from deploy.commands.console.acts import LIFT, WORDS
from deploy.commands.console.errors import WrongCall
from deploy.commands.console.exporting import STYLES
from deploy.commands.console.lists import KINDS
from deploy.commands.console.plain_acts import add_to
from deploy.language import language_of, localize
from shared.contracts.alerts import DecisionVerb
from shared.contracts.assignments import Step
from shared.contracts.fields import Language, Level, Status, Tier

ANSWERS = ("coming", "cannot", "hand_over", "need_help")
DECISIONS = (
    DecisionVerb.VERIFY,
    DecisionVerb.ASSESS,
    DecisionVerb.APPROVE,
    DecisionVerb.REJECT,
    DecisionVerb.DISMISS,
    DecisionVerb.ADJUST,
    DecisionVerb.LIFT,
    DecisionVerb.RATIFY,
    DecisionVerb.ANNUL,
)
RECALL = "recall"
"""Of an alert and of an assignment: told apart by what the id names."""
STEPS = tuple(step for step in Step if step is not Step.RECALL)
MANAGE = ("check", "close", "revoke", "reopen", "urge")
"""Of a whole command; the first two are steps on one assignment too."""
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:\-]{0,95}")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise WrongCall(f"{message}\n{self.format_usage().rstrip()}")


def parse(
    arguments: Sequence[str] | None, environ: Mapping[str, str] = os.environ
) -> argparse.Namespace:
    """The call as a namespace. Raises WrongCall; SystemExit(0) after --help."""
    return localize(parser(), language_of(None, environ)).parse_args(arguments)


def parser() -> argparse.ArgumentParser:
    """Return the parser of all verbs of the console's API."""
    common = _Parser(add_help=False)
    common.add_argument("--json", action="store_true", help="what the API said, unchanged")
    common.add_argument("--lang", choices=("zh", "en"), help="default: from LANG, else Chinese")
    act = _Parser(add_help=False, parents=[common])
    act.add_argument("--key", help="idempotency key: the same key again is the same act")
    world = _Parser(add_help=False)
    world.add_argument("--status", choices=[status.value for status in Status], default="Actual")
    world.add_argument(
        "--drill", dest="status", action="store_const", const="Exercise", help="--status Exercise"
    )
    top = _Parser(prog="fenghuo cli", description="The console's API for officers and scripts.")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=_Parser)

    verbs.add_parser("whoami", parents=[common], help="the officer behind the token")

    check = verbs.add_parser(
        "self-check", parents=[common], help="what a unit and its subtree lack to go live"
    )
    check.add_argument("--place", metavar="UNIT", help="the unit; default: your own")

    some = verbs.add_parser("list", parents=[common, world], help="a page of a list")
    some.add_argument("what", choices=tuple(KINDS))
    some.add_argument("--open", action="store_true", help="only what is not finished")
    some.add_argument("--subtree", action="store_true", help="assignments: of all units below too")
    some.add_argument("--unit", help="assignments, modes: of this unit")
    some.add_argument("--limit", type=_count)
    some.add_argument("--after", help="the cursor that the page before ended with")

    show = verbs.add_parser("show", parents=[common], help="an alert, command, assignment or page")
    show.add_argument("id", type=_id)
    show.add_argument("--timeline", action="store_true", help="what happened, in order")
    show.add_argument("--limit", type=_count, default=200)
    show.add_argument("--after")

    for step in STEPS:
        verb = verbs.add_parser(step, parents=[act], help=f"assignment: {step.replace('_', ' ')}")
        takes = "COMMAND|ASSIGNMENT" if step in MANAGE else "ASSIGNMENT"
        verb.add_argument("id", type=_id, metavar=takes)
        _stepped(verb)
        verb.add_argument("--version", type=int, help="the version of the command you saw")
    for name in ("revoke", "reopen", "urge"):
        verb = verbs.add_parser(name, parents=[act], help=f"command: {name}")
        verb.add_argument("id", type=_id, metavar="COMMAND")
        verb.add_argument("--version", type=int, help="the version you saw")
    for decision in DECISIONS:
        verb = verbs.add_parser(decision, parents=[act], help=f"alert: {decision}")
        verb.add_argument("id", type=_id, metavar="ALERT")
        _decided(verb, needs_level=decision is DecisionVerb.APPROVE)
    word = verbs.add_parser("word", parents=[act], help="alert: write the words to be signed")
    word.add_argument("id", type=_id, metavar="ALERT")
    _worded(word)
    recall = verbs.add_parser(RECALL, parents=[act], help="alert or assignment: recall")
    recall.add_argument("id", type=_id, metavar="ALERT|ASSIGNMENT")
    _stepped(recall)
    _decided(recall)

    answer = verbs.add_parser("answer", parents=[act], help="answer a page")
    answer.add_argument("id", type=_id, metavar="PAGE")
    answer.add_argument("answer", choices=ANSWERS)
    answer.add_argument("--text", default="")
    answer.add_argument("--minutes", type=int, help="with coming: minutes until you act")
    answer.add_argument("--to", metavar="PERSON", help="with hand_over: name or id of an officer")
    answer.add_argument(
        "--whole-matter", action="store_true", help="all your waiting pages about the same matter"
    )

    add_to(verbs, act, _id)

    export = verbs.add_parser("export", parents=[common], help="a case as a file")
    export.add_argument("id", type=_id, metavar="CASE")
    export.add_argument("--format", choices=STYLES, default="html")
    export.add_argument("--out", help="the file, which must not exist; default: CASE.FORMAT")

    issue = verbs.add_parser("issue", parents=[act, world], help="a command to many units")
    issue.add_argument("--title", required=True)
    issue.add_argument("--instruction", default="")
    issue.add_argument("--event-type", required=True, help="for example 11A01, 12:gas_leak")
    issue.add_argument("--level", required=True, choices=[level.value for level in Level])
    many: dict[str, Any] = {"action": "append", "default": [], "metavar": "ID"}
    issue.add_argument("--subtree", **many, help="units at or below this one (with --tier)")
    issue.add_argument("--department", **many, help="its departments of this name (with --tier)")
    issue.add_argument("--group", **many, help="the members of a group")
    issue.add_argument("--unit", **many, help="this unit")
    issue.add_argument("--tier", action="append", choices=[tier.value for tier in Tier])
    issue.add_argument("--assist", **many, help="this unit assists the others")
    issue.add_argument("--assist-group", **many, help="the members of a group assist the others")
    moment = "for example 2026-11-25T08:00:00Z; default: by the level"
    issue.add_argument("--sign-by", help=moment)
    issue.add_argument("--finish-by", help=moment)
    issue.add_argument("--yes", action="store_true", help="do not ask for the word")

    watch = verbs.add_parser("watch", parents=[common], help="the live stream as lines")
    watch.add_argument("--status", choices=[status.value for status in Status])
    watch.add_argument("--drill", dest="status", action="store_const", const="Exercise")
    watch.add_argument("--after", type=int, help="the position to go on from")
    watch.add_argument("--count", type=_count, help="end after so many lines")
    return top


def _stepped(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--text", default="", help="what was done, or why")
    verb.add_argument("--until", help="for example 2026-11-25T08:00:00Z")
    verb.add_argument("--attempt", type=int)
    verb.add_argument("--unit", dest="units", action="append", help="who gets it; repeatable")


def _decided(verb: argparse.ArgumentParser, needs_level: bool = False) -> None:
    levels = [*(level.value for level in Level), LIFT]
    verb.add_argument("--level", choices=levels, required=needs_level, help="the level you saw")
    verb.add_argument("--reason", default="")
    verb.add_argument("--version", type=int, help="the version you saw")


def _worded(verb: argparse.ArgumentParser) -> None:
    for name in WORDS:
        for language in Language:
            verb.add_argument(
                f"--{name}-{language}", default="", required=name == "headline", help="in words"
            )
    verb.add_argument("--area", dest="areas", action="append", required=True, help="a unit")
    verb.add_argument("--contact", default="", help="a telephone number for questions")
    verb.add_argument("--until", help="for example 2026-11-25T08:00:00Z")
    verb.add_argument("--version", type=int, help="the version you saw")


def _id(text: str) -> str:
    """An id of the contract: it becomes a part of an address."""
    if _ID.fullmatch(text) is None:
        raise ValueError(text)
    return text


def _count(text: str) -> int:
    result = int(text)
    if result < 1:
        raise ValueError(text)
    return result
