"""One call of the command line: arguments in, exit code out."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TextIO

from deploy.commands.console import acts, setup
from deploy.commands.console.api import Answer, Api
from deploy.commands.console.arguments import MANAGE, RECALL, STEPS, parse, parser
from deploy.commands.console.details import show_subject
from deploy.commands.console.errors import SUCCESS, CliError
from deploy.commands.console.exporting import export_case
from deploy.commands.console.lists import field, raw, show, show_list, value
from deploy.commands.console.plain_acts import PLAIN, act
from deploy.commands.console.watch import Watch
from deploy.commands.console.words import Words
from deploy.language import language_of
from shared.contracts.alerts import DecisionVerb
from shared.definitions.yaml_files.screen import Screen, plain

__all__ = ["main", "parser"]

_ME = (
    field("officer", "officer_id"),
    field("name"),
    field("unit", "unit_name"),
    value("tier", "tier", "tier"),
    value("post", "post", "post"),
)


def main(
    arguments: Sequence[str] | None = None,
    environ: Mapping[str, str] = os.environ,
    keyboard: TextIO | None = None,
) -> int:
    """Exit codes: 0 done, 1 refused, 64 a wrong call, 69 no definite answer."""
    screen = Screen()
    try:
        namespace = parse(arguments, environ)
        screen = Screen(namespace.json)
        words = Words(language_of(namespace.lang, environ))
        key = getattr(namespace, "key", None)
        api = Api(setup.base_url(environ), setup.token(environ), key, words.language)
        try:
            _run(namespace, api, screen, words, keyboard or sys.stdin)
        finally:
            api.close()
    except CliError as error:
        screen.sentence(str(error))
        return error.code
    except KeyboardInterrupt:
        return SUCCESS
    return SUCCESS


def _run(
    options: argparse.Namespace, api: Api, screen: Screen, words: Words, keyboard: TextIO
) -> None:
    match options.verb:
        case "whoami":
            _whoami(api, screen, words)
        case "self-check":
            _self_check(options.place, api, screen, words)
        case "list":
            show_list(options, api, screen, words)
        case "show":
            show_subject(options, api, screen, words)
        case "export":
            export_case(options, api, screen)
        case "watch":
            Watch(api, screen, words, status=options.status, count=options.count).run(options.after)
        case _:
            acts.show_answer(_act(options, api, screen, words, keyboard), screen, words)


def _act(
    options: argparse.Namespace, api: Api, screen: Screen, words: Words, keyboard: TextIO
) -> Answer:
    if options.verb == "issue":
        return acts.issue(options, api, screen, words, keyboard)
    if options.verb in PLAIN:
        return act(options, api)
    if options.verb == "answer":
        return acts.answer(options, api)
    if options.verb in MANAGE and options.id.startswith("cmd-"):
        return acts.manage(options, api)
    if options.verb in STEPS or (options.verb == RECALL and options.id.startswith("asg-")):
        return acts.step(options, api)
    if options.verb == DecisionVerb.WORD:
        return acts.word(options, api)
    return acts.decide(options, api)


def _self_check(place: str | None, api: Api, screen: Screen, words: Words) -> None:
    answer = api.get("/api/self-check", place=place)
    if screen.as_json:
        raw(answer.raw)
        return
    title = f"{plain(answer.body['unit_name'])} · {words.say('self_check')}"
    lines = [plain(item[words.language]) for item in answer.body["missing"]]
    for line in (title, *(lines or [words.say("ready")])):
        screen.line(line)


def _whoami(api: Api, screen: Screen, words: Words) -> None:
    answer = api.get("/api/me")
    if screen.as_json:
        raw(answer.raw)
    else:
        show("officer", _ME, [answer.body], screen, words)
